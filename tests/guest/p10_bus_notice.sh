#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The platform's own notice of new poison is enough: nobody asks for a scrub, and the driver refuses the sector. The notice is ACPI's
# Notify 0x81 on the NVDIMM root device. Poison that was taken away by the platform is not forgotten by itself, and a region that is
# disabled and enabled finds what is on the media. Promise: P10.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

namespace_make raw
must ndctl inject-error --block=2048 --count=3 "$NS"
check "the notice alone brings the sectors into the list" wait_for 15 bad_covers 2048 3
is "the list holds nothing else" "2048+3" "$(bad_list)"
read_refused "they are refused" 2048 3
check "a write on them works" dd if=/dev/zero of="$DEV" bs=512 seek=2048 count=3 oflag=direct
no_poison_left "after the write"

note "poison without a notice is unknown until a scrub"
poison_media 4096 2
is "the platform has it" "4096+2" "$(platform_list)"
is "the driver does not know it" "" "$(bad_list)"
scrub
check "after a scrub it does" wait_for 10 bad_covers 4096 2

note "poison that is on the media when the namespace comes up"
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
is "is listed at once" "4096+2" "$(bad_list)"
read_refused "is refused" 4096 2
check "a write on it works" dd if=/dev/zero of="$DEV" bs=512 seek=4096 count=2 oflag=direct
no_poison_left "after the write"
must ndctl disable-namespace "$NS"
must ndctl enable-namespace "$NS"
namespace_use "$NS"
is "what was repaired does not come back" "" "$(bad_list)"
finish
