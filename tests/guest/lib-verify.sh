# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios about repairs that do not hold: the platform clears sectors or larger units.

# The bad extent and the sector in it that does not hold, counted in the file.
EXTENT=64 COUNT=64 STUBBORN=101

VERIFY=/sys/module/dax_core/parameters/verify
TRACING=/sys/kernel/tracing

# number NAME
number() { cat "/sys/block/$BLK/poison/$1"; }

# stubborn: the sector can be cleared as often as one likes, and still not be read
stubborn() {
	fault poison_survives_clear Y
	fault poison_phys $((PHYS + (FILE_SECTOR + STUBBORN) * 512))
	fault poison_bytes 512
}

# one_write NAME EXPECTED FIRST BYTES: one write(2) of what is in $WORK/patch, by the way in use
one_write() {
	is "$1" "$2" "$(onecall write "$NODE" $((ORIGIN + $3 * 512)) "$4" "$WORK/patch" ${DIRECT:+"$DIRECT"})"
}

# log_lines: how often the log tells of the sector that does not hold
log_lines() {
	dmesg | grep -a -c "$BLK: 1 sectors at sector $((FILE_SECTOR + STUBBORN)): written, but cannot be read back" || true
}

# not_held: the sector that does not hold is what the log and the trace tell of, once
not_held() {
	is "the try is counted" $((verifies_failed + 1)) "$(number verifies_failed)"
	is "and traced" 1 \
		"$(grep -c "verify_failed: device=$BLK sector=$((FILE_SECTOR + STUBBORN)) sectors=1 error=-5" "$TRACING/trace")"
	is "and in the log" $((logged + 1)) "$(log_lines)"
}

# by NODE ORIGIN STOP SHORT NOTHING [direct]: the way of the writes; ORIGIN is the file's first byte there, STOP the sector before
# which a write ends. SHORT and NOTHING are what a write returns that ends there, and
# one that ends before its first byte.
by() {
	NODE=$1 ORIGIN=$2 STOP=$3 SHORT=$4 NOTHING=$5 DIRECT=${6:-}
	LEFT=$STOP+$((EXTENT + COUNT - STOP))
	# What is cleared at once is written as a whole.
	REST=$((STOP / UNIT * UNIT)) BEHIND=$(((EXTENT + COUNT - STOP / UNIT * UNIT) * 512))

	note "poison that survives the clear, by $NODE"
	file_poison_listed "$EXTENT" "$COUNT"
	stubborn
	verifies_failed=$(number verifies_failed)
	: >"$TRACING/trace"
	logged=$(log_lines)
	random_file "$WORK/patch" $((COUNT * 512))
	one_write "the write ends before the sector" "$SHORT" "$EXTENT" $((COUNT * 512))
	write_shadow "$SHADOW" $((EXTENT * 512)) $(((STOP - EXTENT) * 512)) "$WORK/patch"
	is "it stays bad, and what is behind it" "$LEFT" "$(file_bad)"
	file_sectors "what is before it is repaired and right" "unreadable $LEFT"
	not_held
	one_write "a write of the sector alone fails" "$NOTHING" "$STUBBORN" 512
	is "it stays bad" "$LEFT" "$(file_bad)"

	note "without reading back"
	echo 0 >"$VERIFY"
	sleep 1 # until then a write over the sector is answered without the platform
	one_write "the write of the rest seems to work" "$BEHIND" "$REST" "$BEHIND"
	is "nothing is bad" "" "$(file_bad)"
	echo 1 >"$VERIFY"
	is "the first read finds that it did not" "error EIO" \
		"$(onecall read "$DEV" $(((FILE_SECTOR + STUBBORN) * 512)) 512 direct)"
	is "and marks the sector" "$STUBBORN+1" "$(file_bad)"

	note "after the fault"
	fault poison_bytes 0
	file_poison_listed "$EXTENT" "$COUNT"
	random_file "$WORK/patch" $((COUNT * 512))
	one_write "a write repairs all" $((COUNT * 512)) "$EXTENT" $((COUNT * 512))
	write_shadow "$SHADOW" $((EXTENT * 512)) $((COUNT * 512)) "$WORK/patch"
	is "nothing is bad" "" "$(file_bad)"
	file_sectors "all is right" ""

	note "a flush that fails, by $NODE"
	sync
	file_poison_listed "$EXTENT" "$COUNT"
	random_file "$WORK/patch" $((COUNT * 512))
	repairs=$(number repairs) repairs_failed=$(number repairs_failed)
	fault flush_fails Y
	one_write "the write fails" "$NOTHING" "$EXTENT" $((COUNT * 512))
	is "nothing turned good" "$EXTENT+$COUNT" "$(file_bad)"
	is "no repair is counted" "$repairs" "$(number repairs)"
	check "failures are" test "$(number repairs_failed)" -gt "$repairs_failed"
	fault flush_fails N
	file_sectors "all of it is refused" "unreadable $EXTENT+$COUNT"
	one_write "a write repairs all" $((COUNT * 512)) "$EXTENT" $((COUNT * 512))
	write_shadow "$SHADOW" $((EXTENT * 512)) $((COUNT * 512)) "$WORK/patch"
	is "nothing is bad" "" "$(file_bad)"
	file_sectors "all is right" ""
}

# repairs_that_do_not_hold UNIT: by bios, by bios through device-mapper and by write(2); the platform clears UNIT sectors at once
repairs_that_do_not_hold() {
	UNIT=$1
	namespace_make fsdax --map=mem
	stack_make triple
	fs_make ext4 "$STACK"
	# The file system must not meet the failing flush itself: it would give up its journal.
	fs_mount ext4 "$STACK" dax=always,commit=300
	file_make data 131072
	check "the file is accessed with DAX" file_is_dax
	echo 1 >"$TRACING/events/daxmend/enable"

	by "$DEV" $((FILE_SECTOR * 512)) "$STUBBORN" "error EIO" "error EIO" direct
	by "$STACK" $(((FILE_SECTOR - STACK_OFFSET) * 512)) "$STUBBORN" "error EIO" "error EIO" direct
	# After a short repair fs/dax.c asks once more for the rest, and the driver answers without the platform. A repair that ends before its
	# first byte is EFAULT to fs/dax.c, whatever the reason.
	PAGE=$((STUBBORN / 8 * 8))
	by "$FILE" 0 "$PAGE" $(((PAGE - EXTENT) * 512)) "error EFAULT"

	fault flush_fails Y
	refused "a flush that fails is told to the one who asked for it" \
		dd if=/dev/zero of="$DEV" bs=512 count=1 seek=$(($(device_sectors) - 1)) oflag=direct conv=fsync
	fault flush_fails N
	file_intact "the whole file is right"
	fs_unmount
	check "e2fsck finds nothing wrong" e2fsck -f -n "$STACK"
}
