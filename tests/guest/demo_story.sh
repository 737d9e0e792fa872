#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The story that scripts/demo shows: a file loses a sector to poison and gets it back, through pmem_drv, a
# passthrough target and ext4 -o dax; then the very same steps with the kernel's own driver; then both
# side by side. It is in the test suite too, so that the demo stays true. Promises: P2, P4, P13, P15.
#
# What a viewer is to see goes out in lines that begin with "# | "; results are KTAP as everywhere. With our
# driver each step must be as told. With the in-tree driver what happened is written down, not judged.
# timeout: 240
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# In the third MiB of the file, and neither first nor last in its page.
BAD_SECTOR=5003
BAD_PAGE_START=$((BAD_SECTOR * 512 & ~4095))
FILE_MIB=4
OUT=$WORK/out
step_number=0

show() {
	printf '%s\n' "$*" | sed 's/^/# | /'
}

step() {
	step_number=$((step_number + 1))
	show ""
	show "$step_number. $*"
}

# run COMMAND [REMARK]: show it as one would type it, run it, show what it prints; that stays in $OUT.
# The remark is for a reader when nothing is printed.
run() {
	show "   \$ $1"
	run_status=0
	sh -c "$1" >"$OUT" 2>&1 </dev/null || run_status=$?
	sed 's/^/# |      /' "$OUT"
	if [ ! -s "$OUT" ] && [ $# -gt 1 ]; then show "     ($2)"; fi
}

# told NAME EXPECTED GOT: a step of the story with our driver
told() {
	if [ "$TELLING" = pmem_drv ]; then
		is "$1" "$2" "$3"
	elif [ "$2" != "$3" ]; then
		note "nd_pmem: $1: expected ${2:-nothing}, got ${3:-nothing}"
	fi
}

# needed NAME: the command before succeeded; with any driver, or there is nothing to compare
needed() {
	is "$TELLING: $1" 0 "$run_status"
	if [ "$run_status" -ne 0 ]; then give_up "the story cannot go on: $(tail -n 3 "$OUT")"; fi
}

# remember KEY VALUE / recall DRIVER KEY: for the table at the end
remember() {
	printf '%s' "$2" >"$WORK/result.$TELLING.$1"
}

recall() {
	cat "$WORK/result.$1.$2"
}

# bytes_read: the number in dd's last line
bytes_read() {
	sed -n 's/^\([0-9]*\) bytes.*/\1/p' "$OUT"
}

# reason: the error of a command in words
reason() {
	sed -n 's/.*: \([A-Z][a-z][^:]*\)$/\1/p' "$OUT" | head -n 1
}

load_driver() {
	if [ "$TELLING" = pmem_drv ]; then
		step "Load the three modules, and keep ndctl from loading the kernel's own driver."
		run "echo 'blacklist nd_pmem' >/etc/modprobe.d/daxmend.conf"
		for module in $(driver_modules pmem_drv); do
			run "insmod /lib/daxmend/$module.ko"
			needed "module $module loads"
		done
	else
		step "Load the kernel's own driver."
		run "rm /etc/modprobe.d/daxmend.conf"
		run "modprobe nd_pmem"
		needed "the module loads"
	fi
}

make_device() {
	step "Make a namespace for DAX. Its driver is $TELLING."
	run "ndctl create-namespace -f -e namespace0.0 --mode=fsdax --map=mem | grep -E 'dev|mode'"
	needed "ndctl makes an fsdax namespace"
	namespace_use namespace0.0
	run "basename \$(readlink /sys/block/pmem0/device/driver)"
	is "$TELLING: the namespace has the driver that is told of" "$TELLING" "$(cat "$OUT")"

	step "Put a device-mapper target on it: $TARGET."
	run "dmsetup create demo --table '0 $(device_sectors) $TARGET /dev/pmem0 0'"
	needed "the table is taken"
	# shellcheck disable=SC2034 # files_cleanup uses it
	DM_DEVICES=demo
}

make_file() {
	step "A file system with DAX, and a file of $FILE_MIB MiB on it."
	run "mkfs.ext4 -q -F -b 4096 /dev/mapper/demo"
	needed "a file system is made"
	run "mount -o dax /dev/mapper/demo $MOUNT"
	needed "it is mounted with DAX"
	run "dd if=/dev/urandom of=$MOUNT/photo bs=1M count=$FILE_MIB conv=fsync status=none"
	needed "a file is written"
	run "cp $MOUNT/photo /tmp/original"
	needed "the file is copied"
	run "cd $MOUNT && sha256sum photo"
	needed "the file is read"
	CHECKSUM=$(cut -d ' ' -f 1 "$OUT")
	run "filefrag -v -b512 $MOUNT/photo | tail -n 3"
	needed "the file's place on the media is found"
	FIRST=$(sed -n 's/^ *0: *0\.\. *[0-9]*: *\([0-9]*\)\.\..*/\1/p' "$OUT")
	is "$TELLING: the file is in one piece" 1 "$(grep -c '^ *[0-9]*:' "$OUT")"
	MEDIA=$((FIRST + BAD_SECTOR))
}

poison_file() {
	step "Poison one sector: number $BAD_SECTOR of the file is $FIRST + $BAD_SECTOR = $MEDIA on the media."
	run "ndctl inject-error --block=$MEDIA --count=1 namespace0.0 >/dev/null"
	needed "the platform takes the injection"
	run "ndctl start-scrub >/dev/null && ndctl wait-scrub >/dev/null"
	needed "a scrub runs"
	wait_for 10 bad_covers "$MEDIA" 1 || true
	run "ndctl list --namespaces --media-errors | grep -A 4 badblock_count"
	needed "ndctl lists media errors"
	run "cat /sys/block/pmem0/badblocks"
	is "$TELLING: exactly this sector is bad" "$MEDIA 1" "$(cat "$OUT")"
}

read_file() {
	step "Read the file. Poison is in the page that begins at byte $BAD_PAGE_START."
	run "dd if=$MOUNT/photo of=/tmp/saved bs=4k"
	told "reading ends with" "Input/output error" "$(reason)"
	told "bytes read before the bad page" "$BAD_PAGE_START" "$(bytes_read)"
	run "cmp -n \$(stat -c %s /tmp/saved) /tmp/saved /tmp/original && echo 'what was read is right'"
	told "what was read is right" 0 "$run_status"
	show "   On the block device, sector by sector:"
	for sector in $((MEDIA - 1)) $MEDIA $((MEDIA + 1)); do
		run "dd if=/dev/pmem0 of=/dev/null bs=512 skip=$sector count=1 iflag=direct status=none && echo good"
		if [ "$sector" -eq "$MEDIA" ]; then want="Input/output error"; else want=""; fi
		told "sector $sector alone" "$want" "$(reason)"
	done
}

repair_file() {
	step "Write 512 bytes over the bad sector."
	run "dd if=/tmp/original of=$MOUNT/photo bs=512 skip=$BAD_SECTOR seek=$BAD_SECTOR count=1 conv=notrunc"
	told "bytes written" 512 "$(bytes_read)"
	if [ "$(bytes_read)" = 512 ]; then remember write "512 bytes written"; else remember write "$(reason)"; fi
	step "What is bad now: the driver's list, and the platform's own."
	run "cat /sys/block/pmem0/badblocks" "nothing is listed"
	told "the driver's list" "" "$(cat "$OUT")"
	remember left "$(bad_count)"
	run "ndctl inject-error --status namespace0.0" "nothing is listed"
	told "the platform's list" "" "$(platform_list)"
	step "Is the file what it was?"
	run "cd $MOUNT && sha256sum photo"
	told "the checksum" "$CHECKSUM" "$(cut -d ' ' -f 1 "$OUT")"
	case "$(cat "$OUT")" in
	"$CHECKSUM "*) remember checksum "right" ;;
	*"Input/output error"*) remember checksum "cannot be read" ;;
	*) remember checksum "wrong" ;;
	esac
}

