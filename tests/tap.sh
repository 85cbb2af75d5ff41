#!/usr/bin/env bash
# Runs COMMAND, which prints TAP (one plan or several; `N passed, N failed` and `SKIP: why` count too), shows it, and ends in `TITLE: N passed, N failed, N skipped`.
#
#   tests/tap.sh [-r] TITLE COMMAND [ARG ...]      -r: needs root, else everything is one skip
#
# Fails when a test failed, when fewer tests ran than were planned, when none ran, or when COMMAND failed.
# The counts also go to $MIP_SUMS/TITLE, if that is set (tests/check.sh). MIP_VERBOSE=1 shows passing tests too.
set -uo pipefail
root=; [ "$1" = -r ] && { root=1; shift; }
title=$1; shift
planned=0 passed=0 failed=0 skipped=0 status=0
shopt -s nocasematch

run() {
	if [ -n "$root" ] && [ "$(id -u)" -ne 0 ]; then
		echo "1..1"; echo "ok 1 $title # skip needs root"; return
	fi
	"$@" </dev/null 2>&1
	echo "status $?"
}
bad() { echo "$title: $1"; failed=$((failed + ${2:-1})); }

while IFS= read -r line; do
	case $line in
	"status "[0-9]*) status=${line#status };;
	1..[0-9]*) n=${line#1..}; planned=$((planned + ${n%%[!0-9]*}));;
	"ok "*"# skip"* | "not ok "*"# skip"*)   # cmocka says not ok
		skipped=$((skipped + 1)); line=${line#*ok }; echo "SKIP $title: ${line#* }";;
	"ok "*) passed=$((passed + 1)); [ -z "${MIP_VERBOSE:-}" ] || echo "$line";;
	"not ok "*) failed=$((failed + 1)); echo "$line";;
	"SKIP: "*) skipped=$((skipped + 1)); echo "SKIP $title: ${line#SKIP: }";;
	[0-9]*" passed, "[0-9]*" failed"*)
		passed=$((passed + ${line%% *})); n=${line#*, }; failed=$((failed + ${n%% *}));;
	*) echo "$line";;
	esac
done < <(run "$@")
ran=$((passed + failed + skipped))
[ $ran -ge $planned ] || bad "$((planned - ran)) planned tests did not run" $((planned - ran))
[ "$status" -eq 0 ] || [ $failed -gt 0 ] || bad "the command ended with status $status"
[ $((ran + failed)) -gt 0 ] || bad "no test ran"
[ -z "${MIP_SUMS:-}" ] || echo "$passed $failed $skipped" > "$MIP_SUMS/$title"
echo "$title: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
