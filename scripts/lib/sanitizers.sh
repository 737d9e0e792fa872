# shellcheck shell=bash disable=SC2034,SC2154 # the settings are those of scripts/vm
# SPDX-License-Identifier: GPL-2.0
# How a machine differs when a sanitizer kernel runs in it. What these kernels look for is in scripts/kernel-config/.
# Needs common.sh and kernels.sh.

# without_counted_instructions: takes "-icount VALUE" out of the arguments for QEMU
without_counted_instructions() {
	local word previous=''
	local -a kept=()
	for word in "${qemu_extra[@]}"; do
		if [ "$word" != -icount ] && [ "$previous" != -icount ]; then kept+=("$word"); fi
		previous=$word
	done
	qemu_extra=("${kept[@]}")
}

# sanitizer_settings SANITIZER: changes the settings of scripts/vm. PATIENCE is how many times longer things may take; a scenario sees
# it too.
sanitizer_settings() {
	PATIENCE=1
	case $1 in
	kasan)
		# Without it only the first report of a boot is printed.
		kernel_line+=' kasan_multi_shot'
		if $leak_check; then kernel_line+=' kmemleak=on'; else kernel_line+=' kmemleak=off'; fi
		# With addresses of 57 bits an early interrupt is reported: while identify_cpu() has forgotten what the processor can
		# do, KASAN takes all of the kernel's addresses for wild ones.
		processor+=,la57=off
		PATIENCE=6
		memory=$((memory < 2048 ? 2048 : memory))
		;;
	kcsan)
		# A race needs two processors. An emulated one is slow: a watchpoint must stand longer to meet the other. One access in
		# 20 is watched where a scenario asks for two processors, to let users meet; in the others only the kernel's own
		# threads can meet them, and time is worth more.
		kernel_line+=" kcsan.skip_watch=$((cpus < 2 ? 1000 : 20)) kcsan.udelay_task=300"
		PATIENCE=4
		cpus=$((cpus < 2 ? 2 : cpus))
		# With a clock of counted instructions and two processors this kernel does not come to its first word (seen with
		# p02_small_faults). What things cost is not asked here.
		without_counted_instructions
		;;
	esac
	timeout=$((timeout * PATIENCE)) boot_timeout=$((boot_timeout * PATIENCE))
}
