#!/usr/bin/env bash
# The test network, in namespaces of its own: several can run at once, and all of it dies with the command.
#
#      cn ── r ──┬── home  2001:db8:1::/64    ha (::1) is here, home address ::100
#   2001:db8:c:: ├── f1    2001:db8:f1::/64   radvd in r
#                └── f2    2001:db8:f2::/64   radvd in r
#   mn: one veth, eth0, plugged into one of the three links by lab_move. The links are bridges in namespace sw.
#
#   tests/lab/lab.sh run COMMAND [ARG ...]    COMMAND in a private world, where it may call lab_up
#   tests/lab/lab.sh shell                    the network and a shell in it (`make lab`)
#   . tests/lab/lab.sh                        the functions below, for what runs in `lab.sh run`
#
# MIP_BUILD: where mip and mipd are (build/). MIP_SLOW: deadlines are that many times longer (emulated machines).
# MIP_PATH: the data path every agent takes that is not told another one: bpf, ip6tnl or tun.

[[ ${BASH_SOURCE[0]} = /* ]] && LAB_DIR=${BASH_SOURCE[0]%/*} || LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ ${MIP_BUILD:-} = /* ]] || MIP_BUILD=$(realpath "${MIP_BUILD:-$LAB_DIR/../../build}")
MIP_SLOW=${MIP_SLOW:-1}
PATH=${MIP_PATH:+/run/lab/bin:}$MIP_BUILD:$PATH
export MIP_BUILD MIP_SLOW PATH
CN=2001:db8:c::2 HOME_PREFIX=2001:db8:1::/64 HA=2001:db8:1::1 HOA=2001:db8:1::100
export CN HOME_PREFIX HA HOA

# in_ns NAME COMMAND...: in network namespace NAME (unlike `ip netns exec`, with this /sys). Descriptors 3 and 4 are bats'.
in_ns() { nsenter --net="/run/netns/$1" -- "${@:2}" 3>&- 4>&-; }
# lab_bg NAME LOG COMMAND...: the same in the background, output in LOG; $! is its process.
lab_bg() { nsenter --net="/run/netns/$1" -- "${@:3}" >"$2" 2>&1 </dev/null 3>&- 4>&- & }
lab_die() { echo "lab: $*" >&2; return 1; }

lab_is_private() { [ -n "${MIP_LAB:-}" ] || lab_die "this machine's own network is none of ours: run it by tests/net.sh, or tests/lab/lab.sh run"; }

# lab_quiet: from here on bats looks where it is before each command of the test, not of each function the test calls, which
# is a tenth of all the processor does here. Its own, that find the line which failed, it goes on to see.
lab_quiet() {
	! declare -F bats_error_trap >/dev/null || declare -ft bats_error_trap bats_check_status_from_trap
	set +T
}
# lab_wait SECONDS COMMAND...: until COMMAND succeeds; fails at the deadline. SECONDS are ample on an idle machine; six
# times that are given: on a busy one any process may stand still for some. How long things take is for tests/bench.
# Each question is followed by a rest of six times its length, 0.5 s at most: several files run at once, and to ask without
# pause is what would keep the machine busy.
lab_wait() {   # what COMMAND sets is the caller's: no variable here has a name a test would use
	local lab_asked lab_now=${EPOCHREALTIME/./} lab_end lab_rest
	lab_quiet
	lab_end=$((lab_now + $1 * 6 * MIP_SLOW * 1000000)); shift
	while lab_asked=$lab_now; ! "$@" >/dev/null 2>&1; do
		lab_now=${EPOCHREALTIME/./}
		[ "$lab_now" -lt "$lab_end" ] || { lab_die "gave up waiting for: $*"; return; }
		lab_rest=$((6 * (lab_now - lab_asked)))
		printf -v lab_rest 0.%06d $((lab_rest < 500000 ? lab_rest : 500000))
		read -rt "$lab_rest" _ <>/run/lab/silence || true   # as sleep does, without a process
		lab_now=${EPOCHREALTIME/./}
	done
}

# lab_move home|f1|f2|nowhere: unplugs the mobile node and plugs it into that link.
lab_move() {
	local master="master $1"
	[ "$1" = nowhere ] && master=nomaster
	printf 'link set mn down\nlink set mn %s\n' "$master" | ip -n sw -b - || return
	[ "$1" = nowhere ] || ip -n sw link set mn up
}
lab_where() { ip -n sw -j link show mn | jq -r '.[0].master // "nowhere"'; }

lab_link() {   # lab_link NS NAME MAC BRIDGE: interface NAME of NS, its other end a port of that bridge
	local port=$1-$4; [ "$1" = r ] || port=$1
	ip link add "$2" netns "$1" address "$3" type veth peer name "$port" netns sw
	[ "$4" = - ] || ip -n sw link set "$port" master "$4" up
	ip -n "$1" link set "$2" up
}
lab_sysctl() { in_ns "$1" sysctl -qw "${@:2}"; }

lab_radvd() {   # lab_radvd NS: its configuration on stdin
	local dir=/run/lab/$1; mkdir -p "$dir"
	cat > "$dir/radvd.conf"
	lab_bg "$1" "$dir/radvd.log" radvd -n -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr
	lab_wait 5 [ -s "$dir/radvd.pid" ] || cat "$dir/radvd.log"
}
lab_advertise() {   # lab_advertise DEV PREFIX [INTERFACE-OPTION ... -- PREFIX-OPTION ...]: one radvd interface, Mobile IPv6 intervals
	local dev=$1 prefix=$2 iface="" pfx=""; shift 2
	for o; do if [ "$o" = -- ]; then iface=$pfx pfx=; else pfx+="$o; "; fi; done
	cat <<-CONF
	interface $dev {
		AdvSendAdvert on; MinRtrAdvInterval 0.5; MaxRtrAdvInterval 1; MinDelayBetweenRAs 0.03;
		AdvIntervalOpt on; AdvDefaultLifetime 1800; $iface
		prefix $prefix { $pfx };
	};
	CONF
}

# lab_routers [OPTION... -- PREFIX-OPTION...]: f1's, with those, and f2's. lab_routers_end: as they say, with a lifetime of 0
lab_routers() { { lab_advertise f1 2001:db8:f1::/64 "$@"; lab_advertise f2 2001:db8:f2::/64; } | lab_radvd r; }
lab_routers_end() { kill "$(cat /run/lab/r/radvd.pid)" && lab_wait 5 [ ! -e /run/lab/r/radvd.pid ]; }

# lab_up: builds the network, the mobile node at home. Nothing in it needs waiting for: infrastructure does no DAD. Each file of
# tests builds it, and what it costs is processes: one `ip` a namespace, as far as the order lets it.
lab_up() {
	local nodes=(sw r cn ha mn) n ids all=net.ipv6.conf.all default=net.ipv6.conf.default
	lab_is_private || return
	printf 'netns add %s\n' "${nodes[@]}" | ip -b - || return
	mapfile -t ids < <(stat -Lc %i "${nodes[@]/#//run/netns/}")
	for n in "${!nodes[@]}"; do echo "${ids[n]}" > "/run/lab/${nodes[n]}.netns"; done   # for agent_file
	lab_sysctl sw $default.disable_ipv6=1 $all.disable_ipv6=1
	lab_sysctl cn net.ipv4.ping_group_range="0 0" $default.accept_dad=0 $all.accept_dad=0   # echo sockets, IPv6 ones too
	for n in r ha; do lab_sysctl $n $default.accept_dad=0 $all.accept_dad=0 $all.forwarding=1; done
	ip -b - <<-PAIRS && ip -n sw -b - <<-SW && ip -n r -b - <<-R && ip -n cn -b - <<-CN && ip -n ha -b - <<-HA && ip -n mn -b - <<-MN || return
	link add cn netns r address 02:00:00:00:0c:01 type veth peer name eth0 netns cn address 02:00:00:00:0c:02
	link add home netns r address 02:00:00:00:01:fe type veth peer name r-home netns sw
	link add f1 netns r address 02:00:00:00:f1:01 type veth peer name r-f1 netns sw
	link add f2 netns r address 02:00:00:00:f2:01 type veth peer name r-f2 netns sw
	link add eth0 netns ha address 02:00:00:00:01:01 type veth peer name ha netns sw
	link add eth0 netns mn address 02:00:00:00:01:64 type veth peer name mn netns sw
	PAIRS
	$(for n in home f1 f2; do
		echo "link add $n type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
		echo "link set $n up"
		echo "link set r-$n master $n up"
	done)
	link set ha master home up
	link set lo up
	SW
	link set lo up
	link set cn up
	link set home up
	link set f1 up
	link set f2 up
	addr add 2001:db8:c::1/64 dev cn nodad
	addr add 2001:db8:1::fe/64 dev home nodad
	addr add 2001:db8:f1::1/64 dev f1 nodad
	addr add 2001:db8:f2::1/64 dev f2 nodad
	R
	link set lo up
	link set eth0 up
	addr add $CN/64 dev eth0 nodad
	route add default via 2001:db8:c::1
	CN
	link set lo up
	link set eth0 up
	addr add $HA/64 dev eth0 nodad
	route add default via 2001:db8:1::fe
	HA
	link set lo up
	link set eth0 up
	MN
	lab_sysctl ha $all.accept_dad=1 net.ipv6.conf.eth0.accept_dad=1   # for home addresses it defends
	{ lab_advertise f1 2001:db8:f1::/64; lab_advertise f2 2001:db8:f2::/64; } | lab_radvd r || return
	lab_advertise eth0 $HA/64 "AdvHomeAgentFlag on" "AdvHomeAgentInfo on" "HomeAgentPreference 10" -- "AdvRouterAddr on" | lab_radvd ha || return
	lab_move home
}

# lab_second: another mobile node, mn2, with home address HOA2, at home. lab_move2 LINK moves it.
HOA2=2001:db8:1::200
export HOA2
lab_second() {
	ip netns add mn2 && ip -n mn2 link set lo up || return
	lab_link mn2 eth0 02:00:00:00:02:64 -
	lab_move2 home
}
lab_move2() {
	local master="master $1"
	[ "$1" = nowhere ] && master=nomaster
	printf 'link set mn2 down\nlink set mn2 %s\n' "$master" | ip -n sw -b - || return
	[ "$1" = nowhere ] || ip -n sw link set mn2 up
}

# What a user of `make lab` gets.
lab_shell() {
	lab_up || return
	cat > /run/lab/rc <<-RC
	[ -e ~/.bashrc ] && . ~/.bashrc
	. "$LAB_DIR/lab.sh"
	for n in mn ha cn r; do eval "\$n() { in_ns \$n \"\\\${@:-bash}\"; }"; done
	move() { lab_move "\$1" && echo "the mobile node is on: \$(lab_where)"; }
	PS1='[lab: mn on \$(lab_where)] \\$ '
	RC
	cat <<-HELLO
	The test network is up: cn, r (router), ha (home agent), mn (mobile node, home address $HOA). Try

	  ha mip ha start dev eth0 insecure
	  mn mip mn start home $HOA prefix $HOME_PREFIX agent $HA dev eth0
	  move f1; mn mip mn wait registered timeout 10
	  ha mip binding show;  mn mip bul show;  cn ping -c3 $HOA;  mn mip monitor
	  move f2; move home; move nowhere;  mn   (alone: a shell there)

	It ends, with all in it, when you leave (exit or ^D).
	HELLO
	bash --rcfile /run/lab/rc -i
}

# lab_keep: what a failed test has written, and what the namespaces hold, to build/failed (tests/tap.sh). In teardown, first.
lab_keep() {
	local n dir
	[ -n "${BATS_TEARDOWN_STARTED:-}" ] && [ -z "${BATS_TEST_COMPLETED:-}${BATS_TEST_SKIPPED:-}" ] && [ -n "${MIP_FAILED:-}" ] || return 0
	dir=$MIP_FAILED/$(basename "$BATS_TEST_FILENAME" .bats)-${BATS_TEST_DESCRIPTION//[^[:alnum:]]/-} dir=${dir:0:240}
	[ ! -d "$dir/run" ] || return 0
	mkdir -p "$dir/run"
	(cd / && find run/lab run/mip "${BATS_TEST_TMPDIR#/}" -type f -size -20000k -exec cp --parents -t "$dir" {} +)
	for n in /run/netns/*; do
		n=${n##*/}
		in_ns "$n" sh -c 'ip addr; ip -6 rule; ip -6 route show table all; ip -6 neigh; ip xfrm policy; nft list ruleset; timeout 10 mip' > "$dir/$n" 2>&1
	done
	return 0
}

