# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The guest's file system: a base for each kernel release, kept in the cache, and a small part for each run. The kernel unpacks
# concatenated archives one after the other. Nothing is compressed: unpacking costs more in an emulated guest than reading.
# Needs common.sh and kernels.sh.

# Programs without a busybox twin, or whose twin does less: busybox dd knows no O_DIRECT, cmp no offsets, cp no reflinks. The shell must
# not be busybox's either: Debian builds that one to prefer its own applets over whatever is in PATH. All else is busybox, because it is
# static: an emulated processor starts it five times as fast as a program with libraries.
GUEST_PROGRAMS=(dash bash kmod ndctl daxctl dmsetup blockdev fallocate mount umount strace cmp findmnt lsblk blkdiscard dd sync cp
	mke2fs e2fsck tune2fs dumpe2fs debugfs filefrag mkfs.xfs xfs_repair xfs_io xfs_db mkfs.btrfs perl)
# fio drags in some 80 MB of libraries, so only runs that name it get it.
FIO_PROGRAMS=(fio)

# The in-tree modules a scenario may ask modprobe for; their dependencies come along.
GUEST_MODULES=(nfit libnvdimm nd_pmem nd_btt nd_e820 nd_virtio virtio_pmem virtio_pci virtio_console virtio_blk dax_pmem device_dax kmem
	dm-mod dm-log-writes dm-delay dm-flakey dm-snapshot dm-writecache dm-crypt dm-thin-pool ext4 xfs btrfs loop brd
	mce-inject hwpoison-inject crc32c_generic crc32c-intel crc32_pclmul libcrc32c)

# install_programs ROOT NAME...: each program at its own path, with all shared libraries it names.
install_programs() {
	local root=$1 name path inside library
	shift
	for name in "$@"; do
		path=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$name") || die "program '$name' is missing on this machine; run scripts/setup"
		inside=/usr${path#/usr}
		mkdir -p "$root${inside%/*}"
		cp -L "$path" "$root$inside"
		while read -r library; do
			[ -e "$root$library" ] || { mkdir -p "$root${library%/*}" && cp -L "$library" "$root$library"; }
		done < <(ldd "$path" 2>/dev/null | sed -n 's,.*[[:space:]]\(/[^ ]*\) (0x.*,\1,p')
	done
}

# Links for what one program does under several names.
install_links() {
	local root=$1 applet
	for applet in $(busybox --list); do
		[ -e "$root/usr/bin/$applet" ] || [ -e "$root/usr/sbin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
	done
	ln -sf dash "$root/usr/bin/sh"
	for applet in insmod rmmod lsmod modinfo; do ln -sf kmod "$root/usr/bin/$applet"; done
	for applet in modprobe depmod; do ln -sf ../bin/kmod "$root/usr/sbin/$applet"; rm -f "$root/usr/bin/$applet"; done
	for applet in mkfs.ext4 mkfs.ext2; do ln -sf mke2fs "$root/usr/sbin/$applet"; done
	ln -sf e2fsck "$root/usr/sbin/fsck.ext4"
}

install_modules() {
	local root=$1 release=$2 tree module path name
	tree=$(kernel_dir "$release")
	[ -e "$tree/lib/modules/$release/modules.dep" ] || depmod -b "$tree" "$release"
	for module in "${GUEST_MODULES[@]}"; do
		# A module that this series builds in, or does not have, is none to copy.
		modprobe -d "$tree" -S "$release" --show-depends --ignore-install "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
	done | sort -u | while read -r path; do
		name=${path#"$tree"}
		mkdir -p "$root/usr${name%/*}"
		case $path in
		*.xz) xz -dc "$path" >"$root/usr${name%.xz}" ;;
		*.zst) zstd -qdc "$path" >"$root/usr${name%.zst}" ;;
		*) cp "$path" "$root/usr$name" ;;
		esac
	done
	cp "$tree/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/usr/lib/modules/$release/"
	depmod -b "$root" "$release"
}

# The folders and the links of a merged /usr, as on Debian.
make_skeleton() {
	local root=$1 name
	mkdir -p "$root"/{dev,proc,sys,run,tmp,mnt,root,etc,tests} "$root"/usr/{bin,sbin,lib,lib64,lib/daxmend}
	for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
	ln -s /proc/self/mounts "$root/etc/mtab"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
}

# pack ROOT FILE: a cpio archive, owned by root whoever makes it, padded so that another can follow.
pack() {
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$2"
	truncate -s %512 "$2"
}

