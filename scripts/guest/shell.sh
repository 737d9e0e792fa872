# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # DRIVER comes from /run.conf
# The interactive guest: what `scripts/vm --shell` prepares and says before the prompt. Read by init.

# An fsdax namespace with its page map in memory, and one bad sector, which the kernel has been told about.
prepare_shell() {
	ndctl create-namespace --force --reconfig=namespace0.0 --mode=fsdax --map=mem >/run/namespace.json 2>/run/namespace.err ||
		cat /run/namespace.err
	ndctl inject-error --block=1000 --count=1 namespace0.0 >/dev/null || echo "the injection failed"
	ndctl start-scrub >/dev/null 2>&1
	ndctl wait-scrub >/dev/null 2>&1
	cat <<EOF

Persistent memory is /dev/pmem0, its driver is $DRIVER, and sector 1000 of it is poisoned. Try:
  cat /sys/block/pmem0/badblocks                                       the bad sectors
  ndctl list --namespaces --media-errors                               the same, from the tool
  dd if=/dev/pmem0 of=/dev/null bs=512 skip=1000 count=1 iflag=direct  the read is refused
  dd if=/dev/zero of=/dev/pmem0 bs=512 seek=1000 count=1 oflag=direct  the write repairs
  ndctl inject-error --block=2000 --count=8 namespace0.0               more poison
  ls /tests                                                            the scenarios; run one with: sh /tests/NAME.sh
  monitor info status                                                  a command for QEMU's monitor
Leave with: poweroff (or Ctrl-A x)

EOF
}
