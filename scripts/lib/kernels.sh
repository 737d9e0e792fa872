# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Kernel releases: which is the newest of a series, in the cache or in the package lists. It downloads nothing.
# Needs common.sh.

# The meta packages whose dependency names the newest release of a series.
image_meta() { if [ "$1" = 6.1 ]; then echo linux-image-amd64; else echo "linux-image-$1-amd64"; fi; }

known_series() {
	local series
	for series in "${KERNEL_SERIES[@]}" "${SANITIZERS[@]}"; do
		[ "$1" != "$series" ] || return 0
	done
	return 1
}

# sanitizer_of SERIES-OR-RELEASE: kasan, kcsan, or nothing for a kernel of Debian.
sanitizer_of() {
	local sanitizer
	for sanitizer in "${SANITIZERS[@]}"; do
		case $1 in "$sanitizer" | *-"$sanitizer") echo "$sanitizer" ;; esac
	done
}

kernel_dir() { echo "$CACHE/kernels/$1"; }
kernel_cached() { [ -e "$(kernel_dir "$1")/.complete" ]; }

# cached_release SERIES: the newest complete release in the cache; fails when there is none.
cached_release() {
	local dir release sanitizer newest=''
	sanitizer=$(sanitizer_of "$1")
	while read -r dir; do
		release=${dir##*/}
		[ "$(sanitizer_of "$release")" = "$sanitizer" ] || continue
		case $release in "$1".* | *-"$1") if kernel_cached "$release"; then newest=$release; fi ;; esac
	done < <(find "$CACHE/kernels/" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort -V)
	[ -n "$newest" ] && echo "$newest"
}

# archive_release SERIES: the newest release that the package lists of this machine name.
archive_release() {
	local depends
	depends=$(apt-cache depends --no-recommends --no-suggests "$(image_meta "$1")" 2>/dev/null |
		sed -n "s/^ *|\{0,1\}Depends: linux-image-\($1\..*-amd64\)\$/\1/p" | head -n 1)
	[ -n "$depends" ] && echo "$depends"
}

# release_of SERIES-OR-RELEASE: a series becomes its newest release (from the cache first, so that a filled cache needs no
# archive); a release stays what it is. Must be cached already.
release_of() {
	local release
	if known_series "$1"; then
		release=$(cached_release "$1") || die "no kernel of series $1 is in the cache; run scripts/kernel fetch $1"
	else
		release=$1
		kernel_cached "$release" ||
			die "kernel '$release' is not in the cache; allowed are ${KERNEL_SERIES[*]} ${SANITIZERS[*]} or one of: $(all_cached)"
	fi
	echo "$release"
}

all_cached() {
	local dir
	for dir in "$CACHE"/kernels/*/.complete; do
		[ ! -e "$dir" ] || { dir=${dir%/.complete} && printf '%s ' "${dir##*/}"; }
	done
}

# headers_usable DIR: everything that an external module build reads first.
headers_usable() {
	[ -e "$1/Makefile" ] && [ -e "$1/.config" ] && [ -e "$1/Module.symvers" ] &&
		[ -e "$1/include/generated/autoconf.h" ] && [ -x "$1/scripts/mod/modpost" ]
}
