#!/usr/bin/env bash
# Builds all that tests need, runs parts of the tests (targets check-PART) side by side, whatever fails, and sums up. What a
# part prints comes in one piece, when it ends; the last line is the sum of all.
#
#   tests/check.sh PART ...   these, to be started in this order
#   tests/check.sh again      of each part what failed when it ran last
#
# One more at a time than there are processors: the network tests mostly wait.
cd "$(dirname "$0")/.." || exit
build=${MIP_BUILD:-build}
MAKEFLAGS=$(sed -E 's/ -j[0-9]*| --jobserver-[a-z]*=[^ ]*//g' <<<"${MAKEFLAGS:-}")   # no job server is passed on to us
export MAKEFLAGS
if [ "$1" = again ]; then
	mapfile -t parts < <(cd "$build/failed" 2>/dev/null && printf '%s\n' */list | grep -v '\*' | cut -d/ -f1)
	[ ${#parts[@]} -gt 0 ] || { echo "nothing failed when it ran last"; exit 0; }
	set -- "${parts[@]}"
	export MIP_AGAIN=1
fi
sums=$(realpath -m "$build/sums"); rm -rf "$sums"; mkdir -p "$sums"
export MIP_SUMS=$sums

make --no-print-directory -s -j"$(nproc)" programs || exit
tests/pool.py -j $(($(nproc) + 1)) make --no-print-directory -s -- "${@/#/check-}"
for part; do
	[ -s "$sums/$part" ] || echo "0 1 0" > "$sums/$part"   # it did not even build
done
echo "== summary"
for part; do
	[ ! -s "$build/failed/$part/list" ] || sed "s|^|failed: $part: |; s|	|: |" "$build/failed/$part/list"
done
[ ! -d "$build/failed" ] || [ -z "$(ls "$build/failed")" ] || echo "what failed tests left: $build/failed; again: make again"
cd "$sums" && awk -v took=$SECONDS '{ printf "%s: %d passed, %d failed, %d skipped, %d s, %d of a processor\n", FILENAME, $1, $2, $3, $4, $5
		p += $1; f += $2; s += $3; cpu += $5 }
	END { printf "%d passed, %d failed, %d skipped, %d s, %d of a processor\n", p, f, s, took, cpu; exit f > 0 }' "$@"
