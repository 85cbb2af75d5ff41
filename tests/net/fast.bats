#!/usr/bin/env bats
# The kernel's fast path (core/flow/fast.h): the programs against the packet editor in C.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

setup_file() { [ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }; }

teardown() { ip netns del fz 2>/dev/null; return 0; }

@test "programs and packet editor agree on packets of every kind" {
	ip netns add fz; ip -n fz link set lo up
	ip -n fz link add d0 type veth peer name d1; ip -n fz link set d1 up; ip -n fz link set d0 up
	ip -n fz addr add 2001:db8:ee::1/64 dev d0 nodad
	in_ns fz ip tuntap add mip0 mode tun; ip -n fz link set mip0 up
	lab_sysctl fz net.ipv6.conf.all.forwarding=1
	lab_wait 5 ip -n fz -6 route add default via 2001:db8:ee::2 dev d0
	run in_ns fz "$MIP_BUILD/tests/net/fastfuzz" "${SEED:-$RANDOM}" $((100000 / MIP_SLOW))
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"mip_in changed"* && "$output" == *"mip_out sent"* ]]
}