verify_device() {
	step "Let fio write and verify the device, over the place of the poison."
	run "umount $MOUNT"
	needed "the file system is unmounted"
	run "fio --name=job --filename=/dev/mapper/demo --offset=$((FIRST * 512)) --size=${FILE_MIB}M --bs=4k \\
	   --rw=randwrite --direct=1 --verify=crc32c | grep -E 'err=|issued'"
	told "fio's errors" "err= 0" "$(grep -o 'err= *[0-9]*' "$OUT")"
	if grep -q 'err= 0' "$OUT"; then remember fio "passed"; else remember fio "failed"; fi
}

put_away() {
	step "Put everything away."
	run "dmsetup remove demo"
	needed "the target is removed"
	# shellcheck disable=SC2034 # files_cleanup uses it
	DM_DEVICES=
	run "ndctl disable-namespace namespace0.0"
	needed "the namespace is disabled"
	unload=
	for module in $(driver_modules "$TELLING"); do unload="$module${unload:+ $unload}"; done
	run "rmmod $unload"
	needed "the modules unload"
}

# story DRIVER TARGET
story() {
	TELLING=$1 TARGET=$2 step_number=0
	DRIVER=$1
	load_driver
	make_device
	make_file
	poison_file
	read_file
	repair_file
	verify_device
	put_away
}

# row TEXT KEY
row() {
	show "$(printf '%-40s %-20s %s' "$1" "$(recall pmem_drv "$2")" "$(recall nd_pmem "$2")")"
}

if [ "$DRIVER" != pmem_drv ]; then
	skip "the story of the demo" "it is told in a guest that begins with pmem_drv"
	finish
fi
MOUNT=/mnt
# The guest comes up with the driver loaded; the story begins before that.
must ndctl disable-namespace all
must driver_unload "$DRIVER"

show "A file loses a sector, and gets it back. Linux $(uname -r), persistent memory of $(ndctl list -R | sed -n 's/.*"size":\([0-9]*\).*/\1/p' | head -n 1 | awk '{ print int($1 / 1048576) }') MiB."
story pmem_drv passthrough
show ""
show "The same steps in the same machine with what Linux has itself: nd_pmem and dm-linear."
story nd_pmem linear

show ""
show "What happened:"
show "$(printf '%-40s %-20s %s' "" "pmem_drv" "nd_pmem")"
show "$(printf '%-40s %-20s %s' "" "+ passthrough" "+ dm-linear")"
show "-----------------------------------------------------------------------------"
row "writing 512 bytes over the bad sector" write
row "bad sectors after that" left
row "the file's checksum after that" checksum
row "fio --verify over the place" fio
finish
