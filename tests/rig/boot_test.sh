#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Shows what scripts/vm does with a machine that dies or hangs before its first program begins: it is started once more, which is said,
# and if that one does the same, the scenario has failed. QEMU's name is taken by a script that dies or hangs as often as it is told.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/qemu-system-x86_64" <<END
#!/bin/sh
left=\$(cat "$work/deaths")
if [ "\$left" -eq 0 ]; then exec "$(command -v qemu-system-x86_64)" "\$@"; fi
echo \$((left - 1)) >"$work/deaths"
echo "this machine dies"
sleep "\$(cat "$work/seconds")"
exit 1
END
chmod +x "$work/qemu-system-x86_64"

# boots DEATHS SECONDS [OPTION...]: runs a scenario whose first machines die after so long; its code is in $code, what it said in $work/said
boots() {
	echo "$1" >"$work/deaths"
	echo "$2" >"$work/seconds"
	code=0
	PATH=$work:$PATH "$top/scripts/vm" --driver nd_pmem "${@:3}" partitions >"$work/said" 2>&1 || code=$?
}

# expect CODE TEXT...: the code it ended with and what it must have said
expect() {
	local text
	[ "$code" -eq "$1" ] || { echo "expected the code $1, got $code:" && cat "$work/said" && exit 1; }
	shift
	for text; do
		grep -qF "$text" "$work/said" || { echo "expected '$text' in:" && cat "$work/said" && exit 1; }
	done
}

boots 1 0
expect 0 "# the machine did not come to its first program" "is started once more" " 0 not ok"
# shellcheck source=scripts/lib/count.sh
line=$(. "$top/scripts/lib/count.sh" && report_scenario partitions "$work/said" 9)
[[ $line == "ok "*", in the second boot (9 s)" ]] || { echo "the report of scripts/test does not tell of the second boot: $line" && exit 1; }
boots 2 0
expect 1 "is started once more" "not ok 1 - partitions runs to its end; the machine stopped before" "# this machine dies"
boots 2 60 --boot-timeout 1
expect 1 "is started once more" "not ok 1 - partitions begins within 1 s"
echo "boot: a machine that does not come to its first program is started once more, and not in silence"
