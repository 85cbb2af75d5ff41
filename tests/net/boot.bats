#!/usr/bin/env bats
# What a boot script runs: the checks in front of a role, each failing where it should; starting again, and stopping.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up
	lab_sysctl ha net.ipv6.conf.eth0.accept_ra=0   # while it does not forward it would hear itself
}

teardown() {
	agents_stop
	lab_sysctl ha net.ipv6.conf.all.forwarding=1
	ip -n ha addr replace "$HA/64" dev eth0 nodad
	ip -n ha link set eth0 up
	ip -n ha route replace default via 2001:db8:1::fe
	ip -n mn link set eth0 up
}

# verdict NODE CHECK WORD...: of `mip doctor WORD...`
verdict() { { in_ns "$1" mip -j doctor "${@:3}" || true; } | jq -r --arg c "$2" '.[] | select(.check == $c).verdict'; }

@test "a home agent that is ready: nothing bad, nothing said when it starts, twice" {
	ha doctor ha dev eth0
	[ "$(ha -j doctor ha | jq -r 'map(select(.verdict == "bad")) | length')" = 0 ]
	[ "$(verdict ha radvd ha)" = ok ]
	[ "$(ha ha start dev eth0 insecure 2>&1)" = "" ]
	[ "$(ha ha start dev eth0 insecure 2>&1)" = "" ]
}

@test "a home agent that does not forward: said with the command that mends it, exit status 2, no agent; mended, it starts" {
	lab_sysctl ha net.ipv6.conf.all.forwarding=0
	run ha doctor ha dev eth0
	[ "$status" = 2 ]
	[ "$(verdict ha forwarding ha)" = bad ]
	run ha ha start dev eth0 insecure
	[ "$status" = 2 ]
	[[ "$output" == *"forwarding: eth0 does not forward"* ]]
	[ "$(grep -c '^mip: ' <<< "$output")" = 1 ]
	no_agent ha
	in_ns ha sh -c "$(sed -n 's/^mend it with: //p' <<< "$output")"
	ha ha start dev eth0 insecure
}

@test "a home link without an address, and one that is down" {
	[ "$(verdict ha home-link ha)" = ok ]
	ip -n ha addr del "$HA/64" dev eth0
	[ "$(verdict ha home-link ha dev eth0)" = bad ]
	[ "$(verdict ha home-link ha)" = weak ]
	ip -n ha addr add "$HA/64" dev eth0 nodad
	ip -n ha link set eth0 down
	[ "$(verdict ha home-link ha dev eth0)" = bad ]
}

@test "no IPv6, and another daemon: bad for every role" {
	[ "$(verdict cn ipv6)" = ok ]
	lab_sysctl cn net.ipv6.conf.all.disable_ipv6=1
	[ "$(verdict cn ipv6)" = bad ]
	lab_sysctl cn net.ipv6.conf.all.disable_ipv6=0
	[ "$(verdict mn alone)" = ok ]
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/mip6d"
	lab_bg mn /dev/null "$BATS_TEST_TMPDIR/mip6d" 600
	lab_wait 5 eval '[ "$(verdict mn alone)" = bad ]'
	[ "$(verdict ha alone)" = ok ]
	kill $!
}

@test "the kernel is tried: what is found is what the agent then uses" {
	local path want=weak
	ha ha start dev eth0 insecure
	path=$(ha -j agent show | jq -r '.[0].path')
	[ "$path" = ip6tnl ] && want=ok
	[ "$(verdict ha tunnel ha)" = "$want" ]
	[ "$(verdict ha tun)" = ok ]
	[ "$(verdict ha nft)" = ok ]
	[ -z "$(in_ns ha ip link show trial0 2>/dev/null; in_ns ha nft list tables | grep trial)" ]
}

