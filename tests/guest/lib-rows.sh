# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Rows: poison at some sectors of a file, one write(2), and everything that must hold after it. For the
# scenarios that are tables of such rows; the file is lib-files.sh's. Sectors are the file's own.

# row NAME BAD... -- RETURNED LEFT OFFSET BYTES [OPTION...]: poison at BAD (first count pairs), one write with
# options of onecall, what it returns and what is still bad after it; then the sectors written and a good way
# around them are looked at on the media, and what is left is repaired by one write that covers it whole.
row() {
	row_short=$1 row_bad=
	shift
	while [ "$1" != -- ]; do
		row_bad="$row_bad $1 $2"
		shift 2
	done
	row_returned=$2 row_left=$3 row_offset=$4 row_bytes=$5
	shift 5
	row_name="bad$(echo "$row_bad" | sed 's/ \([0-9]*\) \([0-9]*\)/ \1+\2/g'), write of $row_bytes at $row_offset${*:+, $*}: $row_short"
	# shellcheck disable=SC2086 # pairs of numbers, meant to be split
	file_poison_listed $row_bad
	file_write "$row_name" "$row_returned" "$row_offset" "$row_bytes" "$@"
	is "$row_short: what is still bad" "$row_left" "$(file_bad)"
	row_first=$((row_offset / 512 - 32))
	[ "$row_first" -ge 0 ] || row_first=0
	row_sectors=$(($(stat -c %s "$SHADOW") / 512))
	row_count=$((row_bytes / 512 + 96))
	[ $((row_first + row_count)) -le "$row_sectors" ] || row_count=$((row_sectors - row_first))
	file_sectors "$row_short: every other sector is readable and right" "$(file_unreadable)" "$row_first" "$row_count"
	file_start_over
}
