# shellcheck shell=bash
# A home agent with a crowd of mobile nodes on one wire (tests/bench/buload.c). Sourced after lab.sh
# and agents.sh.
# Nodes have home addresses 2001:db8:1::1:0 and up, care-of addresses 2001:db8:f0::1:0 and up.

# crowd_up: namespaces ha, load (the nodes) and host (on the home link).
crowd_up() {
	local n
	lab_is_private || return
	for n in ha load host; do ip netns add $n && ip -n $n link set lo up || return; done
	lab_sysctl ha net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
	lab_sysctl host net.ipv6.conf.default.accept_dad=0
	ip link add home0 netns ha type veth peer name home0 netns host
	ip link add wire netns ha type veth peer name wire netns load
	for n in ha/home0 ha/wire load/wire host/home0; do ip -n "${n%/*}" link set "${n#*/}" up || return; done
	ip -n ha addr add $HA/64 dev home0 nodad && ip -n ha addr add 2001:db8:9::1/64 dev wire nodad
	ip -n load addr add 2001:db8:9::2/64 dev wire nodad
	ip -n host addr add 2001:db8:1::fe/64 dev home0 nodad
	ip -n ha route add 2001:db8:f0::/64 via 2001:db8:9::2
	lab_wait 5 in_ns ha ping -c1 -W1 2001:db8:9::2
}
# crowd_node: the first node is there in person, an ordinary tunnel of the kernel behind the load's wire.
CROWD_NODE=2001:db8:1::1:0
crowd_node() {
	local coa=2001:db8:f0::1:0
	ip -n load addr add $coa/128 dev wire nodad
	ip -n load link add t0 type ip6tnl mode ip6ip6 local $coa remote $HA encaplimit none
	ip -n load addr add $CROWD_NODE/128 dev t0 nodad && ip -n load link set t0 up
	ip -n load route add 2001:db8:1::/64 dev t0 src $CROWD_NODE metric 1
	ip -n load route add $HA/128 via 2001:db8:9::1
}
crowd_down() { local n; for n in ha load host; do ip netns del $n; done; }
# crowd N [SEQUENCE PASS...]: N nodes do that (see buload.c); its exit status is theirs.
crowd() {
	in_ns load "$MIP_BUILD/tests/bench/buload" wire "$(ip -n ha -j link show wire | jq -r '.[0].address')" \
		$HA 2001:db8:1:: 2001:db8:f0:: "$@"
}
# shellcheck disable=SC2034   # for ha_start
HA_START=(dev home0 insecure radvd no max-bindings 1000000)
# ha_remains: the process that cleans up after this agent, when it was killed and no other came.
ha_remains() {
	local p c
	p=$(show ha agent pid)
	for c in $(cat "/proc/$p/task/$p/children"); do [ "$(cat "/proc/$c/comm")" != mip-remains ] || echo "$c"; done
}
ha_log() { local log; agent_file log ha log; cat "$log"; }
ha_store() { echo "$MIP_STATE_DIR/$(stat -Lc %i /run/netns/ha).db"; }
# bindings: home, care-of, sequence number, a line each
bindings() { ha -j binding show | jq -r '.[] | select(.state == "active") | "\(.home) \(.care_of) \(.sequence)"' | sort; }
count() { ha -j ha show | jq '.[0].bindings'; }
