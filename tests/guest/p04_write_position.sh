#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A write may begin and end at any byte: page by page it repairs the bad sectors that it covers fully, and stops before the first page
# in which a bad sector would be left. That page keeps its bytes: the write returns a short count that ends at the page's border, or an
# error if it is the first page. One write(2) a row, on ext4 -o dax; p04_any_position.sh draws hundreds. Promise: P4.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"
# shellcheck source=lib-rows.sh
. "$TESTS/lib-rows.sh"

fsdax_prepare ext4 plain 4194304

note "begin and end at any byte"
row "whole"                             8 1 -- 8192 "" 100 8192
row "whole, not first in its page"      9 1 -- 8192 "" 100 8192
row "whole, the end is in good bytes"   8 1 -- 5000 "" 0 5000
row "short before the page of a part"   9 1 -- 4096 "9+1" 0 5000
row "whole, over a page boundary"       7 2 -- 5000 "" 0 5000
row "whole, two with good between"      1 1 3 1 -- 2048 "" 256 2048

note "inside one page"
row "exactly the bad sector"            0 1 -- 512 "" 0 512
row "the good sector beside it"         0 1 -- "error EFAULT" "0+1" 512 512
row "one good byte beside it"           0 1 -- "error EFAULT" "0+1" 512 1
row "one good byte before it"           1 1 -- "error EFAULT" "1+1" 511 1
row "one byte of it"                    1 1 -- "error EFAULT" "1+1" 700 1
row "begins inside it"                  1 1 -- "error EFAULT" "1+1" 600 1000
row "ends inside it"                    1 1 -- "error EFAULT" "1+1" 0 1023
row "three of five bad sectors"         1 5 -- "error EFAULT" "1+5" 512 1536
row "two of three that are apart"       1 1 3 1 5 1 -- "error EFAULT" "1+1 3+1 5+1" 512 2000
row "a whole bad page"                  8 8 -- 4096 "" 4096 4096
row "first whole, second in part"       1 2 -- "error EFAULT" "1+2" 512 600

note "over several pages"
row "a bad sector behind the end"       12 1 -- 4096 "12+1" 0 5000
row "a bad sector before the begin"     1 1 -- "error EFAULT" "1+1" 1024 8192
row "the first page is repaired"        3 1 12 1 -- 4096 "12+1" 0 5000
row "a whole page, then seven sectors"  0 16 -- 4096 "8+8" 0 7680
row "a good page, then a part"          17 1 -- 8192 "17+1" 0 8800

note "large writes"
row "in the last page of 2 MiB"         4091 1 -- 2097152 "" 0 2097152
row "begins in the middle of an extent" 0 16 -- 1048576 "0+8" 4096 1048576
row "the same, with an odd end"         0 16 -- 1048676 "0+8" 4096 1048676
row "an extent at its start, odd end"   8 16 -- 1048676 "" 4096 1048676
row "256 KiB of poison"                 512 512 -- 262144 "" 262144 262144
row "every second page, odd ends"       17 1 33 1 49 1 65 1 -- 40000 "" 7777 40000

note "the end of a file"
must truncate -s 4190000 "$FILE"
must truncate -s 4190000 "$SHADOW"
file_poison_listed 8176 1
file_write "an append behind a bad sector of the last page" "error EFAULT" 4190000 3000
is "what is still bad" "8176+1" "$(file_bad)"
is "the file is as long as before" 4190000 "$(stat -c %s "$FILE")"
file_write "a write of the sector" 512 $((8176 * 512)) 512
is "nothing is bad any more" "" "$(file_bad)"
file_write "the append" 3000 4190000 3000
file_intact "the whole file is right"
finish
