#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Stores to 2 MiB of a reflinked file on XFS copy them in one fault; while anything on the device is bad they are copied in pages of 4 KiB,
# and nothing is lost but what is bad. In a fault of 2 MiB whose source is refused, the kernel sends SIGBUS and remaps the file to blocks
# that were not copied to, so the driver grants such a fault one page. Bad in the source, in the place of the copy, elsewhere on the device,
# and a page that a machine check took away. Straight on the device, through dm-linear and through a passthrough. Promises: P1, P2, P13.
# needs: nvdimm-size=640M
# timeout: 400
# allows: machine-check
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-reflink.sh
. "$TESTS/lib-reflink.sh"

HUGE=2097152
TRACING=/sys/kernel/tracing
BAD=803 PAGE=100 # a sector of the file, and its page

# huge_source: a file of 2 MiB whose place on the media is aligned, and its content
huge_source() {
	FILE=$MOUNT/source SHADOW=$WORK/shadow
	random_file "$SHADOW" $HUGE
	must xfs_io -f -c "extsize $HUGE" -c "falloc 0 $HUGE" "$FILE"
	must dd if="$SHADOW" of="$FILE" bs=1M conv=notrunc,fsync
	FILE_SECTOR=$(pages_of "$FILE" | head -n 1)
	if [ "$(runs_of "$FILE")" != "0 $FILE_SECTOR 4096" ] || [ $(((PHYS + FILE_SECTOR * 512) % HUGE)) -ne 0 ]; then
		give_up "the file is not aligned on the media: $(runs_of "$FILE")"
	fi
}

# twin: a new clone, copied in pieces of 2 MiB
twin() {
	TWIN=$MOUNT/twin
	rm -f "$TWIN"
	must xfs_io -f -c "cowextsize $HUGE" "$TWIN"
	must xfs_io -c "reflink $FILE 0 0 $HUGE" "$TWIN"
	cp "$SHADOW" "$WORK/twin"
	echo >"$TRACING/trace"
}

# stores NAME EXPECTED FAULTS LOST OFFSET...: a store to each offset of the twin, what they see, and how many faults of 2 MiB were served
# whole; then the twin has lost only these sectors, and the file too
stores() {
	stores_name="$WHO: $1" stores_expected=$2 stores_faults=$3 stores_lost=$4
	shift 4
	stores_got=$(mapload --blind "$TWIN" "$@")
	is "$stores_name: the stores" "$stores_expected" "$stores_got"
	is "$stores_name: faults of 2 MiB that copied" "$stores_faults" \
		"$(grep -c 'dax_pmd_fault_done:.*WRITE.*NOPAGE' "$TRACING/trace")"
	for stores_word in $stores_got; do
		[ "$stores_word" != ok ] || printf '\245' | dd of="$WORK/twin" bs=1 seek="$1" conv=notrunc 2>/dev/null
		shift
	done
	is "$stores_name: what is lost of the twin" "$stores_lost" "$(differences "$TWIN" "$WORK/twin")"
	is "$stores_name: the file is as before" "$(file_unreadable)" "$(differences "$FILE")"
}

huge_faults() {
	reflink_stack "$1" -d su=2m,sw=1 -l su=32k
	huge_source
	absent "$FILE" $((PAGE * 4096))
	twin
	stores "a page of the source is absent" "ok SIGBUS ok" 0 "unreadable $((PAGE * 8))+8" 0 $((PAGE * 4096)) $((HUGE - 1))
	repair_all

	twin
	stores "nothing bad" "ok ok ok" 1 "" 0 $((PAGE * 4096)) $((HUGE - 1))

	twin
	bad_add $((FILE_SECTOR + BAD)) 1
	stores "a bad sector in the source" "ok ok SIGBUS ok ok" 0 "unreadable $BAD+1" \
		0 $((PAGE * 4096 - 1)) $((PAGE * 4096)) $(((PAGE + 1) * 4096)) $((HUGE - 1))
	repair_all

	twin
	mapload "$FILE" $((PAGE * 4096)) >/dev/null
	bad_add $((FILE_SECTOR + BAD)) 1
	stores "a bad sector in the source, the bad page first" "SIGBUS ok" 0 "unreadable $BAD+1" $((PAGE * 4096)) 0
	repair_all

	twin
	reserve "$TWIN" $PAGE
	dd if="$SHADOW" of="$WORK/twin" bs=512 count=1 conv=notrunc 2>/dev/null
	bad_add $((PLACE + 3)) 1
	stores "a bad sector in the new place" "ok SIGBUS ok" 0 "" $(((PAGE - 1) * 4096)) $((PAGE * 4096)) $((HUGE - 1))
	repair_all

	twin
	bad_add $((FILE_SECTOR + 400000)) 1
	stores "a bad sector elsewhere on the device" "ok ok" 0 "" 0 $((PAGE * 4096))
	repair_all

	twin
	stores "nothing bad any more" "ok ok ok" 1 "" 0 $((PAGE * 4096)) $((HUGE - 1))
	is "$WHO: nothing is bad" "" "$(bad_list)"
	reflink_end
}

for stack in plain linear passthrough; do
	echo 1 >"$TRACING/events/fs_dax/dax_pmd_fault_done/enable"
	huge_faults $stack
done
finish
