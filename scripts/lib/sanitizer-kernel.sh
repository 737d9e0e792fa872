# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Builds a sanitizer kernel from Debian's source and puts it into the cache in the form of an unpacked Debian kernel: boot/vmlinuz,
# lib/modules, and a folder to build modules against. What is in it is decided by scripts/kernel-config/.
# Needs common.sh, kernels.sh and kernel-source.sh.

# configuration SANITIZER: the lines that are wanted.
configuration() { cat "$TOP/scripts/kernel-config/common.config" "$TOP/scripts/kernel-config/$1.config"; }

configuration_key() { { configuration "$1" | grep '^CONFIG_' && make_arguments "$1"; } | sha256sum | cut -d' ' -f1; }

# refused_settings FILE SANITIZER: the wanted lines that the finished configuration FILE does not have. The kernel's configuration
# drops a setting whose conditions are not met, without a word.
refused_settings() {
	local wanted
	while read -r wanted; do
		case $wanted in
		CONFIG_*=n) ! grep -q "^${wanted%n}" "$1" || echo "$wanted" ;;
		CONFIG_*) grep -q -x -F -- "$wanted" "$1" || echo "$wanted" ;;
		esac
	done < <(configuration "$2")
}

# make_arguments SANITIZER: kcsan watches one access in so many, wherever it is, so the kernel's own are left to themselves: only our
# modules are watched. The kernel's barriers stay known to it, or each lock of the kernel's that orders ours would be unseen.
make_arguments() {
	[ "$1" != kcsan ] || echo CFLAGS_KCSAN=-D__KCSAN_INSTRUMENT_BARRIERS__
}

# build_kernel TREE SANITIZER
build_kernel() {
	local tree=$1 sanitizer=$2 refused
	local -a arguments
	make -C "$tree" -s tinyconfig && configuration "$sanitizer" >>"$tree/.config" && make -C "$tree" -s olddefconfig || return 1
	refused=$(refused_settings "$tree/.config" "$sanitizer")
	[ -z "$refused" ] || { note "this kernel does not take: ${refused//$'\n'/, }" && return 1; }
	read -r -a arguments <<<"$(make_arguments "$sanitizer")"
	nice make -C "$tree" -j"$(nproc)" "${arguments[@]}" bzImage modules
}

# install_kernel TREE ROOT RELEASE: what Debian's packages would hold.
install_kernel() {
	local tree=$1 root=$2 release=$3 headers=$2/usr/src/linux-headers-$3
	mkdir -p "$root/boot" "$headers"
	cp "$tree/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$release"
	cp "$tree/System.map" "$root/boot/System.map-$release"
	cp "$tree/.config" "$root/boot/config-$release"
	make -C "$tree" -s modules_install INSTALL_MOD_PATH="$root" DEPMOD=true || return 1
	rm -f "$root/lib/modules/$release"/{build,source}
	(cd "$tree" && find Makefile .config Module.symvers include scripts arch/x86/include arch/x86/Makefile* tools/objtool/objtool \
		\( -type f -o -type l \) ! -name '*.o' ! -name '.*.cmd' -print0 | cpio -0 -pdm --quiet "$headers") || return 1
	headers_usable "$headers"
}

# make_sanitizer_kernel SANITIZER: runs under its lock. Like a downloaded kernel, only a finished one gets the real name.
make_sanitizer_kernel() {
	local sanitizer=$1 key release work log
	key=$(configuration_key "$sanitizer")
	if release=$(cached_release "$sanitizer") && [ "$(cat "$(kernel_dir "$release")/.complete")" = "$key" ]; then return 0; fi
	"$TOP/scripts/setup" --kernel-build || return 1
	work=$CACHE/kernels/.part-$sanitizer
	log=$CACHE/kernels/$sanitizer.log
	rm -rf "$work" && mkdir -p "$work/root" || return 1
	note "fetching the kernel's source for $sanitizer (140 MB)"
	unpack_source "${KERNEL_SERIES[0]}" "$work" || die "the source of kernel ${KERNEL_SERIES[0]} could not be fetched"
	note "building the $sanitizer kernel; this takes minutes, see $log"
	build_kernel "$work/tree" "$sanitizer" >"$log" 2>&1 || { tail -n 20 "$log" >&2 && die "the $sanitizer kernel could not be built"; }
	release=$(make -C "$work/tree" -s kernelrelease)
	install_kernel "$work/tree" "$work/root" "$release" >>"$log" 2>&1 || die "the $sanitizer kernel could not be installed, see $log"
	echo "$key" >"$work/root/.complete"
	find "$CACHE/kernels" -mindepth 1 -maxdepth 1 -type d -name "[0-9]*-$sanitizer" -exec rm -rf {} +
	mv "$work/root" "$(kernel_dir "$release")" || return 1
	rm -rf "$work"
	note "kernel $release is ready"
}
