#!/usr/bin/env bats
# The agent as an account that owns nothing: two capabilities, no way to more, and all of its work done.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up || return
	# as udev has it: whoever holds CAP_NET_ADMIN may make devices, whoever opens the node may ask
	mknod -m 666 /run/lab/tun c 10 200 && mount --bind /run/lab/tun /dev/net/tun
}

setup() {
	P=$BATS_TEST_TMPDIR
	# one's own each: who cleans up after a killed agent comes seconds later
	export MIP_RUN_DIR=/run/user$BATS_TEST_NUMBER MIP_STATE_DIR=/run/state$BATS_TEST_NUMBER
	mkdir -p $MIP_RUN_DIR $MIP_STATE_DIR
}

teardown() {
	agents_stop
	umount /etc/passwd 2>/dev/null || true
	rm -rf $MIP_RUN_DIR $MIP_STATE_DIR
}

status() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$(show ha agent pid)/status"; }
works() {
	ha_start
	add 200
	in_ns ha ip -6 neigh show proxy | grep -q 2001:db8:1::200
}

@test "--user: two capabilities, none to be had, and a home agent all the same; it stops clean" {
	local before
	before=$(in_ns ha sh -c 'ip -6 route show table all proto 119; nft list ruleset; sysctl net.ipv6.conf.all.proxy_ndp')
	agent ha --user nobody
	[ "$(status Uid)" = "$(id -u nobody)" ]
	[ "$(status Gid)" = "$(id -g nobody)" ]
	[ "$(status NoNewPrivs)" = 1 ]
	for set in CapPrm CapEff; do [ "$((16#$(status $set)))" = $((1 << 12 | 1 << 13)) ]; done
	[ "$((16#$(status CapInh)))" = 0 ]
	[ "$(stat -c %U:%a $MIP_RUN_DIR)" = nobody:755 ] || [ "$(stat -c %U:%a $MIP_RUN_DIR)" = nobody:750 ]
	works
	ha agent stop
	lab_wait 5 no_agent ha
	[ "$(in_ns ha sh -c 'ip -6 route show table all proto 119; nft list ruleset; sysctl net.ipv6.conf.all.proxy_ndp')" = "$before" ]
}

@test "it is kept to its system calls, and says so; it can be told not to" {
	agent ha
	case $MIP_BUILD in
	*san*) ha -j agent show | jq -e '.[0].seccomp == "off: built with sanitizers"' ;;
	*) [ "$(status Seccomp)" = 2 ]; ha -j agent show | jq -e '.[0].seccomp == "on"' ;;
	esac
	works
	ha agent stop
	lab_wait 10 no_agent ha
	agent ha --no-seccomp
	[ "$(status Seccomp)" = 0 ]
	[ "$(status NoNewPrivs)" = 1 ]
	ha -j agent show | jq -e '.[0].seccomp | startswith("off: ")'
}

@test "what an agent of root left in the directory does not stop one that is not" {
	agent ha
	works
	kill -9 "$(ha -j agent show | jq '.[0].pid')"
	lab_wait 5 no_agent ha
	agent ha --user nobody
	[ "$(status Uid)" = "$(id -u nobody)" ]
	works
}

@test "a directory of account mip: an agent that root starts runs as mip" {
	sed 's/^nobody:/mip:/' /etc/passwd > "$P/passwd"
	mount --bind "$P/passwd" /etc/passwd
	chown mip $MIP_RUN_DIR $MIP_STATE_DIR
	agent ha
	[ "$(status Uid)" = "$(id -u mip)" ]
	works
}

@test "a user that is not there, and a directory of somebody else: said, not done" {
	run in_ns ha mipd --user nosuchuser
	[ "$status" = 1 ]
	[[ "$output" == *"there is no user nosuchuser"* ]]
	chown daemon $MIP_RUN_DIR
	run in_ns ha mipd
	[ "$status" = 1 ]
	[[ "$output" == *"only its owner can write"* ]]
}
