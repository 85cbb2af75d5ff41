#!/usr/bin/env bats
# A cell: home agents ha and ha2 with the same bindings by corosync; the one that has the address $HA serves.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/cell.sh"
CELL_DIR=$BATS_FILE_TMPDIR

HA_START=(dev eth0 insecure address "$HA" cell one)

# ha2 is on the home link as ha is; both have an address of their own there.
setup_file() {
	lab_up
	ip netns add ha2 && ip -n ha2 link set lo up || return
	stat -Lc %i /run/netns/ha2 > /run/lab/ha2.netns
	lab_sysctl ha2 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1
	lab_link ha2 eth0 02:00:00:00:01:02 home
	ip -n ha addr add "$(cell_own 0)/64" dev eth0 nodad
	ip -n ha2 addr add "$(cell_own 1)/64" dev eth0 nodad
	ip -n ha2 route add default via 2001:db8:1::fe
	lab_sysctl ha net.ipv6.conf.eth0.ndisc_notify=1
	lab_sysctl ha2 net.ipv6.conf.eth0.ndisc_notify=1 net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.eth0.accept_dad=1
	for n in ha ha2; do corosync_start $n; done
}

teardown_file() { for n in ha ha2; do corosync_stop $n; done; }

setup() { lab_move home; }

teardown() {
	agents_stop
	for n in ha ha2; do [ ! -e "/run/lab/$n.keepalived" ] || keepalived_stop $n; done
	ip -n sw link set ha up
	ip -n ha2 addr del "$HA/64" dev eth0 2>/dev/null || true
	ip -n ha addr replace "$HA/64" dev eth0 nodad
	for n in ha ha2; do [ -e "/run/lab/$n.corosync" ] || corosync_start $n; done
}

ha2() { mip -n ha2 "$@" 3>&- 4>&-; }
both_start() { ha_start; role_start ha2 ha start "${HA_START[@]}"; both_synced; }
both_synced() { ha cell wait synced timeout 60; ha2 cell wait synced timeout 60; }
# cell NODE STATE: as its own record says
cell() { [ "$(mip -n "$1" -j cell show | jq -r '.[] | select(.own) | .state')" = "$2" ]; }
# held NODE STATE LINK: the binding there
held() {
	local b
	b=$(json "$1" binding show)
	[ "$(field state "$b")" = "$2" ] && [[ $(field care_of "$b") = "2001:db8:$3:"* ]]
}
holds_nothing() { [ "$(json "$1" binding show)" = "[]" ]; }
echoes() { [ "$(grep -c icmp_seq "$2")" -gt "$1" ]; }   # echoes N FILE: more than that came back
# untouched NODE: no packet is led anywhere, nothing is answered; what routes there are stand in a table nobody looks into
untouched() { [ -z "$(in_ns "$1" sh -c 'ip -6 rule show table 1187; ip -6 rule show table 1188; ip -6 route show table main proto 119; ip -6 neigh show proxy')" ]; }

address_moves() {
	local seq ping last
	both_start
	mn_start
	away f1
	held ha2 standby f1
	untouched ha2
	in_ns ha2 ip -6 route show table all proto 119 | grep "table 118[78]"
	seq=$(show mn bul sequence)
	lab_bg cn "$BATS_TEST_TMPDIR/ping" ping -6 -D -i 0.02 "$HOA"
	ping=$!
	lab_wait 5 grep -q "icmp_seq=10 " "$BATS_TEST_TMPDIR/ping"
	ip -n sw link set ha down
	ip -n ha2 addr add "$HA/64" dev eth0 nodad
	lab_wait 5 held ha2 active f1
	last=$(grep -c icmp_seq "$BATS_TEST_TMPDIR/ping")
	lab_wait 10 echoes $((last + 20)) "$BATS_TEST_TMPDIR/ping"
	kill -INT $ping
	awk -F'[][]' '/icmp_seq/ { if (t && $2 - t > gap) gap = $2 - t; t = $2 } END { printf "# longest gap between echoes: %d ms\n", gap * 1000 }' "$BATS_TEST_TMPDIR/ping" >&3
	[ "$(show mn bul sequence)" = "$seq" ]
	lab_wait 10 cell ha2 alone
	# a half that was cut off has what is older
	lab_move f2
	lab_wait 15 held ha2 active f2
	ip -n ha addr del "$HA/64" dev eth0
	lab_wait 5 held ha standby f1
	ip -n sw link set ha up
	both_synced
	held ha standby f2
	lab_wait 5 untouched ha   # a while later: packets that still came there were taken
	[ "$(ha2 -j cell show | jq -c '[.[] | [.node, .own, .serves]]')" = '[[1,false,false],[2,true,true]]' ]
}
@test "the address moves: the standby serves the binding as it was, and nobody registered" { address_moves; }
@test "the address moves between programs of the kernel" { agent ha --path bpf && agent ha2 --path bpf && address_moves; }

# who has the address: a keepalived there, and this machine
master() { [ -n "$(ip -n "$1" -6 addr show dev eth0 to "$HA")" ]; }

