# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Reads what a sanitizer kernel found: which of its reports are about our modules, and which of their lines were run. On other kernels
# it finds nothing to read. Read by init; used by report.sh.

OURS='[[](dax_core|pmem_drv|dm_passthrough)[]]'

# without_foreign_races: the kernel log, less the data races between two places of the kernel's own. A report stands between two
# lines of '='; a race is ours if a function of ours is in either of its two stacks.
without_foreign_races() {
	awk -v ours="$OURS" '
		/[=]{60}/ && !inside { inside = 1; held = $0; race = mine = 0; next }
		!inside { print; next }
		{ held = held "\n" $0 }
		/BUG: KCSAN: / { race = 1 }
		$0 ~ ours { mine = 1 }
		/[=]{60}/ { inside = 0; if (!race || mine) print held }
		END { if (inside) print held }'
}

KMEMLEAK=/sys/kernel/debug/kmemleak

# leaks_watched: the kernel notes each allocation
leaks_watched() {
	grep -q 'kmemleak=on' /proc/cmdline
}
# Its own scans would come on top of those at the end.
if leaks_watched; then echo scan=off >"$KMEMLEAK"; fi

# our_leaks: of the allocations that nothing points to, those with a function of ours in their stack, or with a nameless one: a module
# that was unloaded has no names any more.
our_leaks() {
	awk -v ours="$OURS" '
		/^unreferenced object/ { if (mine) print held; held = ""; mine = 0 }
		{ held = held $0 "\n" }
		$0 ~ ours || /\] 0xffffffff[0-9a-f]+$/ { mine = 1 }
		END { if (mine) print held }' "$KMEMLEAK"
}

# check_leaks: an object counts as lost when two scans, more than five seconds after it was made, do not find it.
check_leaks() {
	leaks_watched || return 0
	echo scan >"$KMEMLEAK"
	sleep 6
	echo scan >"$KMEMLEAK"
	our_leaks >/run/leaks
	if [ -s /run/leaks ]; then
		extra_result 'not ok' "nothing that the modules allocate is lost"
		head -n 60 /run/leaks | sed 's/^/# /'
	else
		extra_result ok "nothing that the modules allocate is lost"
	fi
}

GCOV=/sys/kernel/debug/gcov

# send_coverage: the counts of our objects, for the host. Files of debugfs have no size, so they are copied first.
send_coverage() {
	[ -d "$GCOV" ] || return 0
	find "$GCOV" -name '*.gcda' | while read -r counts; do
		copy=/run/coverage${counts#"$GCOV"}
		mkdir -p "${copy%/*}"
		cat "$counts" >"$copy"
	done
	tar -C /run/coverage -c . | gzip | base64 | sed 's/^/coverage: /' >&9
}
