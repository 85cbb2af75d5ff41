#!/usr/bin/env bats
# The tree itself: layering, and that a failing test makes `make` fail.

setup() { cd "$BATS_TEST_DIRNAME/../.." || exit; }

@test "files include only what their room may know" {
	run tests/includes.sh
	[ "$output" = "" ]
	[ "$status" -eq 0 ]
}

@test "an include across the rooms is found" {
	mkdir -p "$BATS_TEST_TMPDIR"/{core/role,cmd,include}
	echo '#include "sys/nl.h"' > "$BATS_TEST_TMPDIR/core/role/x.c"
	echo '#include "base/loop.h"' > "$BATS_TEST_TMPDIR/cmd/x.c"
	run tests/includes.sh "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ "$output" == *'core/role/x.c: role must not include "sys/nl.h"'* ]]
	[[ "$output" == *'cmd/x.c: cmd must not include "base/loop.h"'* ]]
}

# Neither set -e nor bats heeds a "! command" that is not the last of a test.
@test "no test says '! command' where nobody listens" {
	run grep -nE '^\s+! ' tests/*.bats tests/*/*.bats
	[ "$(grep -cvE '\|\| (false|\{)' <<< "$output")" -eq 0 ] || { echo "$output"; false; }
}

@test "roles and wire include no Linux header" {
	run grep -nE '#include <(linux|net)/' -r core/role core/wire
	[ "$output" = "" ]
}

# places: of each function that core/agent/README.md names, its name and file
places() {
	tr '\n' ' ' < core/agent/README.md | sed 's/  */ /g' | grep -oE '`[a-z0-9_]+[(][)]` [(][a-z]+/[a-z0-9_]+[.]c[)]' | tr -d '`()'
}
@test "functions are where core/agent/README.md says" {
	local name file missing=""
	[ "$(places | wc -l)" -gt 40 ]
	while read -r name file; do
		grep -qE "^[a-z].*[ *]${name}[(]" "core/$file" || missing+=" $file:$name"
	done < <(places)
	for name in $(grep -oE '`[a-z0-9_]+[(][)]`' core/agent/README.md | tr -d '`()' | sort -u); do
		grep -q "^$name " <<< "$(places)" || missing+=" $name"
	done
	[ "$missing" = "" ] || { echo "not there:$missing"; false; }
}

@test "of each section of RFC 6275 that is tested, a comment says where it is done" {
	run tests/conformance/index.py -c
	[ "$output" = "" ]
	[ "$status" -eq 0 ]
	run tests/conformance/index.py 9.5.3
	[[ "$output" == "9.5.3 "*"core/role/cn.c drop_binding"*"an entry that there is, is deleted"*"s9_5."* ]]
}

broken_test() {   # broken_test 'STATEMENT': a cmocka program whose only test is that statement
	mkdir -p build/selftest
	cat > build/selftest/test_self.c <<-C
	#include <setjmp.h>
	#include <stdarg.h>
	#include <stddef.h>
	#include <stdint.h>
	#include <stdlib.h>
	#include <cmocka.h>
	static void test_it(void **state) { (void)state; $1; }
	int main(void) { const struct CMUnitTest t[] = {cmocka_unit_test(test_it)}; return cmocka_run_group_tests(t, NULL, NULL); }
	C
}
# What these leave is not what the part "tree" leaves.
alone() { MIP_SUMS="" MIP_AGAIN=${AGAIN:-} MIP_BUILD=$BATS_TEST_TMPDIR MIP_FAILED=$BATS_TEST_TMPDIR/failed run "$@"; }
soon() { local n; for ((n = 0; n < 3000; n++)); do ! "$@" 2> /dev/null || return 0; sleep 0.02; done; return 1; }
make_unit() { alone make -s --no-print-directory check-unit UNITS=build/selftest/test_self.c FUZZ= ; }

@test "make check-unit passes with a passing unit test" {
	broken_test 'assert_true(1)'; make_unit
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "unit: 1 passed, 0 failed, 0 skipped" ]
}

@test "make check-unit fails with a failing unit test" {
	broken_test 'assert_true(0)'; make_unit
	[ "$status" -ne 0 ]
	[[ "$output" == *"unit: 0 passed, 1 failed, 0 skipped"* ]]
}

