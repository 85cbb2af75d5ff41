#!/usr/bin/env bash
# `make check`: runs the named parts one after the other, whatever fails, and sums up their counts in the last line.
cd "$(dirname "$0")/.." || exit
sums=$(realpath -m "${MIP_BUILD:-build}/sums"); rm -rf "$sums"; mkdir -p "$sums"
export MIP_SUMS=$sums
make=${MAKE:-make}

$make --no-print-directory -s -j"$(nproc)" all || exit
for part; do
	echo "== $part"
	$make --no-print-directory -s "check-$part"
	[ -s "$sums/$part" ] || echo "0 1 0" > "$sums/$part"   # it did not even build
done
echo "== summary"
cd "$sums" && awk '{ printf "%s: %d passed, %d failed, %d skipped\n", FILENAME, $1, $2, $3; p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$@"