@test "a mobile node's interface that is down: weak, and mn start brings it up" {
	ip -n mn link set eth0 down
	[ "$(verdict mn interface mn dev eth0)" = weak ]
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0
	[ "$(ip -n mn -j link show eth0 | jq -r '.[0].flags | index("UP") != null')" = true ]
	[ "$(verdict mn interface mn dev eth0)" = ok ]
}

@test "start on a terminal, or with -d: a line a check, on stderr; what is wrong with its mend, and stdout stays empty" {
	local c name=$BATS_TEST_TMPDIR/lines
	ip -n mn link set eth0 down
	[ -z "$(mn -d mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 2> "$name")" ]
	for c in $(mn -j doctor mn | jq -r '.[].check' | grep -vx state); do   # that is what an agent sees that runs
		[ "$(awk -v c="$c" '$2 == c' "$name" | wc -l)" = 1 ] || { echo "not once: $c"; cat "$name"; return 1; }
	done
	grep -qx 'ok *interface *eth0 is up' "$name"
	[ "$(in_ns ha script -qec "mip ha start dev eth0 insecure" /dev/null </dev/null | grep -c '^ok .*eth0 forwards IPv6')" = 1 ]
	lab_sysctl ha net.ipv6.conf.all.forwarding=0
	run in_ns ha mip -d ha start
	[ "$status" = 2 ]
	grep -qx 'bad *forwarding *eth0 does not forward.*' <<< "$output"
	grep -qx 'mend it with: sysctl -w net.ipv6.conf.all.forwarding=1' <<< "$output"
}

@test "without privilege, doctor and start say so" {
	run in_ns cn setpriv --bounding-set -net_admin,-net_raw --inh-caps -all -- mip cn start
	[ "$status" = 2 ]
	[[ "$output" == *"privilege: CAP_NET_ADMIN"* ]]
}

# --- after a crash, restart ---

@test "started in the moment the agent is killed: it serves; no word of the one that went" {
	local pid
	ha ha start dev eth0 insecure
	for _ in 1 2 3 4 5; do
		pid=$(ha -j agent show | jq '.[0].pid')
		kill -9 "$pid"
		[ "$(ha ha start dev eth0 insecure 2>&1)" = "" ]
		[ "$(ha -j ha show | jq '.[0].enabled')" = true ]
		[ "$(ha -j agent show | jq '.[0].pid')" != "$pid" ]
	done
}

@test "an agent that hangs up on everybody and then dies is waited for; one that goes on so is said" {
	local socket log=$BATS_TEST_TMPDIR/log
	socket=/run/mip/$(in_ns cn stat -L -c %i /proc/self/ns/net).sock
	lab_bg cn "$log" python3 -u -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1]); s.listen(); print("ready")
for n in range(int(sys.argv[2])): s.accept()[0].close()
print("ends")' "$socket" 3
	lab_wait 10 grep -q ready "$log"
	[ "$(in_ns cn mip cn start 2>&1)" = "" ]
	grep -q ends "$log"
	in_ns cn mip agent stop
	lab_wait 10 [ ! -e "$socket" ]
	log+=2   # what is waited for is of this one
	lab_bg cn "$log" python3 -u -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1]); s.listen(); print("ready")
while True: s.accept()[0].close()' "$socket"
	lab_wait 10 grep -q ready "$log"
	run in_ns cn mip agent show
	kill $!
	[ "$status" = 3 ]
	[[ "$output" == *"the agent went away: it hangs up"* ]]
	rm "$socket"
}


registered() { mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 && mn mn wait registered timeout $((60 * MIP_SLOW)); }
bindings() { ha -j binding show | jq -c 'map([.home, .care_of, .sequence, .state])'; }
# The newest device of the agent: a role that ends takes its devices along.
device() { ip -n "$1" -j link | jq 'map(select(.ifname | startswith("mip")).ifindex) | max'; }

