# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Which lines of the modules the scenarios ran: counts that the kasan kernel keeps (gcov), brought out of each guest and added up.
# It judges nothing. Needs common.sh.

# keep_coverage FILE FOLDER: FILE is what the guest sent: an archive in base64, with the counts under the absolute names of objects.
keep_coverage() {
	rm -rf "$2"
	[ -s "$1" ] || return 0
	mkdir -p "$2"
	base64 -d "$1" | tar -xz -C "$2" || note "the coverage that the guest sent is not complete"
}

# add_counts SUM FOLDER: adds the counts of one run. gcov-tool adds two folders into a third.
add_counts() {
	if [ ! -d "$1" ]; then
		cp -r "$2" "$1"
	else
		gcov-tool-12 merge -o "$1.new" "$1" "$2" >/dev/null 2>&1 || die "the counts in $2 are of another build"
		rm -rf "$1"
		mv "$1.new" "$1"
	fi
}

# annotated_sources SUM: gcov's listing of each object's sources, with the count of each line. gcov looks for the notes that the
# compiler left beside the counts.
annotated_sources() {
	local counts object
	while read -r counts; do
		object=${counts#"$1"}
		object=${object%.gcda}
		ln -sf "$object.gcno" "${counts%.gcda}.gcno"
		gcov-12 --stdout "$counts" 2>/dev/null
	done < <(find "$1" -name '*.gcda')
}

# coverage_table RELEASE: reads annotated sources; a line counts as run if any object that has it ran it, with fault points or without.
# The others are named in build/logs/RELEASE/lines-not-run.
coverage_table() {
	awk -F: -v top="$BUILD/$1" -v missing="sort -t: -k 1,1 -k 2n >$BUILD/logs/$1/lines-not-run" '
		$2 + 0 == 0 && $3 == "Source" {
			file = index($4, top) == 1 ? substr($4, length(top) + 1) : ""
			sub("^([+]fault-points)?/", "", file)
			next
		}
		file == "" || $2 + 0 == 0 { next }
		{ gsub(/[ *]/, "", $1) }
		$1 == "-" { next }
		!((file, $2) in run) { run[file, $2] = 0; lines[file]++ }
		$1 !~ /^[#=]/ && !run[file, $2] { run[file, $2] = 1; hit[file]++ }
		END {
			for (line in run) {
				split(line, place, SUBSEP)
				if (!run[line]) print place[1] ":" place[2] | missing
			}
			close(missing)
			for (file in lines) {
				printf "%5.1f %%  %4d of %4d lines  %s\n", 100 * hit[file] / lines[file], hit[file], lines[file], file | "sort -k 7"
				all += lines[file]; done += hit[file]
			}
			close("sort -k 7")
			if (all) printf "%5.1f %%  %4d of %4d lines  together\n", 100 * done / all, done, all
		}'
}

# print_coverage RELEASE FOLDER...: the folders of the runs that are to be added up.
print_coverage() (
	work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
	for folder in "${@:2}"; do
		if [ -d "$folder" ]; then add_counts "$work/sum" "$folder"; fi
	done
	[ -d "$work/sum" ] || return 0
	annotated_sources "$work/sum" | coverage_table "$1"
)
