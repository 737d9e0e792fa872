# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The file that QEMU boots. Unpacking a compressed kernel costs an emulated processor more than booting it, so it is unpacked here,
# once a release, and QEMU starts the ELF image by its PVH note. Needs common.sh and kernels.sh.

# Fields of the boot protocol's header (Documentation/arch/x86/boot.rst), offsets in bytes from the begin of vmlinuz.
SETUP_SECTS=0x1f1    # one byte: 512-byte sectors before the protected-mode code, less the first
PAYLOAD_OFFSET=0x248 # four bytes, counted from the protected-mode code
PAYLOAD_LENGTH=0x24c # four bytes

# header_number FILE OFFSET BYTES
header_number() { od -An -v -t "u$3" -j "$(($2))" -N "$3" "$1" | tr -d ' '; }

# unpack_payload VMLINUZ FILE: nothing to do when FILE is newer; no FILE when the payload is in a form that is not known here.
unpack_payload() {
	local first length unpack
	[ "$2" -nt "$1" ] && return 0
	first=$((($(header_number "$1" "$SETUP_SECTS" 1) + 1) * 512 + $(header_number "$1" "$PAYLOAD_OFFSET" 4)))
	# The last four bytes tell the size of what comes out, and are not part of the stream.
	length=$(($(header_number "$1" "$PAYLOAD_LENGTH" 4) - 4))
	case $(od -An -t x1 -j "$first" -N 4 "$1" | tr -d ' ') in
	fd377a58) unpack=xz ;;
	28b52ffd) unpack=zstd ;;
	*) return 0 ;;
	esac
	if head -c "$((first + length))" "$1" | tail -c "$length" | "$unpack" -dc >"$2.part"; then mv "$2.part" "$2"; fi
}

# boot_image RELEASE: prints the path. A kernel without PVH, or that cannot be unpacked, is booted as it is.
boot_image() {
	local folder
	folder=$(kernel_dir "$1")/boot
	if grep -q '^CONFIG_PVH=y' "$folder/config-$1"; then
		run_locked "image-$1" unpack_payload "$folder/vmlinuz-$1" "$folder/vmlinux-$1"
	fi
	if [ -e "$folder/vmlinux-$1" ]; then echo "$folder/vmlinux-$1"; else echo "$folder/vmlinuz-$1"; fi
}