# inputs_key PROGRAM...: changes when what goes into an archive changes.
inputs_key() {
	local name
	{
		cat "$TOP/scripts/lib/initramfs.sh"
		for name in busybox "$@"; do stat -L -c '%n %s %Y' "$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$name")" 2>/dev/null || echo "$name is missing"; done
	} | sha256sum | cut -d' ' -f1
}

# make_base FILE RELEASE, make_fio FILE: build an archive in a private folder and move it into place whole.
make_base() (
	work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
	make_skeleton "$work"
	cp "$(command -v busybox)" "$work/usr/bin/busybox"
	install_programs "$work" "${GUEST_PROGRAMS[@]}"
	install_links "$work"
	install_modules "$work" "$2"
	# Without it each library is looked for in many folders.
	/sbin/ldconfig -r "$work" -X
	pack "$work" "$1.part"
	mv "$1.part" "$1"
)

make_fio() (
	work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
	make_skeleton "$work"
	install_programs "$work" "${FIO_PROGRAMS[@]}"
	find "$work" -mindepth 1 -maxdepth 1 ! -name usr -exec rm -rf {} + # the base has the links
	pack "$work" "$1.part"
	mv "$1.part" "$1"
)

# up_to_date KEY MAKER FILE [RELEASE]: makes FILE anew unless it was made from the same inputs.
up_to_date() {
	local key=$1 maker=$2 file=$3
	shift 2
	if [ -e "$file" ] && [ "$(cat "$file.key" 2>/dev/null)" = "$key" ]; then return 0; fi
	note "making ${file##*/}"
	mkdir -p "${file%/*}"
	rm -f "$file.key"
	"$maker" "$@"
	echo "$key" >"$file.key"
}

# prepare_archives RELEASE WITH-FIO: makes what is missing, leaves the paths in ARCHIVES.
prepare_archives() {
	local folder=$CACHE/initramfs key
	key="$(inputs_key "${GUEST_PROGRAMS[@]}") $(stat -c '%Y' "$(kernel_dir "$1")/.complete")"
	run_locked "initramfs-$1" up_to_date "$key" make_base "$folder/$1.cpio" "$1"
	ARCHIVES=("$folder/$1.cpio")
	if $2; then
		key=$(inputs_key "${FIO_PROGRAMS[@]}")
		run_locked initramfs-fio up_to_date "$key" make_fio "$folder/fio.cpio"
		ARCHIVES+=("$folder/fio.cpio")
	fi
}

# compile_tools FOLDER: compiles tests/guest/tools/*.c. They are static: the guest has few libraries.
compile_tools() {
	local folder=$1 source target newest_header
	mkdir -p "$folder"
	newest_header=$(find "$TOP/tests/guest/tools" -name '*.h' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
	for source in "$TOP"/tests/guest/tools/*.c; do
		[ -e "$source" ] || continue
		target=$folder/$(basename "$source" .c)
		[ "$target" -nt "$source" ] && [ "$target" -nt "$newest_header" ] && continue
		gcc-12 -static -O2 -Wall -Wextra -o "$folder/.part" "$source"
		mv "$folder/.part" "$target"
	done
}

# run_archive FILE CONF MODULES-DIR: what belongs to one run. MODULES-DIR is empty when our modules are not wanted.
run_archive() (
	work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
	mkdir -p "$work"/usr/lib/daxmend "$work/usr/bin" "$work/tests/bin"
	cp "$TOP/scripts/guest/init" "$work/init"
	cp "$TOP/scripts/guest/"*.sh "$work/usr/lib/daxmend/"
	cp "$TOP/scripts/guest/monitor" "$TOP/scripts/switch-driver" "$work/usr/bin/"
	cp "$TOP/scripts/modprobe/daxmend.conf" "$work/usr/lib/daxmend/"
	if [ -n "$3" ]; then cp "$3"/{dax_core,pmem_drv,dm_passthrough}.ko "$work/usr/lib/daxmend/"; fi
	if [ -d "$TOP/tests/guest" ]; then cp -r "$TOP/tests/guest/." "$work/tests/"; fi
	rm -rf "$work/tests/tools"
	run_locked guest-tools compile_tools "$BUILD/guest-tools"
	# Only tools whose source is still there.
	for source in "$TOP"/tests/guest/tools/*.c; do
		[ ! -e "$source" ] || cp "$BUILD/guest-tools/$(basename "$source" .c)" "$work/tests/bin/"
	done
	cp "$2" "$work/run.conf"
	pack "$work" "$1"
)
