#!/usr/bin/env bats
# The agent comes and goes, is killed, loses links and addresses under its feet: what the kernel holds afterwards is what
# it held before, nothing doubled, nothing of others touched; and it serves again as soon as it can.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up || return
	foreign
}

# Everybody's links as lab_up made them, the mobile node at home with nothing of other places.
setup() {
	local n
	for n in ha mn; do
		ip -n $n link show wan0 >/dev/null 2>&1 && { ip -n $n link set wan0 down; ip -n $n link set wan0 name eth0; ip -n $n link set eth0 up; }
	done
	ip -n mn link show eth0 >/dev/null 2>&1 || lab_link mn eth0 02:00:00:00:01:64 -
	ip -n ha link show eth0 >/dev/null 2>&1 || lab_link ha eth0 02:00:00:00:01:01 home
	in_ns ha sh -c "
		ip -6 addr add $HA/64 dev eth0 nodad; ip -6 route add default via 2001:db8:1::fe
		ip -6 neigh add proxy 2001:db8:1::301 dev eth0; ip -6 addr add 2001:db8:1::302/64 dev eth0 nodad
		ip -6 route add 2001:db8:1::300/128 via 2001:db8:1::fe proto 99" 2>/dev/null || true
	forget
	lab_move home
	lab_wait 10 settled 2001:db8:1:
	P=$BATS_TEST_TMPDIR
	picture ha > "$P/ha"
	picture mn > "$P/mn"
}

teardown() { agents_stop; }

# The mobile node without what any link gave it.
forget() {
	lab_move nowhere
	in_ns mn sh -c '
		ip -6 addr flush dev eth0 scope global; ip -6 route flush proto ra
		for p in 1 f1 f2; do ip -6 route flush root 2001:db8:$p::/64; done'
}

# What others have in the kernel, some of it where it can be taken for ours.
foreign() {
	in_ns ha sh -e <<-HA
	ip -6 route add blackhole 2001:db8:5::/48 table 1190
	ip -6 rule add from 2001:db8:5::/48 table 1190 priority 1189
	nft add table inet mip
	nft add chain inet mip input '{ type filter hook input priority 0; }'
	nft add table ip6 filter
	HA
	in_ns mn sh -e <<-MN
	ip -6 rule add from 2001:db8:5::/48 table 1190 priority 1189
	ip -6 route add blackhole 2001:db8:6::/48
	nft add table netdev other
	MN
}

# All that an agent might leave behind or take away. Lifetimes run, so they are left out.
picture() {
	in_ns "$1" sh -c '
		ip -6 -o addr | sed "s/^[0-9]*: //; s/ *\\\\.*//"
		ip -6 route show table all | sed "s/ expires [0-9]*sec//" | sort
		ip -6 rule; ip -6 neigh show proxy; nft list ruleset
		ip -j link | jq -c ".[] | [.ifname, .mtu, .master, .ifalias]"
		ip -6 maddr show | grep inet6 | sort | uniq -c
		cd /proc/sys/net/ipv6 && grep -r . conf neigh 2>/dev/null | sort'
}
is_as_before() { picture "$1" | cmp -s "$P/$1" -; }
# as_before NODE: waits for that, tells the difference otherwise
as_before() { lab_wait 8 is_as_before "$1" || { diff "$P/$1" <(picture "$1"); false; }; }

# with the link-local address of a link that was made anew, too: the kernel adds its route when it is sure of it
settled() { in_ns mn ip -6 addr show dev eth0 scope global -tentative | grep -q "inet6 $1" && [ -z "$(in_ns mn ip -6 -o addr show tentative)" ]; }
pid() { show "$1" agent pid; }
mn_is() { [ "$(show mn mn state)" = "$1" ]; }
bindings() { json ha binding show | jq length; }
bindings_are() { [ "$(bindings)" = "$1" ]; }
mn_start() { role_start mn mn start home $HOA prefix $HOME_PREFIX agent $HA; }   # on any link
away() { lab_move "$1" && lab_wait 20 registered "$1" && lab_wait 10 reachable; }
# ours NODE: how much of ours there is: routes and rules by their marks, proxies, nft tables
ours() {
	in_ns "$1" sh -c 'ip -6 route show table all proto 119; ip -6 rule | grep 1190: ; ip -6 neigh show proxy; nft list tables; ip -o link | grep -o " mip[^:]*"' | sort
}

@test "home agent, no binding: start, stop" {
	ha_start
	[ "$(picture ha | cksum)" != "$(cksum < "$P/ha")" ]
	ha ha stop
	lab_wait 5 no_agent ha
	as_before ha
}