@test "ha restart: starts what does not run; ends and starts what does, with what it had but for the words said; bindings stay" {
	local was device
	lab_move f1
	ha ha restart dev eth0 insecure max-lifetime 1000
	registered
	was=$(bindings) device=$(device ha)
	[[ "$was" == *"$HOA"* ]]
	[ "$(ha ha restart 2>&1)" = "" ]
	[ "$(device ha)" -gt "$device" ]
	[ "$(bindings)" = "$was" ]
	ha ha restart preference 3
	[ "$(ha -j ha show | jq -c '.[0] | [.max_lifetime, .preference, .insecure, .enabled]')" = '[1000,3,true,true]' ]
	[ "$(bindings)" = "$was" ]
	in_ns r ping -q -c1 -w$((5 * MIP_SLOW)) "$HOA"
	run in_ns ha mip ha restart dev nosuch0
	[ "$status" = 2 ]
	[ "$(bindings)" = "$was" ]
}

@test "agent restart: another process with the same options, configuration and bindings; starts what does not run" {
	local was pid
	ha agent restart
	ha agent stop
	lab_move f1
	in_ns ha mipd --path tun >/dev/null 2>&1 3>&- 4>&- &
	lab_wait 10 in_ns ha mip agent show
	ha acl allow 2001:db8:1::/64 max-bindings 7
	ha ha start dev eth0 insecure preference 2
	registered
	was=$(ha save; bindings) pid=$(ha -j agent show | jq '.[0].pid')
	ha agent restart
	[ "$(ha save; bindings)" = "$was" ]
	[ "$(ha -j agent show | jq '.[0].pid')" != "$pid" ]
	[ "$(ha -j agent show | jq -r '.[0].path')" = tun ]
	[[ "$(tr '\0' ' ' < "/proc/$(ha -j agent show | jq '.[0].pid')/cmdline")" == *" --path tun "* ]]
	in_ns r ping -q -c1 -w$((5 * MIP_SLOW)) "$HOA"
	ha save | ha apply - confirm 60
	run in_ns ha mip agent restart
	[ "$status" = 2 ]
	[[ "$output" == *"mip confirm"* ]]
	ha confirm
}

@test "mn restart and cn restart: registered again with the same home address; without one refused, and what ran goes on" {
	local device
	lab_move f1
	run in_ns mn mip mn restart
	[ "$status" = 2 ]
	[[ "$output" == *"no home address"* ]]
	no_agent mn
	ha ha start dev eth0 insecure
	registered
	device=$(device mn)
	mn mn restart
	mn mn wait registered timeout $((60 * MIP_SLOW))
	[ "$(device mn)" -gt "$device" ]
	[ "$(mn -j mn show | jq -c 'map(.home)')" = "[\"$HOA\"]" ]
	mn cn restart max-bindings 50
	mn cn restart test-rate 7
	[ "$(mn -j cn show | jq -c '.[0] | [.max_bindings, .test_rate]')" = '[50,7]' ]
	mn mn wait registered timeout $((60 * MIP_SLOW))
}

# --- router advertisements ---

radvd_gone() { [ "$(verdict ha radvd ha)" = weak ]; }
# The lab's own radvd in ha ends; lab_again starts it.
lab_silent() { kill "$(cat /run/lab/ha/radvd.pid)" && lab_wait 10 radvd_gone; }
lab_again() { lab_radvd ha <<< "$(cat /run/lab/ha/radvd.conf)"; }
# heard: one advertisement from the home agent's interface as tshark reads it: H, R, prefix, interval, its preference and lifetime
heard() {
	in_ns mn timeout $((60 * MIP_SLOW)) tshark -Q -l -i eth0 -f 'icmp6 and ip6[40] == 134 and ether src 02:00:00:00:01:01' -c 1 -w /run/lab/boot.pcap 2>/dev/null
	tshark -r /run/lab/boot.pcap -T fields -E separator=/s -e icmpv6.nd.ra.flag.h -e icmpv6.opt.prefix.flag.r -e icmpv6.opt.prefix \
		-e icmpv6.opt.advertisement_interval -e icmpv6.opt.home_agent_preference -e icmpv6.opt.home_agent_lifetime 2>/dev/null
}

