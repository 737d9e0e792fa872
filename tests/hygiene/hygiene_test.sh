#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Shows that scripts/hygiene finds what it is there for: small objects, each with one mistake, and one without any. It does not
# look at the project's own modules.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# try NAME SENTENCE FLAGS: compiles standard input; SENTENCE must be among the complaints, or none for "clean".
try() {
	local code=0
	# shellcheck disable=SC2086 # flags are words
	g++-12 -x c++ -std=gnu++20 -ffreestanding -fno-pic -mcmodel=kernel -fno-asynchronous-unwind-tables -fno-exceptions -fno-rtti -O1 $3 \
		-c -o "$work/$1.ko" -
	"$top/scripts/hygiene" "$work/$1.ko" >"$work/out" 2>&1 || code=$?
	if [ "$2" = clean ] && [ "$code" -eq 0 ]; then return; fi
	if [ "$2" != clean ] && [ "$code" -eq 1 ] && grep -q "$2" "$work/out"; then return; fi
	echo "$1: expected '$2', got exit code $code and:" && cat "$work/out"
	exit 1
}

try clean clean '-mno-sse' <<<'int twice(int x) { return 2 * x; }'
try constructor 'section that no module' '-mno-sse' <<<'int f(); int x = f();'
try thread_local 'section that no module' '-mno-sse' <<<'thread_local int x = 3; int g() { return x; }'
try unwind_tables 'section that no module' '-mno-sse -fasynchronous-unwind-tables' <<<'int twice(int x) { return 2 * x; }'
try vector_register 'floating-point' '' <<<'double half(double x) { return x / 2; }'
try plain_new 'symbol of a runtime' '-mno-sse' <<<'int *f() { return new int(3); }'
try static_guard 'symbol of a runtime' '-mno-sse' <<<'int f(); int g() { static int x = f(); return x; }'
try wide_division 'symbol of a runtime' '-mno-sse' <<<'unsigned __int128 f(unsigned __int128 a, unsigned __int128 b) { return a / b; }'
try got 'relocation that' '-mno-sse -fpic -mcmodel=small' <<<'extern int x; int f() { return x; }'
try foreign_export 'export without' '-mno-sse' <<<'extern "C" int __ksymtab_dax_read; int __ksymtab_dax_read = 1;'
try return_site_twice 'names twice' '-mno-sse' <<<'void f() {} asm(".section .return_sites,\"a\"\n.quad _Z1fv\n.quad _Z1fv\n.text");'
echo "hygiene: finds each of its mistakes"
