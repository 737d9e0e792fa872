# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The scenarios of tests/guest: which there are, and what their first comments say. It runs none. Needs common.sh.

# Scenarios are the files of tests/guest that are no library.
all_scenarios() {
	local file name
	for file in "$TOP"/tests/guest/*.sh; do
		name=$(basename "$file" .sh)
		case $name in lib | lib[-_]* | '*') ;; *) echo "$name" ;; esac
	done
}

# about NAME: the first sentence of a scenario's first comment.
about() {
	awk 'NR == 1 || /SPDX/ || /^# shellcheck / { next } !/^#/ { exit } { sub(/^# ?/, "") }
		$0 == "" && text != "" { exit } $0 != "" { text = text (text == "" ? "" : " ") $0 }
		END { if (match(text, /\. /)) text = substr(text, 1, RSTART); print text }' "$TOP/tests/guest/$1.sh"
}

# promises NAME: the promises that its first comment names, as "P1, P8"; nothing if it names none.
promises() {
	awk '!/^#/ { exit } { sub(/^# ?/, ""); text = text " " $0 }
		END { if (match(text, /Promises?: [P0-9, ]*/)) { text = substr(text, RSTART, RLENGTH); sub(/^[^:]*: /, "", text); print text } }' \
		"$TOP/tests/guest/$1.sh"
}

# known_scenarios NAME...: the names, given as path or as NAME; stops at one that there is not.
known_scenarios() {
	local name
	for name in "$@"; do
		name=${name##*/}
		name=${name%.sh}
		grep -q -x -F -- "$name" <<<"$(all_scenarios)" || die "there is no scenario '$name'; scripts/test --list names them"
		echo "$name"
	done
}
