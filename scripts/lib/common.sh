# shellcheck shell=bash disable=SC2034 # names set here are used by the scripts that read this file
# SPDX-License-Identifier: GPL-2.0
# What every host script shares: where things are, how to speak, how to lock, the words for kernels. By
# itself it only looks whether a shared cache can be trusted.

# A failure inside $(...) must not pass unnoticed.
shopt -s inherit_errexit

# An ordinary user of Debian has no sbin in PATH, where depmod, modprobe and mkfs are.
export PATH=$PATH:/usr/sbin:/sbin

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The cache may live elsewhere (a machine that tests many clones); the build tree may not: the Makefile owns it.
CACHE=${DAXMEND_CACHE:-$TOP/.cache}
BUILD=$TOP/build
KERNEL_SERIES=(6.1 6.12)
# Kernels that watch what runs in them. They are made here, of the first series' source, and used only when asked for by name.
SANITIZERS=(kasan kcsan)
DRIVERS=(pmem_drv nd_pmem)

note() { printf '%s\n' "${0##*/}: $*" >&2; }
die() {
	note "$*"
	exit 1
}

# need_trusted_cache: what lies in the cache is booted, and scripts of its kernel headers are run. So a cache that is shared must
# belong to the caller or to root, as must its folders, and nobody else may write there.
need_trusted_cache() {
	local folder owner mode
	for folder in "$CACHE" "$CACHE"/*/; do
		[ -d "$folder" ] || continue
		folder=${folder%/}
		read -r owner mode < <(stat -L -c '%u %a' "$folder")
		[ "$owner" -eq 0 ] || [ "$owner" -eq "$(id -u)" ] ||
			die "DAXMEND_CACHE=$CACHE: $folder belongs to $(stat -L -c %U "$folder"); a shared cache must belong to you or to root"
		[ $((8#$mode & 8#022)) -eq 0 ] ||
			die "DAXMEND_CACHE=$CACHE: others may write to $folder; a shared cache must be writable by its owner alone"
	done
}
[ -z "${DAXMEND_CACHE:-}" ] || need_trusted_cache

# A misuse is not a failed test: exit code 2 tells them apart.
usage_error() {
	note "$*"
	note "try '$0 --help'"
	exit 2
}

# The comment that opens a script is its help text: from the third line to the first line that is no comment.
print_help() {
	awk 'NR < 3 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$1"
}

# need_value OPTION COUNT: an option that takes a value was the last word of the command line.
need_value() {
	[ "$2" -ge 2 ] || usage_error "$1 needs a value"
}

# need_number OPTION VALUE MINIMUM
need_number() {
	case $2 in
	'' | *[!0-9]*) usage_error "$1 takes a whole number, not '$2'" ;;
	esac
	[ "$2" -ge "$3" ] || usage_error "$1 takes a number of at least $3, not $2"
}

need_driver() {
	local known
	for known in "${DRIVERS[@]}"; do
		[ "$1" != "$known" ] || return 0
	done
	usage_error "there is no driver '$1'; allowed are: ${DRIVERS[*]}"
}

# size_mib SIZE: 512M, 4G or a bare number of MiB, as MiB.
size_mib() {
	local number=${1%[MG]}
	case $number in
	'' | *[!0-9]*) usage_error "'$1' is no size; allowed are a number of MiB, or a number followed by M or G" ;;
	esac
	case $1 in
	*G) echo $((number * 1024)) ;;
	*) echo "$number" ;;
	esac
}

# need_own_folders: what an earlier run under sudo left behind belongs to root, and writing there fails without a word.
need_own_folders() {
	local folder
	for folder in "$CACHE" "$CACHE/locks" "$CACHE/kernels" "$BUILD" "$BUILD/logs"; do
		[ ! -d "$folder" ] || [ -w "$folder" ] ||
			die "$folder belongs to $(stat -c %U "$folder"), perhaps from a run with sudo; remove it, or: sudo chown -R $(id -un) $CACHE $BUILD"
	done
}

# run_locked NAME COMMAND...: one process at a time does the named work; the others wait for it. The lock ends with the process too.
run_locked() {
	local name=$1 fd
	shift
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$name"
	flock "$fd"
	"$@"
	exec {fd}>&-
}

# run_as_root COMMAND...: directly where we are root, otherwise through sudo.
run_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: install sudo, or run as root: $*"
	fi
}
