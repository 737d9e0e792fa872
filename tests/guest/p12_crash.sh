#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The machine is reset in the midst of repairs, again and again: one writer by bios, one by write(2) on ext4 -o dax through
# device-mapper. After each reset every sector holds its old data, its new data, or what a bad sector held (it was not cleared, so the
# platform still refuses it); garbage is only in the one extent that was between its clear and its write, and what a writer was told of
# is there whole. The next write finishes what was cut off. Promise: P12.
#
# A clear leaves garbage and takes its time, so that resets fall into the window that docs/limits.md tells of. The media are a file of
# the host's, which keeps each store at once: that stores wait in caches until they are flushed is not shown here but by the unit
# tests (repair_crash_test). The platform's list is in the memory of the emulated firmware and does not outlive a reset; that a
# sector was not cleared is seen by its bytes, and it is marked again from these.
#
# The scenario runs from its begin in each life of the machine; which life it is stands on the media.
# needs: cpus=2 fault-points
# qemu-args: -action reboot=reset
# timeout: 900
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=lib-crash.sh
. "$TESTS/lib-crash.sh"
fault_points_needed

repairs_cut_off 1
finish
