#!/usr/bin/env bash
# Runs COMMAND, which prints TAP (one plan or several; `N passed, N failed` and `SKIP: why` count too), shows it, and ends in `TITLE: N passed, N failed, N skipped`.
#
#   tests/tap.sh [-r] TITLE COMMAND [ARG ...]      -r: needs root, else everything is one skip
#
# Fails when a test failed, when fewer tests ran than were planned, when none ran, or when COMMAND failed.
# The counts, the seconds and those of a processor also go to $MIP_SUMS/TITLE, if that is set (tests/check.sh). MIP_VERBOSE=1 shows passing tests too.
#
# build/failed/TITLE is what is left of a part that failed: `list`, a line "FILE<tab>TEST" for each failed test, and a directory
# FILE-TEST with what it printed (`output`) and what else it kept, by $MIP_FAILED (lab_keep). With MIP_AGAIN=1 COMMAND finds that
# list of the last run in $MIP_ONLY, and runs no more than that.
set -uo pipefail
root=; [ "$1" = -r ] && { root=1; shift; }
title=$1; shift
planned=0 passed=0 failed=0 skipped=0 status=0 file=$title kept=/dev/null
shopt -s nocasematch extglob

MIP_FAILED=$(realpath -m "${MIP_FAILED:-${MIP_BUILD:-build}/failed}/$title")
if [ -n "${MIP_AGAIN:-}" ]; then
	MIP_ONLY=$(mktemp); trap 'rm -f "$MIP_ONLY"' EXIT
	cat "$MIP_FAILED/list" > "$MIP_ONLY"
	export MIP_ONLY
fi
rm -rf "$MIP_FAILED"
export MIP_FAILED

run() {
	if [ -n "$root" ] && [ "$(id -u)" -ne 0 ]; then
		echo "1..1"; echo "ok 1 $title # skip needs root"; return
	fi
	TIMEFORMAT='processor %U %S'
	{ time "$@" </dev/null 2>&1; } 2>&1
	echo "status $?"
}
keep() {   # keep TEST: it failed; what is printed from here on is its output
	local dir; dir=$MIP_FAILED/$(basename "$file" .bats)-${1//[^[:alnum:]]/-}
	mkdir -p "${dir:0:240}"
	printf '%s\t%s\n' "$file" "$1" >> "$MIP_FAILED/list"
	kept=${dir:0:240}/output
}
bad() { echo "$title: $1"; failed=$((failed + ${2:-1})); file=$title; keep "$1"; }   # the list has no file: run it all again

while IFS= read -r line; do
	case $line in
	"processor "[0-9]*) n=${line#processor }; n=${n//[.,]+([0-9])}; cpu=$((${n/ / + })); continue;;
	"status "[0-9]*) status=${line#status }; continue;;
	1..[0-9]*) n=${line#1..}; planned=$((planned + ${n%%[!0-9]*})); continue;;
	"ok "*"# skip"* | "not ok "*"# skip"*)   # cmocka says not ok
		kept=/dev/null skipped=$((skipped + 1)); line=${line#*ok }; line="SKIP $title: ${line#* }";;
	"ok "*) kept=/dev/null passed=$((passed + 1)); [ -n "${MIP_VERBOSE:-}" ] || continue;;
	"not ok "*)
		failed=$((failed + 1)); n=${line#not ok }; [[ $n != [0-9]* ]] || n=${n#* }; keep "${n#- }";;
	"SKIP: "*) skipped=$((skipped + 1)); line="SKIP $title: ${line#SKIP: }";;
	[0-9]*" passed, "[0-9]*" failed"*)
		passed=$((passed + ${line%% *})); n=${line#*, }; failed=$((failed + ${n%% *})); continue;;
	"# "+([^ ]).bats | "# test_"* | "# fuzz_"*) file=${line#\# } kept=/dev/null;;
	esac
	echo "$line"; echo "$line" >> "$kept"
done < <(run "$@")
ran=$((passed + failed + skipped))
[ $ran -ge $planned ] || bad "$((planned - ran)) planned tests did not run" $((planned - ran))
[ "$status" -eq 0 ] || [ $failed -gt 0 ] || bad "the command ended with status $status"
[ $((ran + failed)) -gt 0 ] || bad "no test ran"
if [ $failed -eq 0 ]; then rm -rf "$MIP_FAILED"; elif [ ! -s "$MIP_FAILED/list" ]; then file=$title; keep failed; fi
[ -z "${MIP_SUMS:-}" ] || echo "$passed $failed $skipped $SECONDS ${cpu:-0}" > "$MIP_SUMS/$title"
echo "$title: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
