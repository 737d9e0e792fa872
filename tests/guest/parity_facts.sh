#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# pmem_drv and nd_pmem look and answer alike: on the same namespaces of one guest, each driver in turn, every
# file under /sys/block/pmemN, what the nd bus and ndctl say, addresses, module aliases, the kernel log, and
# exit, error and I/O statistics of a series of operations. Each difference must be in parity_explained.
# Promise: P15.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# The guest's closing check of the taint goes by the driver it was booted with.
if [ "$DRIVER" != pmem_drv ]; then
	skip "both drivers look alike" "it is shown in a guest that begins with pmem_drv"
	finish
fi

# A fact is a line "KEY<tab>VALUE"; no key has a blank. facts_of: makes them of lines "KEY VALUE", the values of
# one key joined.
facts_of() {
	awk '{ key = $1; sub(/^[^ ]* ?/, ""); gsub(/\t/, " ")
		if (key in value) value[key] = value[key] " | " $0; else value[key] = $0 }
		END { for (key in value) print key "\t" value[key] }'
}

# What is a file's content in itself, under one driver and the next: clocks, and the counters that have their own facts.
own_by_nature() {
	grep -v -E '/(stat|inflight|diskseq|uevent|dev|power/[a-z_]*time[a-z_]*) '
}

# of_files: content and mode of each file under the block devices, keyed by its path
of_files() {
	for facts_disk in $DISKS; do
		grep -r -s '' "/sys/block/$facts_disk/" | sed 's/:/ /'
		find "/sys/block/$facts_disk/" -type f -exec stat -c '%n:mode %a' {} +
	done | sed 's,//,/,g' | own_by_nature
}

# of_bus: the attributes of each namespace and of what claims it, by the namespace's name; the claim's own number
# and the seeds of its region count upward with every probe
of_bus() {
	for facts_ns in $NAMESPACES; do
		facts_claim=$(cat "/sys/bus/nd/devices/$facts_ns/holder")
		for facts_device in "$facts_ns" ${facts_claim:+"$facts_claim"}; do
			find "/sys/bus/nd/devices/$facts_device/" -maxdepth 1 -type f ! -name uevent ! -name holder -exec grep -H -s '' {} + |
				sed -e "s,^/sys/bus/nd/devices/$facts_claim/,$facts_ns/claim/," -e 's,^/sys/bus/nd/devices/,,' -e 's,//,/,' -e 's/:/ /'
		done
	done
	ndctl list -B -R -D -N -X -i -vvv | awk '{ print "ndctl/" NR, $0 }'
	daxctl list -D | awk '{ print "daxctl/" NR, $0 }'
	sed -n '/Persistent Memory/,$s/^ *\([0-9a-f-]*\) : /iomem \1 /p' /proc/iomem
}

# of_module: aliases of the driver's module
of_module() {
	facts_module=/lib/daxmend/$DRIVER.ko
	[ -e "$facts_module" ] || facts_module=$DRIVER
	modinfo -F alias "$facts_module" | sed 's,.*,alias/& yes,'
}

# of_log: each message since the mark, without its time and the driver's name before it; a key has no blanks
of_log() {
	dmesg | sed -E -e 's/^\[[^]]*\] //' -e 's/^(nd_pmem|pmem_drv) /DRIVER /' | awk -v mark="$1" '$0 == mark { n = 0; next } { line[++n] = $0 }
		END { for (i = 1; i <= n; i++) { gsub(/ /, "_", line[i]); print "dmesg/" line[i] " said" } }'
}

# operation NAME COMMAND...: how it ends, what it says, and how it moves the statistics: requests, merged ones and
# sectors read, the same written, in flight, discarded, flushed
operation() {
	operation_name=$1 operation_code=0
	shift
	read -r r1 m1 s1 _ w1 n1 t1 _ f1 _ _ d1 _ _ _ x1 _ <"/sys/block/$facts_blk/stat"
	"$@" >"$WORK/operation" 2>&1 || operation_code=$?
	read -r r2 m2 s2 _ w2 n2 t2 _ f2 _ _ d2 _ _ _ x2 _ <"/sys/block/$facts_blk/stat"
	# dd's lines about what it copied name the time that it took. No program is started to leave them out: there are many operations.
	operation_says=
	while read -r operation_line; do
		case "$operation_line" in *records* | *copied*) ;; *) operation_says="$operation_says $operation_line" ;; esac
	done <"$WORK/operation"
	printf 'operation/%s/%s exit %s, statistics %d %d %d, %d %d %d, %d %d %d, says%s\n' "$facts_blk" "$operation_name" "$operation_code" \
		$((r2 - r1)) $((m2 - m1)) $((s2 - s1)) $((w2 - w1)) $((n2 - n1)) $((t2 - t1)) $((f2 - f1)) $((d2 - d1)) $((x2 - x1)) \
		"$operation_says"
}