@test "make check-unit fails with a crashing unit test" {
	broken_test '_Exit(0)'; make_unit
	[ "$status" -ne 0 ]
}

tap() { alone tests/tap.sh t "$@"; echo "$status: $output"; }

@test "the runner fails on a failed test, a short plan, a bad exit status, and no tests" {
	tap printf '1..2\nok 1 a\nnot ok 2 b\n'
	[ "$status" -ne 0 ]; [ "${lines[-1]}" = "t: 1 passed, 1 failed, 0 skipped" ]
	tap printf '1..3\nok 1 a\n'
	[ "$status" -ne 0 ]; [ "${lines[-1]}" = "t: 1 passed, 2 failed, 0 skipped" ]
	tap sh -c 'echo 1..1; echo ok 1 a; exit 3'
	[ "$status" -ne 0 ]; [ "${lines[-1]}" = "t: 1 passed, 1 failed, 0 skipped" ]
	tap true
	[ "$status" -ne 0 ]; [ "${lines[-1]}" = "t: 0 passed, 1 failed, 0 skipped" ]
}

@test "the runner counts what was skipped and says why" {
	tap printf '1..2\nok 1 a\nok 2 b # skip no tun device\n'
	[ "$status" -eq 0 ]; [ "${lines[-1]}" = "t: 1 passed, 0 failed, 1 skipped" ]
	[[ "$output" == *"SKIP t: b # skip no tun device"* ]]
}

@test "what failed leaves its name and output, and alone is run again" {
	local file=$BATS_TEST_TMPDIR/some.bats left=$BATS_TEST_TMPDIR/failed/t
	printf '%s\n' '@test "good (one)" { true; }' '@test "bad (one)" { echo "its words"; [ -e "$MENDED" ]; }' > "$file"
	export MENDED=$BATS_TEST_TMPDIR/mended
	tap tests/net.sh "$file"
	[ "$status" -ne 0 ]; [ "${lines[-1]}" = "t: 1 passed, 1 failed, 0 skipped" ]
	grep -q "some.bats	bad (one)" "$left/list"
	grep -q "its words" "$left/some-bad--one-/output"
	: > "$MENDED"
	AGAIN=1 tap tests/net.sh "$file"
	[ "$status" -eq 0 ]; [ "${lines[-1]}" = "t: 1 passed, 0 failed, 0 skipped" ]
	[ ! -e "$left" ]
}

@test "commands run side by side: each output in one piece, longest first when times are known, one alone at last" {
	local log=$BATS_TEST_TMPDIR/log
	cat > "$BATS_TEST_TMPDIR/say" <<-'SAY'
	echo "$2 begins" >> "$1"; echo "$2 one"; echo "$2 two"; echo "$2 ends" >> "$1"; [ "$2" != bad ]
	SAY
	printf '%s\n' '1.0 short' '9.0 long' > "$BATS_TEST_TMPDIR/times"
	run tests/pool.py -j 1 -t "$BATS_TEST_TMPDIR/times" -a flood sh "$BATS_TEST_TMPDIR/say" "$log" -- flood short long
	[ "$status" -eq 0 ]
	[ "$output" = $'long one\nlong two\nshort one\nshort two\nflood one\nflood two' ]
	grep -q ' flood$' "$BATS_TEST_TMPDIR/times"
	: > "$log"
	run tests/pool.py -j 4 -a flood sh "$BATS_TEST_TMPDIR/say" "$log" -- flood a bad c d
	[ "$status" -ne 0 ]
	[ "$(tail -n 2 "$log")" = $'flood begins\nflood ends' ]
	for n in a bad c d; do [[ "$output" == *"$n one"$'\n'"$n two"* ]]; done
}

@test "a pool that is ended ends what it runs" {
	local pid=$BATS_TEST_TMPDIR/pid pool
	tests/pool.py sh -c "echo \$\$ > $pid; sleep 600 & wait" -- x 3>&- &
	pool=$!
	soon [ -s "$pid" ]
	kill "$pool"
	if wait "$pool"; then false; fi
	soon eval "! kill -0 $(cat "$pid")"
}
