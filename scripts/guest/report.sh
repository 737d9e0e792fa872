# shellcheck shell=sh disable=SC2154 # SCENARIO and ALLOWS come from /run.conf
# SPDX-License-Identifier: GPL-2.0
# Runs a scenario in the guest and adds the checks that every scenario must stand: taint, kernel log, and on a kernel that can tell,
# leaks. Read by init; the reports of sanitizers are read by sanitizers.sh.

# What the host reads: KTAP lines, and everything else for the log.
to_host() { tee /dev/ttyS0 >&9; }

# The number of the scenario's own results: ours follow.
results_in() { grep -a -c -E '^(not )?ok [0-9]+' "$1"; }

# extra_result ok|'not ok' TEXT
extra_result() {
	extra=$((extra + 1))
	echo "$1 $extra - $2"
}

TAINT_OUT_OF_TREE=4096
TAINT_UNSIGNED=8192 # only a kernel that knows signatures says so
TAINT_MACHINE_CHECK=16
COMPLAINTS='BUG:|WARNING:|Oops|general protection|possible recursive|circular locking|KASAN|KCSAN|UBSAN|Call Trace'

check_taint() {
	taint=$(cat /proc/sys/kernel/tainted)
	wanted=0
	if [ "$DRIVER" = pmem_drv ]; then
		wanted=$TAINT_OUT_OF_TREE
		if [ -e /sys/module/module/parameters/sig_enforce ]; then wanted=$((wanted | TAINT_UNSIGNED)); fi
	fi
	rest=$taint
	case " $ALLOWS " in *' machine-check '*) rest=$((taint & ~TAINT_MACHINE_CHECK)) ;; esac
	if [ "$rest" -eq "$wanted" ]; then
		extra_result ok "kernel taint is $taint, as allowed"
	else
		extra_result 'not ok' "kernel taint is $taint, allowed is $wanted"
	fi
}

check_kernel_log() {
	dmesg | without_foreign_races >/run/kernel-log
	grep -a -E "$COMPLAINTS" /run/kernel-log >/run/complaints
	if [ -s /run/complaints ]; then
		extra_result 'not ok' "the kernel log holds complaints"
		grep -a -E -A 40 "$COMPLAINTS" /run/kernel-log | head -n 160 | sed 's/^/# /'
	else
		extra_result ok "the kernel log holds no complaint"
	fi
}

# report_failure TEXT: something before the scenario failed; the last of the kernel log says why.
report_failure() {
	{
		echo "not ok 1 - $1"
		dmesg | tail -n 25 | sed 's/^/# /'
		echo "1..1"
	} | to_host
}

# The scenario's plan line counts its own results only, so it is held back and one for all is written at the end. A scenario that
# announced another number than it delivered, or that ended with an error though no result says so, fails here.
run_scenario() {
	mkfifo /run/output
	tee /run/results </run/output | awk '!/^1\.\.[0-9]/ { print; fflush() }' | to_host &
	writer=$!
	/bin/sh "/tests/$SCENARIO" >/run/output 2>&1 9>&-
	code=$?
	wait "$writer"
	own=$(results_in /run/results)
	extra=$own
	{
		plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' /run/results | tail -n 1)
		if [ "${plan:-$own}" -ne "$own" ]; then
			extra_result 'not ok' "the scenario announced $plan results and gave $own"
		fi
		if [ "$own" -eq 0 ] && [ "$plan" != 0 ]; then
			extra_result 'not ok' "the scenario gave no result at all (it ended with code $code)"
		elif [ "$code" -ne 0 ] && ! grep -a -q '^not ok' /run/results; then
			extra_result 'not ok' "the scenario ended with code $code though none of its results failed"
		fi
		check_taint
		check_leaks
		check_kernel_log
		echo "1..$extra"
	} | to_host
	send_coverage
}