@test "home agent with bindings, one of them where others have a route: ha stop" {
	ha_start; add 200; add 300
	bindings_are 2
	[ -n "$(ours ha | grep 2001:db8:1::200)" ]
	ha ha stop
	lab_wait 5 no_agent ha
	as_before ha
}

@test "home agent with bindings: killed, started, stopped; nothing doubled" {
	local first
	ha_start; add 200; add 201
	first=$(ours ha)
	agent_kill ha
	ha_start
	bindings_are 0
	add 200; add 201
	diff <(echo "$first") <(ours ha)
	agent_kill ha
	ha_start
	ha agent stop
	as_before ha
}

@test "the agent keeps no directory busy, dumps no core, and lets nobody read its memory" {
	local p
	ha_start
	p=$(pid ha)
	[ "$(readlink "/proc/$p/cwd")" = / ]
	grep -q '^Max core file size *0 *0 ' "/proc/$p/limits"
	[ "$(stat -c %u "/proc/$p/mem")" -eq 0 ]   # of one that may be traced it is the account's
	in_ns ha mip agent stop
}

@test "home agent: SIGTERM is a stop" {
	ha_start; add 200
	kill "$(pid ha)"
	lab_wait 5 no_agent ha
	as_before ha
}

@test "mobile node at home: stop; killed, started, stopped" {
	ha_start; mn_start
	lab_wait 10 mn_is home
	mn mn stop
	lab_wait 5 no_agent mn
	as_before mn
	mn_start
	lab_wait 10 mn_is home
	agent_kill mn; mn_start
	lab_wait 10 mn_is home
	mn agent stop
	as_before mn
}

@test "mobile node nowhere: stop, and the picture of nowhere is kept" {
	ha_start; mn_start
	lab_wait 10 mn_is home
	lab_move nowhere
	lab_wait 10 mn_is detached
	mn agent stop
	lab_move home
	lab_wait 10 settled 2001:db8:1:
	as_before mn
}

@test "mobile node away and registered: stop de-registers; killed, started: registered again, nothing doubled; stopped" {
	local first
	lab_move f1
	lab_wait 10 settled 2001:db8:f1:
	ha_start; mn_start
	lab_wait 20 registered f1
	lab_wait 10 reachable
	first=$(ours mn)
	agent_kill mn
	mn_start
	lab_wait 20 registered f1
	lab_wait 10 reachable
	diff <(echo "$first") <(ours mn)
	mn mn stop
	lab_wait 5 no_agent mn
	lab_wait 5 bindings_are 0
	forget
	lab_move home
	lab_wait 10 settled 2001:db8:1:
	as_before mn
	ha ha stop
	lab_wait 5 no_agent ha
	as_before ha
}

@test "mobile node away, no home agent answers: stop" {
	lab_move f1
	lab_wait 10 settled 2001:db8:f1:
	mn_start
	lab_wait 10 mn_is registering
	mn agent stop
	forget
	lab_move home
	lab_wait 10 settled 2001:db8:1:
	as_before mn
}

@test "the home agent is killed and started while a node is away: it registers anew, both stop clean" {
	ha_start; mn_start
	away f1
	agent_kill ha
	ha_start
	lab_move f2
	lab_wait 40 registered f2
	lab_wait 10 reachable
	ha agent stop
	as_before ha
}

@test "a mobile node's link is deleted, comes back, is renamed: it registers each time" {
	ha_start; mn_start
	away f1
	ip -n mn link del eth0
	lab_wait 10 mn_is detached
	lab_link mn eth0 02:00:00:00:01:64 -
	away f2
	ip -n mn link set eth0 down
	lab_wait 10 mn_is detached
	ip -n mn link set eth0 name wan0
	ip -n mn link set wan0 up
	lab_wait 20 registered f2
	lab_wait 10 reachable
	[ "$(show mn mn dev)" = wan0 ]
}

@test "the home link is deleted under the home agent and comes back: it serves again, static bindings too" {
	local p
	ha_start; mn_start; add 200; add 201
	away f1
	p=$(pid ha)
	ip -n ha link del eth0
	lab_wait 5 eval '[ "$(json ha ha show | jq -r ".[0].dev")" = null ]'
	[ "$(pid ha)" = "$p" ]
	ha binding del home 2001:db8:1::201
	lab_link ha eth0 02:00:00:00:01:01 home
	ip -n ha addr add $HA/64 dev eth0 nodad
	ip -n ha -6 route add default via 2001:db8:1::fe
	lab_wait 10 reachable
	registered f1
	away f2
	[ "$(pid ha)" = "$p" ]
	bindings_are 2
	[ "$(in_ns ha ip -6 neigh show proxy | grep -c 2001:db8:1::200)" = 1 ]
	ha agent stop
	[ -z "$(in_ns ha ip -6 neigh show proxy)" ]
	[ "$(in_ns ha sysctl -n net.ipv6.conf.eth0.proxy_ndp net.ipv6.conf.all.proxy_ndp | tr -d '\n')" = 00 ]
}