# lab_path: agents take data path $MIP_PATH. A tool starts the agent that stands beside it.
lab_path() {
	mkdir /run/lab/bin && cp "$MIP_BUILD/mip" /run/lab/bin || return
	printf '#!/bin/sh\nexec %s --path %s "$@"\n' "$MIP_BUILD/mipd" "$MIP_PATH" > /run/lab/bin/mipd
	chmod 755 /run/lab/bin/mipd
}

# lab_private COMMAND...: first process of the private world.
lab_private() {
	mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns /run/mip /run/lab && mkfifo /run/lab/silence && ip link set lo up || exit
	export MIP_LAB=1 MIP_STATE_DIR=/run/mip-state
	[ -z "${MIP_PATH:-}" ] || lab_path
	"$@"   # not exec: this shell reaps, and takes ^C for nobody
	exit
}

[ "${BASH_SOURCE[0]}" = "$0" ] || return 0
case ${1:-} in
run) [ $# -gt 1 ] || exit; verb=private; shift;;
shell) verb=private; set -- lab_shell;;
private) shift; lab_private "$@";;
*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 1;;
esac
[ "$(id -u)" -eq 0 ] || { lab_die "needs root"; exit 1; }
exec unshare --mount --net --pid --fork --kill-child --mount-proc "$LAB_DIR/lab.sh" $verb "$@"
