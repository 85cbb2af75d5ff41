#!/usr/bin/env bash
# The home agent's code alone, no kernel: Binding Updates a second of CPU time, and memory. Bars: every round of a million
# bindings >= 500,000 BU/s and all accepted; a million bindings <= 400 MB. N="100000 1000000": how many, the last is judged.
set -u -o pipefail
MIP_BUILD=${MIP_BUILD:-$(dirname "$0")/../../build}
for n in ${N:-1000 100000 1000000}; do
	out=$("$MIP_BUILD/tests/bench/role" "$n") || exit 1
	printf -- '--- role code alone, %s bindings\n%s\n' "$n" "$out"
done
awk -v n="$n" '
	/BU\/s/ { if (!low || $4 < low) low = $4; if ($8 != n) lost = 1 }
	/^memory/ { bytes = $4 * n }
	END {
		ok = low >= 500000 && !lost && bytes <= 400 * n
		printf "bar: slowest round %d >= 500000 BU/s, memory %d <= 400 bytes a binding: %s\n", low, bytes / n, ok ? "met" : "MISSED"
		exit !ok
	}' <<<"$out"
