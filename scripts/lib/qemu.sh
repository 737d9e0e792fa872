# shellcheck shell=bash disable=SC2034,SC2054,SC2154 # settings come from scripts/vm, commas belong to QEMU
# SPDX-License-Identifier: GPL-2.0
# The emulated machine: its command line, and the talk with the guest over its second serial port. What the talk means for a test
# is in ktap.sh. Needs common.sh.
#
# QEMU is given two pairs of pipes in the run folder: host.in/host.out is the guest's ttyS1, qmp.in/qmp.out the machine's control
# protocol, which the bridge uses when the guest asks for a monitor command.

# acpi_table CLEAR-UNIT: compiles the ARS and injection table when its source is newer; leaves its path in ACPI_TABLE. The platform
# clears so many bytes at once.
acpi_table() {
	ACPI_TABLE=$CACHE/acpi/inject-$1.aml
	run_locked acpi compile_acpi_table "$1"
}
compile_acpi_table() {
	local source=$TOP/scripts/acpi/inject.asl part=$CACHE/acpi/part report
	[ "$ACPI_TABLE" -nt "$source" ] && return 0
	mkdir -p "$CACHE/acpi"
	sed "s/Name (CUNI, 512)/Name (CUNI, $1)/" "$source" >"$part.asl"
	report=$(iasl -we -ve -p "$part" "$part.asl" 2>&1) || die "iasl refuses $source: $report"
	mv "$part.aml" "$ACPI_TABLE"
}

# NVDIMM size as QEMU needs it: whole 16 MiB steps, plus the label area, or the kernel refuses the region's alignment.
LABEL_KIB=128
nvdimm_bytes() { echo $(((($1 + 15) / 16 * 16) * 1024 * 1024 + LABEL_KIB * 1024)); }

# qemu_command RUN-DIR: fills QEMU with the command line, from the settings of scripts/vm.
qemu_command() {
	local run=$1 i bytes file
	bytes=$(nvdimm_bytes "$nvdimm_size")
	# The kernel ends QEMU with this script, however the script ends.
	QEMU=(setpriv --pdeathsig TERM qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
		-accel tcg -machine q35,nvdimm=on -cpu "$processor" -smp "$cpus"
		# Four slots whatever the number of NVDIMMs: the ACPI table names as many.
		-m "${memory}M,slots=4,maxmem=$((memory + nvdimms * (nvdimm_size + 16) + virtio_pmem + 1024))M"
		-kernel "$image" -initrd "$run/initrd" -append "$kernel_line"
		-chardev "pipe,id=host,path=$run/host" -chardev "pipe,id=qmp,path=$run/qmp" -mon chardev=qmp,mode=control)
	for ((i = 0; i < nvdimms; i++)); do
		file=$run/nvdimm$i
		if [ -n "$nvdimm_file" ]; then file=$nvdimm_file && [ "$i" -eq 0 ] || file=$nvdimm_file.$i; fi
		[ -e "$file" ] || truncate -s "$bytes" "$file"
		[ "$(stat -c %s "$file")" -eq "$bytes" ] ||
			die "'$file' has $(stat -c %s "$file") bytes; with --nvdimm-size=$nvdimm_size it must have $bytes"
		QEMU+=(-object "memory-backend-file,id=mem$i,share=on,mem-path=$file,size=$bytes"
			-device "nvdimm,id=nvdimm$i,memdev=mem$i,label-size=${LABEL_KIB}K")
	done
	if ! $stock_firmware; then QEMU+=(-acpitable "file=$ACPI_TABLE"); fi
	if [ "$virtio_pmem" -gt 0 ]; then
		QEMU+=(-object "memory-backend-file,id=virtio-mem,share=on,mem-path=$run/virtio-pmem,size=${virtio_pmem}M"
			-device virtio-pmem-pci,memdev=virtio-mem -D "$run/trace" -trace virtio_pmem_flush_done)
	fi
	if [ "$mode" = shell ]; then
		# Ctrl-A x ends QEMU, Ctrl-C belongs to the guest.
		QEMU+=(-chardev "stdio,id=console,mux=on,signal=off,logfile=$log")
	else
		QEMU+=(-chardev "file,id=console,path=$log")
	fi
	QEMU+=(-serial chardev:console -serial chardev:host)
	if [ -n "$monitor_path" ]; then QEMU+=(-monitor "unix:$monitor_path,server=on,wait=off"); fi
	QEMU+=("${qemu_extra[@]}")
}

