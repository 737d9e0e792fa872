#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a repair costs: repairing one contiguous bad extent takes at most 1.5 times the same write without poison, plus the
# platform's own time for one clear command. Guest time counts instructions here (one a nanosecond), so two runs agree.
# 64 KiB is printed only: there what is the same for each repair outweighs the copy. Promise: P6.
# qemu-args: -icount shift=0,sleep=off
# timeout: 900
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

SIZES="65536 1048576 16777216"
LIMIT=150 # percent

# clears_counted: how many clear commands the platform was given
clears_counted() { cat /sys/bus/acpi/devices/DAXM0001:00/sun; }

# extent_poison ADDRESS BYTES: one bad extent, found by a scrub
extent_poison() {
	must platform inject "$1" "$2"
	scrub
}

# turns SIZE: how often a write of this size is measured; the least counts
turns() {
	case $1 in
	65536) echo 1 ;;
	1048576) echo 1 2 3 ;;
	*) echo 1 ;;
	esac
}

# least A B: the smaller number; a timer tick falls into some of the writes
least() { if [ "$1" -gt 0 ] && [ "$1" -le "$2" ]; then echo "$1"; else echo "$2"; fi; }

# firmware_clock: the platform's own time for an extent of each size, into firmware_SIZE. The kernel gives the command to nobody
# but the driver while one has the namespace; what it does to its own lists is the same.
firmware_clock() {
	must ndctl disable-namespace "$NS"
	for size in $SIZES; do
		firmware=0
		for turn in $(turns "$size"); do
			extent_poison "$PHYS" "$size"
			firmware_answer=$(platform clear "$PHYS" "$size" clock)
			firmware=$(least "$firmware" $((${firmware_answer##* in })))
			matches "the platform clears $((size / 1024)) KiB in one call, turn $turn" "status 0 cleared $size in *" "$firmware_answer"
		done
		note "$((size / 1024)) KiB: ${firmware_answer##* in } ns"
		eval "firmware_$size=$firmware"
	done
	must ndctl enable-namespace "$NS"
	namespace_use "$NS"
}

# write_clock TURN TARGET BYTES [direct]: nanoseconds of one write(2) at the start of the target; each turn lies elsewhere between ticks
write_clock() { onecall write "$2" 0 "$3" "$WORK/patch" clock=$(($1 * 600000)) ${4:+"$4"} || give_up "a write of $3 bytes on $2 fails"; }

# cost_turn TARGET SECTOR SIZE [direct]: one write on good media, one on a bad extent
cost_turn() {
	plain=$(least "$plain" "$(write_clock "$turn" "$1" "$3" ${4:+"$4"})")
	extent_poison $((PHYS + $2 * 512)) "$3"
	wait_for 10 bad_covers "$2" $(($3 / 512)) || give_up "the driver lists \"$(bad_list)\", not $2+$(($3 / 512))"
	repair=$(least "$repair" "$(write_clock "$turn" "$1" "$3" ${4:+"$4"})")
}

# cost NAME TARGET SECTOR [direct]: writes of each size; the target begins at SECTOR of $DEV
cost() {
	for size in $SIZES; do
		cost_name="$1, $((size / 1024)) KiB"
		eval "firmware=\$firmware_$size"
		plain=0 repair=0
		random_file "$WORK/patch" "$size"
		write_clock 0 "$2" "$size" ${4:+"$4"} >/dev/null
		clears=$(clears_counted)
		for turn in $(turns "$size"); do cost_turn "$2" "$3" "$size" ${4:+"$4"}; done
		clears=$(($(clears_counted) - clears))
		no_poison_left "$cost_name"
		check "$cost_name: the target holds the new data" cmp -n "$size" "$2" "$WORK/patch"

		ratio=$(awk "BEGIN { printf \"%.2f\", ($repair - $firmware) / $plain }")
		note "$cost_name: plain $plain ns, platform $firmware ns, repair $repair ns, ratio $ratio"
		is "$cost_name: the platform is called once for each repair" "$turn" "$clears"
		[ "$size" -ge 1048576 ] || continue
		if [ "$PATIENCE" -gt 1 ]; then
			skip "$cost_name: repair - platform <= 1.5 x plain" "a sanitizer makes loads and stores dearer than copies, which it does not see"
		elif [ $(((repair - firmware) * 100)) -le $((plain * LIMIT)) ]; then
			ok "$cost_name: repair - platform <= 1.5 x plain"
		else
			not_ok "$cost_name: repair - platform <= 1.5 x plain" "at most 1.50" "$ratio"
		fi
	done
}

note "one clear command"
namespace_make fsdax --map=mem
firmware_clock

note "the block device"
cost "block device" "$DEV" 0 direct

note "a file on ext4 -o dax, all of it written before"
fs_make ext4 "$DEV"
fs_mount ext4 "$DEV"
file_make data 16777216
check "the file is accessed with DAX" file_is_dax
cost "file" "$FILE" "$FILE_SECTOR"
finish
