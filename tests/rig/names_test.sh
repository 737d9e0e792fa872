#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Shows that the host scripts stop at a scenario that there is not, wherever its name stands, and run none of the others.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)

# refused SCRIPT CODE: the script is given a good name and one that there is not
refused() {
	local said code=0
	said=$("$top/scripts/$1" p11_full_list no_such_scenario 2>&1) || code=$?
	[ "$code" -eq "$2" ] || { echo "$1: expected the code $2, got $code: $said" && exit 1; }
	[[ $said == *"there is no scenario 'no_such_scenario'"* ]] || { echo "$1: did not name it: $said" && exit 1; }
	[ "$(wc -l <<<"$said")" -eq 1 ] || { echo "$1: did more than that: $said" && exit 1; }
}

refused test 2
refused compare 2
refused vm 1
echo "names: a scenario that there is not stops test, compare and vm before they run anything"
