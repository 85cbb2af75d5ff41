#!/usr/bin/env bats
# The test network itself, with the plain kernel: a node autoconfigures on every link and reaches the correspondent.

. "$BATS_TEST_DIRNAME/lab.sh"

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up
}

has_addr() { in_ns mn ip -6 addr show dev eth0 scope global -tentative | grep -q "inet6 $1"; }
flush() { in_ns mn ip -6 addr flush dev eth0 scope global; in_ns mn ip -6 route flush proto ra; }
visit() {
	lab_move nowhere; flush; lab_move "$1"
	lab_wait 10 has_addr "$2" || return
	in_ns mn ping -c 1 -W $((5 * MIP_SLOW)) -I "$(in_ns mn ip -6 -j addr show dev eth0 scope global | jq -r '.[0].addr_info[0].local')" "$CN"
}

@test "the mobile node autoconfigures on foreign link 1 and reaches the correspondent" { visit f1 2001:db8:f1:; }
@test "the mobile node autoconfigures on foreign link 2 and reaches the correspondent" { visit f2 2001:db8:f2:; }
@test "the mobile node autoconfigures on the home link and reaches the correspondent" { visit home 2001:db8:1:; }

@test "nowhere means no carrier" {
	lab_move nowhere
	lab_wait 5 sh -c "nsenter --net=/run/netns/mn ip -j link show eth0 | jq -e '.[0].operstate == \"LOWERLAYERDOWN\" or .[0].operstate == \"DOWN\"'"
	[ "$(lab_where)" = nowhere ]
}

@test "the home agent advertises itself as one, with its address and interval" {
	lab_move home
	in_ns mn timeout $((60 * MIP_SLOW)) tshark -Q -l -i eth0 -f 'icmp6 and ip6[40] == 134' -c 1 -w /run/lab/ra.pcap 2>/dev/null
	run tshark -r /run/lab/ra.pcap -V
	[[ "$output" == *"Home Agent: Set"* ]]
	[[ "$output" == *"Advertisement Interval"* ]]
	[[ "$output" == *"Home Agent Information"* ]]
	[[ "$output" == *"2001:db8:1::1"* ]]
}