@test "keepalived moves the address: each time the binding is served at once, and nobody registered" {
	local n at other seq ping
	ip -n ha addr del "$HA/64" dev eth0
	keepalived_start ha; lab_wait 10 master ha
	keepalived_start ha2
	both_start
	mn_start
	away f1
	seq=$(show mn bul sequence)
	lab_bg cn "$BATS_TEST_TMPDIR/ping" ping -6 -D -i 0.01 "$HOA"
	ping=$!
	for at in ha ha2; do
		other=ha2; [ $at = ha ] || other=ha
		lab_wait 10 held $other standby f1
		n=$(grep -c icmp_seq "$BATS_TEST_TMPDIR/ping" || true)
		lab_wait 10 echoes $((n + 50)) "$BATS_TEST_TMPDIR/ping"
		ip -n sw link set $at down
		lab_wait 10 held $other active f1
		n=$(grep -c icmp_seq "$BATS_TEST_TMPDIR/ping")
		lab_wait 10 echoes $((n + 50)) "$BATS_TEST_TMPDIR/ping"
		[ "$(show mn bul sequence)" = "$seq" ]
		ip -n sw link set $at up
		both_synced
		lab_wait 10 held $at standby f1
	done
	# it ends in order: the address goes at once
	n=$(grep -c icmp_seq "$BATS_TEST_TMPDIR/ping")
	keepalived_stop ha
	lab_wait 10 held ha2 active f1
	lab_wait 10 echoes $((n + 50)) "$BATS_TEST_TMPDIR/ping"
	kill -INT $ping
	keepalived_stop ha2
	awk -F'[][]' '/icmp_seq/ { if (t && $2 - t > gap) gap = $2 - t; t = $2 } END { printf "# longest gap between echoes: %d ms\n", gap * 1000 }' "$BATS_TEST_TMPDIR/ping" >&3
}

@test "a member that starts later gets what is there; without corosync an agent serves, and joins when it is back" {
	ha_start
	lab_wait 10 cell ha alone
	mn_start
	away f1
	role_start ha2 ha start "${HA_START[@]}"
	both_synced
	held ha2 standby f1
	corosync_stop ha
	lab_wait 10 cell ha detached
	[[ "$(ha)" == *"not replicated"* ]]
	lab_wait 10 cell ha2 alone
	away f2
	held ha2 standby f1
	corosync_start ha
	both_synced
	held ha2 standby f2
	back
	lab_wait 5 holds_nothing ha2
}

@test "what cannot be read is refused and told; members and bindings stay" {
	both_start
	mn_start
	away f1
	in_ns ha python3 "$BATS_TEST_DIRNAME/cellnoise.py" mip:one 200
	local log
	agent_file log ha2 log
	lab_wait 5 grep -q "node 1 of the cell, .*cannot be read" "$log"
	both_synced
	held ha2 standby f1
	[ "$(ha2 -j cell show | jq length)" = 2 ]
	lab_move f2
	lab_wait 15 held ha2 standby f2
}

# finds VERDICT FILE: so doctor, of corosync's configuration there
finds() { COROSYNC_MAIN_CONFIG_FILE=$2 mip -n ha -j doctor ha | jq -e --arg v "$1" '.[] | select(.check == "cell") | .verdict == $v'; }
# measures METRIC VALUE
measures() { ha stats -o openmetrics | grep -qx "mip_cell_$1 $2"; }

@test "doctor looks whether corosync authenticates; openmetrics has who is there" {
	local examples=$BATS_TEST_DIRNAME/../../man/examples
	both_start
	finds weak "$CELL_DIR/ha.corosync.conf"
	finds ok "$examples/corosync.conf"
	sed 's/crypto_hash:.*/crypto_hash: none/' "$examples/corosync.conf" > "$BATS_TEST_TMPDIR/conf"
	finds weak "$BATS_TEST_TMPDIR/conf"
	sed 's/transport:.*/transport: udpu/' "$examples/corosync.conf" > "$BATS_TEST_TMPDIR/conf"
	finds weak "$BATS_TEST_TMPDIR/conf"
	finds unknown "$BATS_TEST_TMPDIR/nosuch"
	measures members 2 && measures serves 1 && measures behind 0
	ha2 stats -o openmetrics | grep -qx "mip_cell_serves 0"
	corosync_stop ha2
	lab_wait 10 measures members 1
	corosync_stop ha
	lab_wait 10 measures members 0
	run mip -n ha doctor ha
	[[ "$output" == *"not replicated"* ]]
	ha ha stop
	mip -n ha ha start dev eth0 insecure
	[[ "$(ha stats -o openmetrics)" != *mip_cell_* ]]
	finds ok "$BATS_TEST_TMPDIR/nosuch"
}

@test "a cell needs an address; what was said is saved" {
	agent ha
	refused "which address moves" ha start dev eth0 insecure cell one
	ha_start
	[[ "$(ha save)" == *"cell one"* ]]
	[ "$(show ha cell cell)" = one ]
	ha ha start dev eth0 insecure
	[ "$(show ha cell cell)" = one ]
	ha ha stop
	[ "$(ha -j cell show)" = "[]" ]
}

@test "the example configurations of corosync and keepalived are right" {
	local examples=$BATS_TEST_DIRNAME/../../man/examples
	head -c 128 /dev/urandom > "$BATS_TEST_TMPDIR/authkey"
	sed "s|crypto_hash:.*|&\\n\\tkeyfile: $BATS_TEST_TMPDIR/authkey|" "$examples/corosync.conf" > "$BATS_TEST_TMPDIR/corosync.conf"
	in_ns ha corosync -t -c "$BATS_TEST_TMPDIR/corosync.conf"
	in_ns ha keepalived -t -f "$(realpath "$examples/keepalived.conf")"
}