# Ours: the child of its keeper. (radvd has a child itself.)
our_radvd() { local keeper; keeper=$(pgrep -d, -x mip-radvd) && pgrep -P "$keeper" -x radvd; }
radvds() { our_radvd | wc -l; }
another_radvd() { local pid; pid=$(our_radvd) && [ "$pid" != "$1" ]; }

@test "ha start: the home link hears H bit, R bit with the address, home agent information and interval; ha stop ends it" {
	local pid
	lab_silent
	lab_move home
	ip -n ha addr del "$HA/64" dev eth0
	ip -n ha addr add "$HA/64" dev eth0   # as in a boot script, probed for while the home agent starts
	ip -n ha route replace default via 2001:db8:1::fe
	[ "$(ha ha start dev eth0 insecure preference 65529 2>&1)" = "" ]
	[ "$(heard)" = "1 1 $HA 3000 65529 3600" ]
	pid=$(our_radvd)
	ha ha start dev eth0 insecure
	ha ha restart
	ha agent restart
	[ "$(our_radvd)" = "$pid" ]
	[ "$(radvds)" = 1 ]
	[ "$(verdict ha radvd ha)" = ok ]
	ha ha stop
	radvd_gone
	[ ! -e /run/mip.radvd ]
	lab_again
}

@test "a home link that was added is announced after the next start, whichever link that names" {
	lab_silent
	ip -n ha link add more type veth peer name less
	ip -n ha link set more up
	ip -n ha addr add 2001:db8:7::1/64 dev more nodad
	ha ha start dev eth0 insecure
	ha ha add dev more
	ha ha start dev eth0
	[ "$(grep -c '^interface' /run/mip.radvd/*.conf)" = 2 ]
	ha ha stop
	ip -n ha link del more
	lab_again
}

@test "radvd is started again when it dies, and ends when the home agent was killed and does not come back" {
	local pid
	lab_silent
	ha ha start dev eth0 insecure
	pid=$(our_radvd)
	kill -9 "$pid"
	lab_wait 20 another_radvd "$pid"
	[ "$(radvds)" = 1 ]
	kill -9 "$(ha -j agent show | jq '.[0].pid')"
	lab_wait 30 radvd_gone
	lab_wait 10 [ ! -e /run/mip.radvd ]
	lab_again
}

@test "a radvd that is there already is left alone: not started twice, not stopped" {
	local out
	out=$(ha ha start dev eth0 insecure radvd yes 2>&1)
	[[ "$out" == *"runs here already"*"mip ha radvd"* ]]
	[ "$(radvds)" = 0 ]
	ha ha stop
	kill -0 "$(cat /run/lab/ha/radvd.pid)"
}

@test "radvd no: none; agent stop ends one; without radvd installed a line says so, and who insists is refused" {
	lab_silent
	ha ha start dev eth0 insecure radvd no
	radvd_gone
	ha ha start
	[ "$(verdict ha radvd ha)" = ok ]
	ha ha start radvd no
	radvd_gone
	ha ha start
	ha agent stop
	radvd_gone
	mount -t tmpfs tmpfs /usr/sbin
	run in_ns ha mip ha start dev eth0 insecure radvd yes
	[ "$status" = 2 ]
	[[ "$output" == *"cannot run radvd"*"mend it with: apt install radvd"* ]] || { umount /usr/sbin; false; }
	no_agent ha
	run in_ns ha mip ha start dev eth0 insecure
	umount /usr/sbin
	[ "$status" = 0 ]
	[[ "$output" == *"cannot run radvd"*"mend it with: apt install radvd"* ]]
	ha ha show
	lab_again
}

