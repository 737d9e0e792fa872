# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Adds up what the parts of scripts/test report. It runs nothing. Totals are in passed, failed and skipped.

passed=0 failed=0 skipped=0

# result WORD TEXT: one line for the reader.
result() { printf '%-4s  %s\n' "$1" "$2"; }

# count_step NAME CODE LOG: a step that is one result: a build, a check.
count_step() {
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		result ok "$1"
	else
		failed=$((failed + 1))
		result FAIL "$1 (see ${3#"$TOP"/}; its last lines follow)"
		tail -n 30 "$3" | sed 's/^/      /'
	fi
}

# count_gtest NAME CODE LOG: GoogleTest prints one line for each test when it ends. A failing run without a failed test (it did not
# compile, it crashed) counts as one failure; a passing run without any test too: nothing was shown.
count_gtest() {
	local ok bad skip
	ok=$(grep -c '^\[       OK \] ' "$3" || true)
	bad=$(grep -c -E '^\[  FAILED  \] .* \([0-9]+ ms\)$' "$3" || true)
	skip=$(grep -c -E '^\[  SKIPPED \] .* \([0-9]+ ms\)$' "$3" || true)
	if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	if [ $((ok + bad)) -eq 0 ]; then bad=1; fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	if [ "$bad" -eq 0 ]; then
		result ok "$1: $ok tests"
	else
		result FAIL "$1: $ok tests passed, $bad failed (see ${3#"$TOP"/}; its last lines follow)"
		tail -n 30 "$3" | sed 's/^/      /'
	fi
}

# ktap_summary FILE: "OK NOT-OK SKIPPED" of a finished run of scripts/vm; fails when the run did not come to its summary.
ktap_summary() {
	tail -n 1 "$1" | sed -n 's/^# \([0-9]*\) ok, \([0-9]*\) not ok, \([0-9]*\) skipped .*/\1 \2 \3/p' | grep .
}

# count_scenario FILE: adds a run of scripts/vm to the totals.
count_scenario() {
	local ok bad skip
	if read -r ok bad skip < <(ktap_summary "$1"); then
		passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	else
		failed=$((failed + 1))
	fi
}

# second_boot FILE: a word on it, if scripts/vm has started the machine twice.
second_boot() { if grep -q '^# .* is started once more$' "$1"; then echo ', in the second boot'; fi; }

# report_scenario NAME FILE SECONDS: its line, and what failed.
report_scenario() {
	local ok bad skip
	if read -r ok bad skip < <(ktap_summary "$2"); then
		if [ "$bad" -eq 0 ]; then
			result ok "$1: $ok ok$([ "$skip" -eq 0 ] || echo ", $skip skipped")$(second_boot "$2") (${3} s)"
			return
		fi
		result FAIL "$1: $ok ok, $bad not ok, $skip skipped$(second_boot "$2") (${3} s)"
		sed -n -e '/^not ok /,/^ok /{/^ok /!s/^/      /p}' "$2"
	else
		result FAIL "$1: did not run to its end (${3} s)"
		tail -n 30 "$2" | sed 's/^/      /'
	fi
}
