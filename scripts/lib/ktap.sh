# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# KTAP: counts results of a guest, and shows the lines that a person wants to see. It runs nothing.

ktap_reset() {
	KTAP_PASSED=0 KTAP_FAILED=0 KTAP_SKIPPED=0 KTAP_PLAN=''
}

# ktap_line LINE: counts a result; every line that is KTAP, or a remark in it, is printed.
ktap_line() {
	case $1 in
	'not ok '[0-9]*) KTAP_FAILED=$((KTAP_FAILED + 1)) ;;
	'ok '[0-9]*'# SKIP'*) KTAP_SKIPPED=$((KTAP_SKIPPED + 1)) ;;
	'ok '[0-9]*) KTAP_PASSED=$((KTAP_PASSED + 1)) ;;
	'1..'[0-9]*) KTAP_PLAN=${1#1..} && KTAP_PLAN=${KTAP_PLAN%% *} ;;
	'#'* | 'KTAP version '* | 'TAP version '*) ;;
	*) return 0 ;;
	esac
	printf '%s\n' "$1"
}

# ktap_fail TEXT: a result that the host adds, because the guest could not.
ktap_fail() {
	ktap_line "not ok $((KTAP_PASSED + KTAP_FAILED + KTAP_SKIPPED + 1)) - $1"
}
