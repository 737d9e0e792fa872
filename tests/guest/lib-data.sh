# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Data that can be compared: for each device or file under test there is a shadow, a plain file in
# memory with what must be there. Each write under test is made on both. It is no file system code.

# random_file PATH BYTES
random_file() {
	must dd if=/dev/urandom of="$1" bs=64k count="$2" iflag=count_bytes
}

# write_shadow SHADOW OFFSET BYTES PATCH: the first BYTES of PATCH become part of the shadow
write_shadow() {
	must dd if="$4" of="$1" bs=64k count="$3" seek="$2" iflag=count_bytes oflag=seek_bytes conv=notrunc
}

# write_call NAME EXPECTED TARGET SHADOW OFFSET BYTES [OPTION...]: one write(2) of fresh data, with options of
# onecall. EXPECTED is what the call returns: a number of bytes, "error NAME", or "error" for any error. The
# shadow takes what was written.
write_call() {
	call_name=$1 call_expected=$2 call_target=$3 call_shadow=$4 call_offset=$5 call_bytes=$6
	shift 6
	random_file "$WORK/patch" "$call_bytes"
	call_got=$(onecall write "$call_target" "$call_offset" "$call_bytes" "$WORK/patch" "$@")
	case "$call_got" in
	error*) [ "$call_expected" = error ] && call_seen=error || call_seen=$call_got ;;
	*) call_seen=$call_got
	   [ "$call_got" -eq 0 ] || write_shadow "$call_shadow" "$call_offset" "$call_got" "$WORK/patch" ;;
	esac
	is "$call_name" "$call_expected" "$call_seen"
}

# same_bytes NAME TARGET SHADOW [OFFSET BYTES]: the target holds what the shadow holds
same_bytes() {
	if [ $# -ge 5 ]; then
		check "$1" cmp -i "$4" -n "$5" "$2" "$3"
	else
		check "$1" cmp "$2" "$3"
	fi
}

# sectors_are NAME EXPECTED FIRST SHADOW [SHADOW_FIRST COUNT]: read the device in use sector by sector
# and compare with the shadow. EXPECTED lists what is not as in the shadow, counted in the shadow's
# sectors: "unreadable 8+1" or "differs 3+2", or nothing when all is well.
sectors_are() {
	sectors_name=$1 sectors_expected=$2
	shift 2
	is "$sectors_name" "$sectors_expected" "$(sectorcmp "$DEV" "$@" 2>&1)"
}
