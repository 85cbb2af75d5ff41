#!/usr/bin/env bash
# How many nodes a number of cells carries, calculated from what cell.sh measured: its output is the input.
#
#   N=100000 tests/bench/cell.sh | tests/bench/cell_plan.sh [NODES [CELLS [UPDATES]]]
#
# Of each cell: memory of a member, updates a second (UPDATES of each node an hour: refreshes and moves) and what share that
# is of what a member can do, messages of corosync a second, and how long it takes until a member that comes with nothing
# knows all, and until all home addresses are announced after a takeover (those in use are first, 5,000 a second).
set -u
exec awk -v nodes="${1:-10000000}" -v cells="${2:-20}" -v updates="${3:-2}" '
/^costs: / { for (i = 2; i < NF; i += 2) cost[$i] = $(i + 1) }
END {
	if (!cost["bindings"]) { print "cell_plan: the output of cell.sh has no line of costs" > "/dev/stderr"; exit 1 }
	of = nodes / cells
	rate = of * updates / 3600
	printf "measured with %d bindings; %d nodes in %d cells, %d updates of each an hour; each cell:\n", cost["bindings"], nodes, cells, updates
	printf "nodes %d\n", of
	printf "memory of a member %.0f MB\n", of * cost["memory_octets"] / 1e6
	printf "updates a second %.0f, %.1f %% of what a member can do\n", rate, 100 * rate / cost["updates_a_second"]
	printf "messages of corosync a second, at most %.0f\n", rate * cost["messages_an_update"]
	printf "a member knows all after %.0f s\n", of / cost["told_a_second"]
	printf "all home addresses announced after %.0f s\n", of / 5000
}'
