# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What every guest scenario starts from: KTAP output, comparisons and the set-up rule "stop with a
# failed check rather than go on half prepared". Poison, namespaces and files are in the other
# lib-*.sh files, which this one reads in. It is no scenario and runs nothing by itself.
#
# A scenario ends with `finish`. If it ends in any other way the exit trap reports a failed check,
# so a scenario that dies half way can never look like a short success.
set -eu

TESTS=${0%/*}
WORK=/tmp/scenario
DRIVER=${DRIVER:-nd_pmem}
KERNEL=${KERNEL:-$(uname -r)}
DM_TARGET=${DM_TARGET:-linear}
PATIENCE=${PATIENCE:-1}
export DM_DISABLE_UDEV=1

ktap_count=0
ktap_failed=0
ktap_open=yes

note() {
	printf '# %s\n' "$*"
}

# ok NAME
ok() {
	ktap_count=$((ktap_count + 1))
	printf 'ok %d - %s\n' "$ktap_count" "$1"
}

# not_ok NAME EXPECTED GOT
not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	printf 'not ok %d - %s\n' "$ktap_count" "$1"
	printf '%s\n' "${2:-nothing}" | sed 's/^/#   expected: /'
	printf '%s\n' "${3:-nothing}" | cut -c 1-400 | sed 's/^/#   got:      /'
}

# skip NAME WHY
skip() {
	ktap_count=$((ktap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$ktap_count" "$1" "$2"
}

# is NAME EXPECTED GOT: the two strings are equal
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$2" "$3"; fi
}

# matches NAME PATTERN GOT: the string fits the shell pattern
matches() {
	# The pattern is meant to be one, so it stays unquoted.
	# shellcheck disable=SC2254
	case "$3" in
	$2) ok "$1" ;;
	*) not_ok "$1" "something like $2" "$3" ;;
	esac
}

# check NAME COMMAND...: the command succeeds
check() {
	check_name=$1
	shift
	if "$@" >"$WORK/check.out" 2>&1; then
		ok "$check_name"
	else
		not_ok "$check_name" "success of: $*" "exit code $?
$(tail -n 8 "$WORK/check.out")"
	fi
}

# refused NAME COMMAND...: the command fails
refused() {
	check_name=$1
	shift
	if "$@" >"$WORK/check.out" 2>&1; then
		not_ok "$check_name" "failure of: $*" "success
$(tail -n 8 "$WORK/check.out")"
	else
		ok "$check_name"
	fi
}

# must COMMAND...: a step of the preparation; without it the rest would prove nothing
must() {
	if ! "$@" >"$WORK/must.out" 2>&1; then
		not_ok "preparation" "success of: $*" "$(tail -n 12 "$WORK/must.out")"
		ktap_open=
		exit 1
	fi
}

# give_up WHY: the preparation cannot go on
give_up() {
	not_ok "preparation" "a guest prepared for the scenario" "$1"
	ktap_open=
	exit 1
}

# wait_for SECONDS COMMAND...: run the command until it succeeds; false when the time is over. Slow kernels get PATIENCE times as long
wait_for() {
	wait_left=$(($1 * 5 * PATIENCE))
	shift
	until "$@"; do
		wait_left=$((wait_left - 1))
		[ "$wait_left" -gt 0 ] || return 1
		sleep 0.2
	done
}

# seconds_of_run DEFAULT: how long what goes on for a while goes on; the kernel argument daxmend.seconds= says otherwise
seconds_of_run() {
	seconds_asked=$(sed -n 's/.*daxmend\.seconds=\([0-9]*\).*/\1/p' /proc/cmdline)
	echo "${seconds_asked:-$1}"
}

# finish: the scenario has come to its end
finish() {
	ktap_open=
	[ "$ktap_failed" -eq 0 ]
	exit
}

ktap_exit() {
	ktap_status=$?
	trap - EXIT
	if [ -n "$ktap_open" ]; then
		not_ok "the scenario runs to its end" "finish" "exit code $ktap_status"
		sed 's/^/# /' "$WORK/must.out" 2>/dev/null || true
	fi
	files_cleanup >/dev/null 2>&1 || true
	printf '1..%d\n' "$ktap_count"
	[ "$ktap_failed" -eq 0 ] && exit 0
	exit 1
}

mkdir -p "$WORK"
printf 'KTAP version 1\n'
trap ktap_exit EXIT
# shellcheck source=lib-namespace.sh
. "$TESTS/lib-namespace.sh"
# shellcheck source=lib-drivers.sh
. "$TESTS/lib-drivers.sh"
# shellcheck source=lib-poison.sh
. "$TESTS/lib-poison.sh"
# shellcheck source=lib-data.sh
. "$TESTS/lib-data.sh"
# shellcheck source=lib-files.sh
. "$TESTS/lib-files.sh"
driver_alone "$DRIVER"
