# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The body of the scenarios bus_*: what the driver says of a bus that cannot clear poison, and the raw and
# ext4 -o dax checks of the NVDIMM on it. Poison there is what is written to the driver's list.
# shellcheck source=lib-raw.sh
. "$TESTS/lib-raw.sh"
# shellcheck source=lib-fsdax.sh
. "$TESTS/lib-fsdax.sh"

# bus_says METHOD SENTENCE: how this bus clears poison, in the driver's file and once a binding in the kernel log
bus_says() {
	is "$BUS: how poison is cleared" "$1" "$(cat "/sys/block/$BLK/poison/clear_method" 2>&1)"
	must ndctl disable-namespace "$NS"
	bus_said=$(dmesg | grep -c "$2") || true
	must ndctl enable-namespace "$NS"
	namespace_use "$NS"
	is "$BUS: the kernel log says it once" "1" "$(($(dmesg | grep -c "$2") - bus_said))"
}

# bus_repairs: the same checks as on the NVDIMM
bus_repairs() {
	note "raw"
	raw_write
	note "ext4 -o dax, writes"
	fsdax_write ext4 plain
	note "ext4 -o dax, reads"
	fsdax_read ext4 plain
	note "ext4 -o dax, holes and zeroes"
	fsdax_zero ext4 plain
}
