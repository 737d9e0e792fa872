# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2153,SC2017 # set here and used in the other files, or the reverse; divisions that are meant
#
# Scenarios about stacks of device-mapper targets: two namespaces below, a file on top, and where its
# sectors lie on the media. The stacks of lib-namespace.sh (one namespace, one offset) are simpler.

# two_namespaces: fsdax namespaces in both NVDIMMs; the first is the one in use, $DEV2 is the other
two_namespaces() {
	two_first=$FIRST_NAMESPACE
	FIRST_NAMESPACE=namespace1.0
	namespace_make fsdax --map=mem
	DEV2=$DEV FIRST_NAMESPACE=$two_first
	namespace_make fsdax --map=mem
}

# dm_reload NAME TABLE: another table for a device that is in use
dm_reload() {
	printf '%s\n' "$2" >"$WORK/table"
	must dmsetup load "$1" "$WORK/table"
	must dmsetup suspend "$1"
	must dmsetup resume "$1"
}

# media_bad: what both drivers list, as "pmem0 803+1 pmem1 8+8", or nothing
media_bad() {
	media_line=
	for media_device in "${DEV#/dev/}" "${DEV2#/dev/}"; do
		media_ranges=$(ranges 0 <"/sys/block/$media_device/badblocks")
		[ -z "$media_ranges" ] || media_line="$media_line $media_device $media_ranges"
	done
	echo "${media_line# }"
}

# stack_place SECTOR: where a sector of the stack in use lies, "pmem0 4711". Its rule is STACK_RULE: an
# offset on the first namespace, "striped CHUNK OFFSET", or "split BORDER OFFSET" with all from the border on
# at the same place of the second namespace.
stack_place() {
	# shellcheck disable=SC2086 # words of the rule, meant to be split
	set -- "$1" $STACK_RULE
	case "$2" in
	striped)
		stack_chunk=$(($1 / $3))
		stack_sector=$((stack_chunk / 2 * $3 + $1 % $3 + $4))
		[ $((stack_chunk % 2)) -eq 0 ] && echo "${DEV#/dev/} $stack_sector" || echo "${DEV2#/dev/} $stack_sector"
		;;
	split)
		[ "$1" -lt "$3" ] && echo "${DEV#/dev/} $(($1 + $4))" || echo "${DEV2#/dev/} $(($1 + $4))"
		;;
	*)
		echo "${DEV#/dev/} $(($1 + $2))"
		;;
	esac
}

# stack_poison FIRST COUNT: these sectors of the file become bad on the media, one by one
stack_poison() {
	poison_at=$1
	while [ "$poison_at" -lt $(($1 + $2)) ]; do
		# shellcheck disable=SC2046 # a device and a sector, meant to be split
		set -- "$1" "$2" $(stack_place $((FILE_SECTOR + poison_at)))
		echo "$4 1" >"/sys/block/$3/badblocks" || give_up "$3 does not take bad sector $4"
		set -- "$1" "$2"
		poison_at=$((poison_at + 1))
	done
}

# stack_read OFFSET BYTES PAGE: what a read(2) of the file returns of which PAGE is the first bad one. It is refused whole, but dm core
# cuts it at each chunk of a stripe, and at the border of two targets; what lies before the piece with the poison is returned.
stack_read() {
	# shellcheck disable=SC2086 # words of the rule, meant to be split
	set -- "$1" "$2" "$3" $STACK_RULE
	stack_piece=0
	case "$4" in
	striped) stack_piece=$((((FILE_SECTOR + $3 * 8) / $5 * $5 - FILE_SECTOR) * 512)) ;;
	split) [ $((FILE_SECTOR + $3 * 8)) -lt "$5" ] || stack_piece=$((($5 - FILE_SECTOR) * 512)) ;;
	esac
	if [ "$stack_piece" -gt "$1" ]; then echo $((stack_piece - $1)); else echo "error EIO"; fi
}

# stack_recovers NAME: the file on $STACK refuses reads of poison, and writes repair it at any offset
stack_recovers() {
	stack_name=$1
	stack_poison 803 1
	file_read "$stack_name: a read over the poison is refused, from where device-mapper cuts it" "$(stack_read 0 1048576 100)" 0 1048576
	file_read "$stack_name: a read of what is before the page works" $((100 * 4096)) 0 $((100 * 4096))
	file_read "$stack_name: a read of the page fails" "error EIO" $((100 * 4096)) 4096
	matches "$stack_name: one bad sector on the media" "pmem? *+1" "$(media_bad)"
	file_write "$stack_name: a write of the sector works" 512 $((803 * 512)) 512
	is "$stack_name: nothing is bad on the media" "" "$(media_bad)"
	stack_poison 1020 40
	file_write "$stack_name: a write of 64 KiB at an odd place over 40 bad sectors" 65536 $((1000 * 512 + 77)) 65536
	is "$stack_name: nothing is bad on the media after it" "" "$(media_bad)"
	file_intact "$stack_name: the file is right"
	is "$stack_name: loads work" "ok ok" "$(mapload "$FILE" $((803 * 512)) $((1040 * 512)))"
}
