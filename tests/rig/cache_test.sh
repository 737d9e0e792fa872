#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Shows that the host scripts refuse a shared cache in which somebody else could plant a kernel, and take one in which nobody can.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/cache/kernels"

# try SENTENCE: what reading in scripts/lib/common.sh says of the cache; "trusted" if it says nothing and goes on
try() {
	local said
	said=$(DAXMEND_CACHE=$work/cache bash -c ". '$top/scripts/lib/common.sh'; echo trusted" 2>&1) || true
	case "$said" in
	*"$1"*) ;;
	*) echo "expected '$1', got: $said" && exit 1 ;;
	esac
}

chmod 755 "$work/cache" "$work/cache/kernels"
try trusted
chmod 777 "$work/cache"
try "others may write to $work/cache;"
chmod 755 "$work/cache"
chmod 775 "$work/cache/kernels"
try "others may write to $work/cache/kernels;"
chmod 755 "$work/cache/kernels"
# Only root can give a folder away.
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$work/cache/kernels"
	try "must belong to you or to root"
	chown 0 "$work/cache/kernels"
fi
rm -r "$work/cache"
try trusted
echo "cache: a shared cache is trusted only if nobody else can write to it"
