#!/usr/bin/env bash
# Registrations under load: buload is N mobile nodes on one wire and takes the answers a real home agent gives. Prints
# rates, their ratio to echo requests over the same wire in the same run, memory a binding, and how long the list of all
# takes. N="1000 10000 100000": how many. Then ROUTERS (10000) mobile routers with four prefixes each, and 1,000 nodes with
# the authentication option, as a ratio to as many plain nodes. Bar: refreshes with the option >= 0.9 of those without.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
. "$LAB/../bench/plot/data.sh"

memory() { in_ns ha mip -j agent show | jq '.[0].memory'; }

# One home agent with a home link and a wire to the load; care-of addresses are routed to the load's end of it.
wire() {
	ip netns add ha && ip netns add load && ip -n ha link set lo up || return
	lab_sysctl ha net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
	ip -n ha link add home0 type veth peer name home1 && ip -n ha link set home0 up && ip -n ha link set home1 up
	ip link add wire netns ha type veth peer name wire netns load && ip -n ha link set wire up && ip -n load link set wire up
	ip -n ha addr add 2001:db8:1::1/64 dev home0 nodad && ip -n ha addr add 2001:db8:9::1/64 dev wire nodad
	ip -n load addr add 2001:db8:9::2/64 dev wire nodad
	ip -n ha route add 2001:db8:f0::/64 via 2001:db8:9::2
	lab_wait 5 in_ns ha ping -c1 -W1 2001:db8:9::2
	in_ns ha mip ha start dev home0 insecure radvd no max-bindings 1000000
}

rate_of() { awk -v what="$1" '$1 == what { print $NF }' /run/lab/load; }

# load N: a round of its own agent, so that the memory counted is that round's.
load() {
	local n=$1 mac before after start took
	wire || return
	mac=$(ip -n ha -j link show wire | jq -r '.[0].address')
	before=$(memory)
	in_ns load "$MIP_BUILD/tests/bench/buload" wire "$mac" 2001:db8:1::1 2001:db8:1:: 2001:db8:f0:: "$n" > /run/lab/load || return
	cat /run/lab/load
	after=$(memory)
	[ -n "${drawn:-}" ] || data_open load "$(in_ns ha mip -j agent show | jq -r .[0].path)" "bindings, registered/s, refreshed/s, bytes a binding, bytes of the agent"
	drawn=yes
	data_row load "$n $(rate_of register) $(rate_of refresh) $(((after - before) / n)) $after"
	echo "memory agent $(((after - before) / n)) bytes a binding"
	start=${EPOCHREALTIME/./}
	[ "$(in_ns ha mip -j binding show | jq length)" -eq "$n" ] || return
	took=$((${EPOCHREALTIME/./} - start))
	echo "list of $n as JSON, parsed by jq: $((took / 1000)) ms"
	in_ns ha mip ha stop
	ip netns del ha; ip netns del load
}

# crowd_of N WORD...: registrations a second, and octets of the agent a node, in a round of its own.
crowd_of() {
	local n=$1 mac before
	shift
	wire && in_ns ha mip acl allow 2001:db8:1::/64 insecure network 2001:da0::/32 || return
	if [ "${1:-}" = auth ]; then
		(umask 077; awk -v n="$n" -v key="$(printf '1%.0s' {1..32})" 'BEGIN { for (i = 0; i < n; i++)
			printf "auth add home 2001:db8:1::%x:%x spi 256 key 0x%s\n", 1 + int(i / 65536), i % 65536, key }' > /run/lab/keys)
		in_ns ha mip -b /run/lab/keys || return
	fi
	mac=$(ip -n ha -j link show wire | jq -r '.[0].address')
	before=$(memory)
	in_ns load "$MIP_BUILD/tests/bench/buload" wire "$mac" 2001:db8:1::1 2001:db8:1:: 2001:db8:f0:: "$n" 100 "$@" register refresh \
		> /run/lab/load || { cat /run/lab/load >&2; return 1; }
	echo "$(rate_of register) $(rate_of refresh) $((($(memory) - before) / n))"
	in_ns ha mip ha stop
	ip netns del ha; ip netns del load
}

# compare WORD N: `register refresh octets` of plain nodes, then of nodes with WORD; alternating, the best of three.
compare() {
	local n=$2 plain with
	for _ in 1 2 3; do
		plain=$(crowd_of "$n") && with=$(crowd_of "$n" "$1") || return
		echo "$plain $with"
	done | awk '{ for (i = 1; i <= NF; i++) if (!best[i] || (i % 3 ? $i > best[i] : $i < best[i])) best[i] = $i }
		END { if (NR == 3) for (i = 1; i <= 6; i++) printf "%d ", best[i] }'
}

routers() {
	compare networks=4 "$1" | awk '{ printf "routers register %d/s (%.3f of plain) refresh %d/s (%.3f) %d bytes a prefix (%.3f of a plain binding)\n",
		$4, $4 / $1, $5, $5 / $2, ($6 - $3) / 4, ($6 - $3) / 4 / $3 } END { exit !NR }'
}

# HMAC-SHA1 both ways.
authenticated() {
	compare auth "$1" | awk '{ printf "authenticated register %d/s (%.3f of plain) refresh %d/s (%.3f) %d bytes more a node\n",
		$4, $4 / $1, $5, $5 / $2, $6 - $3
		printf "bar: refreshes %.3f >= 0.9 of those without the option: %s\n", $5 / $2, (ok = $5 >= 0.9 * $2) ? "met" : "MISSED" }
		END { exit !ok }'
}

for n in ${N:-1000 10000 100000}; do
	echo "--- $n bindings, $(uname -r)"
	load "$n" || { echo "load: a round of $n failed" >&2; exit 1; }
done
echo "--- ${ROUTERS:=10000} mobile routers with four prefixes each"
routers "$ROUTERS" || { echo "load: a round of routers failed" >&2; exit 1; }
echo "--- 1000 nodes with the authentication option"
authenticated 1000