# of_operations: on a block device with sectors of 512 bytes, one with 4096, and one behind a btt, each with the
# same history
of_operations() {
	random_file "$WORK/page" 4096
	for facts_blk in pmem0 pmem0.1 pmem0.4s; do
		facts_dev=/dev/$facts_blk
		facts_end=$(blockdev --getsize64 "$facts_dev")
		operation limits blockdev --getss --getpbsz --getiomin --getioopt --getalignoff --getmaxsect --getra --getro --getsz \
			--getdiscardzeroes "$facts_dev"
		operation direct-write dd if=/dev/zero of="$facts_dev" bs=4k count=16 oflag=direct
		operation direct-read dd if="$facts_dev" of=/dev/null bs=4k count=16 iflag=direct
		operation fua-write dd if=/dev/zero of="$facts_dev" bs=4k count=4 oflag=direct,dsync
		operation sector-write dd if=/dev/zero of="$facts_dev" bs=512 count=1 oflag=direct
		operation buffered-write dd if=/dev/zero of="$facts_dev" bs=64k count=4 conv=fsync
		blockdev --flushbufs "$facts_dev"
		operation buffered-read dd if="$facts_dev" of=/dev/null bs=64k count=4
		operation discard blkdiscard -f -o 0 -l 1048576 "$facts_dev"
		operation secure-discard blkdiscard -f -s -o 0 -l 1048576 "$facts_dev"
		operation zero-out blkdiscard -f -z -o 0 -l 4194304 "$facts_dev"
		operation punch fallocate -p -o 0 -l 65536 "$facts_dev"
		operation read-at-end onecall read "$facts_dev" "$facts_end" 4096
		operation write-at-end onecall write "$facts_dev" "$facts_end" 4096 "$WORK/page"
		[ -e "/sys/block/$facts_blk/badblocks" ] || continue
		facts_list=/sys/block/$facts_blk/badblocks
		facts_lines=0
		for facts_line in '' 'x' '5' '5 0' '5 -1' '-5 1' '5 1 1' ' 5 1' '5 1x' '0x5 1' '64 8' '72 8' '128 1'; do
			facts_lines=$((facts_lines + 1))
			printf '%s\n' "$facts_line" >"$WORK/line"
			operation "badblocks-line-$facts_lines" onecall write "$facts_list" 0 $((${#facts_line} + 1)) "$WORK/line"
		done
		operation badblocks-list cat "$facts_list"
		operation poison-read onecall read "$facts_dev" 32768 4096 direct
		operation poison-buffered-read onecall read "$facts_dev" 32768 4096
		operation poison-write dd if=/dev/zero of="$facts_dev" bs=4k count=32 oflag=direct conv=notrunc
		operation badblocks-list-after cat "$facts_list"
		for facts_line in 0 perhaps 1; do
			echo "$facts_line" >"$WORK/line"
			operation "write-cache-$facts_line" onecall write "/sys/block/$facts_blk/dax/write_cache" 0 $((${#facts_line} + 1)) "$WORK/line"
			operation "write-cache-after-$facts_line" cat "/sys/block/$facts_blk/dax/write_cache"
		done
	done
}

# collect FILE: everything of the driver that is bound now
collect() {
	DISKS=
	for facts_ns in $NAMESPACES; do
		facts_blk=$(namespace_field "$facts_ns" blockdev)
		[ -z "$facts_blk" ] || DISKS="$DISKS $facts_blk"
	done
	is "$DRIVER: the names of the block devices" " pmem0 pmem0.1 pmem0.2 pmem0.3 pmem0.4s" "$DISKS"
	{
		of_files
		of_bus
		of_module
		of_operations
		of_log "parity: $DRIVER"
	} | facts_of >"$1"
}

# bind_all: the namespaces come to the driver that is loaded, with a mark in the kernel log
bind_all() {
	echo "parity: $DRIVER" >/dev/kmsg
	must ndctl enable-namespace all
	# Probing goes on when the command has returned.
	wait_for 5 test -b /dev/pmem0.4s || give_up "not all block devices come back"
}

# differences OURS THEIRS: a line "KEY<tab>ours<tab>theirs" for each fact that is not the same
differences() {
	awk -F '\t' 'NR == FNR { ours[$1] = $2; next } { theirs[$1] = $2 }
		END { for (key in ours) if (!(key in theirs)) print key "\t" ours[key] "\tnothing"
			else if (ours[key] != theirs[key]) print key "\t" ours[key] "\t" theirs[key]
			for (key in theirs) if (!(key in ours)) print key "\tnothing\t" theirs[key] }' "$1" "$2" | sort
}

# fact FILE KEY: its value
fact() {
	awk -F '\t' -v key="$2" '$1 == key { print $2 }' "$1"
}

# patterns: the first words of parity_explained, which are shell patterns; `set -f` keeps them from naming files
patterns() {
	sed '/^#/d; /^$/d; s/[[:blank:]].*//' "$TESTS/parity_explained"
}

# unexplained: of the differences on standard input, those that no pattern names
unexplained() {
	set -f
	unexplained_patterns=$(patterns)
	unexplained_tab=$(printf '\t')
	while IFS=$unexplained_tab read -r unexplained_key unexplained_ours unexplained_theirs; do
		for unexplained_pattern in $unexplained_patterns; do
			# shellcheck disable=SC2254 # a pattern
			case "$unexplained_key" in $unexplained_pattern) continue 2 ;; esac
		done
		echo "$unexplained_key: $unexplained_ours, $unexplained_theirs"
	done
}

# superfluous: the patterns that name none of the differences on standard input
superfluous() {
	set -f
	cut -f 1 >"$WORK/keys"
	for superfluous_pattern in $(patterns); do
		superfluous_found=
		while read -r superfluous_key; do
			# shellcheck disable=SC2254 # a pattern
			case "$superfluous_key" in $superfluous_pattern) superfluous_found=yes && break ;; esac
		done <"$WORK/keys"
		[ -n "$superfluous_found" ] || echo "$superfluous_pattern"
	done
}

labels_init
NAMESPACES=
for options in "raw" "raw --sector-size=4096" "fsdax --map=mem" "fsdax --map=dev" "sector" "devdax"; do
	# shellcheck disable=SC2086 # options, meant to be split
	made=$(namespace_add ${options%% *} 64M ${options#"${options%% *}"}) || true
	[ -n "$made" ] || give_up "ndctl does not make a namespace in mode $options"
	NAMESPACES="$NAMESPACES $made"
done

# Some kernels have a word to say when this file is first read.
cat /sys/block/pmem0/capability >/dev/null 2>&1 || true
must ndctl disable-namespace all
bind_all
collect "$WORK/ours"
must ndctl disable-namespace all
must driver_unload "$DRIVER"
DRIVER=nd_pmem
driver_load "$DRIVER"
bind_all
is "the other driver has the namespaces" nd_pmem "$(bound_driver namespace0.0)"
collect "$WORK/theirs"

differences "$WORK/ours" "$WORK/theirs" >"$WORK/differ"
FACTS=$(wc -l <"$WORK/ours")
note "$FACTS facts of pmem_drv, $(wc -l <"$WORK/theirs") of nd_pmem, $(wc -l <"$WORK/differ") of them different"
check "there are many facts" test "$FACTS" -gt 600
is "each difference is explained: fact, with pmem_drv, with nd_pmem" "" "$(unexplained <"$WORK/differ")"
is "each explanation is of a difference that there is" "" "$(superfluous <"$WORK/differ")"

note "the comparison sees what is changed"
KEY=/sys/block/pmem0/queue/fua
is "there is such a fact" 1 "$(grep -c "^$KEY	" "$WORK/ours")"
grep -v "^$KEY	" "$WORK/ours" >"$WORK/changed"
is "a fact that is missing" "$KEY: nothing, $(fact "$WORK/theirs" "$KEY")" "$(differences "$WORK/changed" "$WORK/theirs" | unexplained)"
echo "$KEY	another" >>"$WORK/changed"
is "a fact that is another" "$KEY: another, $(fact "$WORK/theirs" "$KEY")" "$(differences "$WORK/changed" "$WORK/theirs" | unexplained)"
cp "$WORK/ours" "$WORK/changed"
echo "$KEY-2	1" >>"$WORK/changed"
is "a fact too many" "$KEY-2: 1, nothing" "$(differences "$WORK/changed" "$WORK/theirs" | unexplained)"
finish
