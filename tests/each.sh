#!/usr/bin/env bash
# Runs each test program (cmocka, fuzz replay) and prints its TAP; one that crashes is a failed test of its own.
# With $MIP_ONLY only those in that list (tests/tap.sh).
[ $# -gt 0 ] || { echo "1..1"; echo "ok 1 # skip no test programs yet"; exit 0; }
for program; do
	name=${program##*/}
	[ -z "${MIP_ONLY:-}" ] || grep -qE "^($name|unit)	" "$MIP_ONLY" || continue
	out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1); status=$?
	if [ $status -eq 0 ]; then   # what a passing test says beside TAP (its seed) only interests when it fails
		grep -E '^(ok|not ok|1\.\.)' <<<"$out"; continue
	fi
	printf '# %s\n%s\n' "$name" "$out"
	grep -q '^not ok' <<<"$out" || echo "not ok $name ended with status $status"
done
