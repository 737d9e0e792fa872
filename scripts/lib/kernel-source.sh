# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Debian's packages as files: downloading them, and taking the kernel's source out of its package. It installs nothing.
# Needs common.sh.

# download_packages FOLDER PACKAGE...: as root, apt would try to drop to a user who cannot write there, and complain about it.
download_packages() {
	local folder=$1
	shift
	(cd "$folder" && apt-get -o APT::Sandbox::User="$(id -un)" -qq download "$@")
}

# unpack_source SERIES FOLDER [PATTERN...]: the kernel's source, whole or only the files that a pattern names, in FOLDER/tree.
unpack_source() {
	local series=$1 folder=$2
	shift 2
	download_packages "$folder" "linux-source-$series" || return 1
	dpkg-deb -x "$folder/linux-source-$series"_*.deb "$folder/deb" && rm "$folder/linux-source-$series"_*.deb || return 1
	mkdir "$folder/tree"
	tar -C "$folder/tree" --strip-components=1 --wildcards -xf "$folder/deb/usr/src/linux-source-$series.tar.xz" "$@" || return 1
	rm -r "$folder/deb"
}