# make_pipes RUN-DIR: both ends stay open here, so that neither side ever waits for the other to appear.
make_pipes() {
	mkfifo "$1/host.in" "$1/host.out" "$1/qmp.in" "$1/qmp.out"
	exec {to_guest}<>"$1/host.in" {from_guest}<>"$1/host.out" {to_qmp}<>"$1/qmp.in" {from_qmp}<>"$1/qmp.out"
}

# qmp JSON: one request; leaves the answer's line in QMP_ANSWER. Lines about events are not answers.
qmp() {
	printf '%s\n' "$1" >&"$to_qmp"
	while IFS= read -r -t 20 QMP_ANSWER <&"$from_qmp"; do
		QMP_ANSWER=${QMP_ANSWER%$'\r'}
		case $QMP_ANSWER in
		'{"return":'* | '{"error":'*) return 0 ;;
		esac
	done
	return 1
}

# answer_monitor COMMAND: runs a monitor command for the guest and answers in one line. A refusal by QEMU begins with "Error" or
# names an unknown command; the line breaks of an answer become " | ".
answer_monitor() {
	local text
	if [ "$1" = flushes ]; then
		# QEMU writes this line after fsync() of the file.
		printf 'monitor: ok %s\n' "$(grep -c 'virtio_pmem_flush_done fsync return=0' "$run_dir/trace")" >&"$to_guest"
		return
	fi
	if ! $qmp_ready; then
		qmp '{"execute":"qmp_capabilities"}' && qmp_ready=true
	fi
	text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	if ! qmp "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"$text\"}}"; then
		printf 'monitor: error: QEMU does not answer\n' >&"$to_guest"
		return
	fi
	text=$(sed -E -e 's/^\{"(return|error)": *//' -e 's/\}$//' -e 's/^"//' -e 's/"$//' \
		-e 's/(\\r)?\\n$//' -e 's/(\\r)?\\n/ | /g' -e 's/\\"/"/g' -e 's/\\\\/\\/g' <<<"$QMP_ANSWER")
	case $QMP_ANSWER in
	'{"error":'* | *'"Error'* | *'"unknown command'* | *'"invalid '* | *': extraneous '* | *' expects '*)
		printf 'monitor: error: %s\n' "$text" >&"$to_guest"
		;;
	*) printf 'monitor: ok%s\n' "${text:+ $text}" >&"$to_guest" ;;
	esac
}

# talk PID SECONDS FIRST HANDLER: reads the guest's lines until it says that it ends, QEMU ends, or time is up: SECONDS for all of it,
# FIRST for its first line (0: no limit). Monitor requests are served, every other line goes to HANDLER. Leaves how it ended in
# TALK_END (end, died, silent or timeout), and in TALK_BEGAN whether there was a line at all.
talk() {
	local pid=$1 limit=$2 first=$3 handler=$4 line='' part start=$SECONDS
	qmp_ready=false
	TALK_END='' TALK_BEGAN=false
	while :; do
		# Time-outs give partial lines; they are put together. One that comes just behind the newline takes that with it: the
		# guest's terminal has put a CR before, and if the newline is still to come, then as an empty line, which nobody minds.
		if IFS= read -r -t 0.5 part <&"$from_guest" || [[ $part == *$'\r' ]]; then
			line=${line}${part%$'\r'}
			TALK_BEGAN=true
			case $line in
			'monitor: '*) answer_monitor "${line#monitor: }" ;;
			'daxmend: end') TALK_END=end && return 0 ;;
			*) "$handler" "$line" ;;
			esac
			line=''
			# A guest that never stops writing has no time-outs of read.
			if [ "$limit" -eq 0 ] || [ $((SECONDS - start)) -lt "$limit" ]; then continue; fi
		fi
		line=$line$part
		if ! kill -0 "$pid" 2>/dev/null; then TALK_END=died && return 0; fi
		if ! $TALK_BEGAN && [ "$first" -gt 0 ] && [ $((SECONDS - start)) -ge "$first" ]; then TALK_END=silent && return 0; fi
		if [ "$limit" -gt 0 ] && [ $((SECONDS - start)) -ge "$limit" ]; then TALK_END=timeout && return 0; fi
	done
}