@test "the home agent's address goes and comes back: it serves again" {
	ha_start; mn_start
	away f1
	ip -n ha addr del $HA/64 dev eth0
	ip -n ha addr add $HA/64 dev eth0 nodad
	in_ns ha ip -6 route replace default via 2001:db8:1::fe
	away f2
}

@test "the tunnel's device and the shim's are deleted by somebody: the agent does not spin, and serves again" {
	local dev p
	ha_start; mn_start
	away f1
	p=$(pid ha)
	for dev in mip0 mipro; do
		ip -n ha link del $dev
		lab_wait 10 in_ns ha ip link show $dev
		agent_rests "$p" eval 'lab_move home && lab_wait 40 mn_is home && away f1'
		[ "$(pid ha)" = "$p" ]
	done
	ha agent stop
	as_before ha
}

@test "two agents in one namespace: the second is refused and says who is there; the first does not notice" {
	local before
	ha_start; add 200
	before=$(picture ha)
	run in_ns ha mipd
	[ "$status" = 1 ]
	[[ "$output" == *"an agent runs already (pid $(pid ha))"* ]]
	run in_ns ha env MIP_RUN_DIR="$BATS_TEST_TMPDIR/other" mip ha start dev eth0 insecure
	[ "$status" = 2 ]
	[[ "$output" == *"another agent"* ]]
	diff <(echo "$before") <(picture ha)
}

@test "agents in two namespaces at once do not see each other" {
	ha_start; cn_start; mn_start
	[ "$(pid ha)" != "$(pid cn)" ]
	[ "$(json ha agent show | jq -r '.[0].roles')" = "ha cn" ]
	[ "$(json cn agent show | jq -r '.[0].roles')" = cn ]
	cn cn stop
	lab_wait 5 no_agent cn
	ha ha show
}

# lost NS PID: the kernel dropped notifications for a socket of that process
lost() {
	local inode
	for inode in $(in_ns "$1" awk '$2 == 0 && $9 > 0 { print $10 }' /proc/net/netlink); do
		[ -z "$(find "/proc/$2/fd" -lname "socket:\[$inode\]")" ] || return 0
	done
	return 1
}
# news NS: thousands of them, which leave nothing behind
news() {
	local i
	for i in {1..1500}; do echo "addr add 2001:db8:ff::$((i % 9 + 1))/64 dev flood0 nodad"; echo "addr del 2001:db8:ff::$((i % 9 + 1))/64 dev flood0"; done |
		ip -n "$1" -b - >/dev/null
}

@test "lost notifications: addresses and links that went unseen are gone, those that came are there" {
	local n; declare -A p
	ha_start; mn_start
	away f1
	ha ha set max-lifetime 500
	ip -n ha addr add 2001:db8:9::1/64 dev eth0 nodad
	for n in ha mn; do p[$n]=$(pid $n); done
	kill -STOP "${p[@]}"
	# the home agent loses a home prefix, the mobile node its place; then more news than the sockets hold
	ip -n ha addr del 2001:db8:9::1/64 dev eth0
	ip -n ha addr add 2001:db8:8::1/64 dev eth0 nodad
	lab_move nowhere
	for n in ha mn; do
		ip -n $n link add flood0 type veth peer name flood1
		until lost $n "${p[$n]}"; do news $n; done
		ip -n $n link del flood0
	done
	lab_move f2
	kill -CONT "${p[@]}"
	lab_wait 20 registered f2
	lab_wait 10 reachable
	sender() { in_ns r "$MIP_BUILD/tests/net/badsend" home 02:00:00:00:01:01 $HA 2>/dev/null; }
	n=0; outside() { n=$((n + 1)); [[ "$(sender <<< "hao 2001:db8:9::$n bu 1 0xc000 10")" == "ba 132 "* ]]; }
	lab_wait 20 outside   # updates may be read before the news
	[[ "$(sender <<< "hao 2001:db8:8::200 bu 1 0xc000 0")" == "ba 133 "* ]]
	[[ "$(sender <<< "hao 2001:db8:8::200 bu 2 0xc000 10")" =~ ^("ba 0 seq 2 ".*)?$ ]]   # granted a second later: it may see that
	lab_wait 5 eval '[ "$(json ha binding show home 2001:db8:8::200 | jq length)" = 1 ]'
	ha agent stop
	ip -n ha addr del 2001:db8:8::1/64 dev eth0
	as_before ha
}