@test "ha radvd: what it prints is what radvd takes, for every address of the link; JSON; an address that is none is refused" {
	ip -n ha addr add 2001:db8:1:1::1/80 dev eth0 nodad
	ha ha radvd dev eth0 > "$BATS_TEST_TMPDIR/conf"
	radvd -c -C "$BATS_TEST_TMPDIR/conf" -p /dev/null -m stderr
	[ "$(grep -c AdvRouterAddr "$BATS_TEST_TMPDIR/conf")" = 2 ]
	[ "$(grep -c "AdvAutonomous off" "$BATS_TEST_TMPDIR/conf")" = 1 ]
	ha -j ha radvd | jq -e 'map(.prefix) | sort == ["2001:db8:1:1::/80", "2001:db8:1::/64"]'
	ip -n ha addr del 2001:db8:1:1::1/80 dev eth0
	run in_ns ha mip ha radvd dev lo
	[ "$status" = 2 ]
	[[ "$output" == *"no global unicast address"* ]]
}

# --- a configuration ---

waits() { [[ "$(ha -j ha show | jq -r '.[0].waits // empty')" == *"$1"* ]]; }
serving() { [ "$(ha -j ha show | jq -r '.[0] | "\(.enabled) \(.dev) \(.waits)"')" = "true $1 null" ]; }
has_radvd() { [ "$(verdict ha radvd ha)" = ok ]; }

@test "ha start in a configuration waits for interface and address, says so, serves when they come, and the link is announced" {
	export MIP_CONF=$BATS_TEST_TMPDIR/conf
	lab_silent
	echo "ha start dev late insecure" > "$MIP_CONF"
	ha agent start
	waits "no interface late"
	[[ "$(ha)" == *"! the home agent waits: no interface late"* ]]
	run in_ns ha mip ha add dev nosuch0   # by hand it is refused
	[ "$status" = 2 ]
	ip -n ha link add late type veth peer name early
	ip -n ha link set early up && ip -n ha link set late up
	lab_wait 10 waits "home link late has no global address"
	ip -n ha addr add 2001:db8:7::1/64 dev late nodad
	lab_wait 10 serving late
	[[ "$(ha)" != *"! the home agent waits"* ]]
	lab_wait 10 has_radvd
	grep -q '^interface late' /run/mip.radvd/*.conf
	ip -n ha link del late
	lab_wait 10 waits "no interface late"
	ha agent stop
	lab_wait 10 radvd_gone
	lab_again
}

@test "one of two home links that is not there yet does not keep the other from being served" {
	ha agent start
	printf 'ha start dev eth0 insecure\nha add dev late\n' | ha apply -
	run jq -c 'map([.dev, .waits])' <<< "$(ha -j ha show)"; echo "$output"; [ "$output" = '[["eth0","no interface late"]]' ]
	ip -n ha link add late type veth peer name early
	ip -n ha link set early up && ip -n ha link set late up
	ip -n ha addr add 2001:db8:7::1/64 dev late nodad
	both() { [ "$(ha -j ha show | jq -c 'map(.dev) | sort')" = '["eth0","late"]' ] && ! waits no; }
	lab_wait 10 both
	ha agent stop
	ip -n ha link del late
}

@test "a lock that a script holds while it starts a role is free when the script ends" {
	(
		exec 9> "$BATS_TEST_TMPDIR/lock"
		flock 9
		mip -n ha cn start
	)
	flock -n "$BATS_TEST_TMPDIR/lock" true
}

@test "somebody removes the agent's socket, its directory: made anew, still the only agent" {
	local socket dir=/run/socket$BATS_TEST_NUMBER pid
	export MIP_RUN_DIR=$dir
	ha cn start
	pid=$(ha -j agent show | jq '.[0].pid')
	agent_file socket ha sock
	rm "$socket"
	lab_wait 10 has_agent ha
	rm -r $dir
	lab_wait 10 has_agent ha
	[ "$(ha -j agent show | jq '.[0].pid')" = "$pid" ]
	run in_ns ha mipd
	[ "$status" = 1 ] && [[ "$output" == *"an agent runs already (pid $pid)"* ]]
	ha agent stop
	rm -r $dir
}
