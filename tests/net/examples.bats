#!/usr/bin/env bats
# Every `mip` command of the README and of the manual pages is run as it stands there, in a network where it makes sense.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

ROOT=$BATS_TEST_DIRNAME/../..

setup_file() {
	lab_up
	# more home links, as mip-ha(8) has them
	ip link add eth1 netns ha type veth peer name ha1 netns sw && ip -n sw link set ha1 up && ip -n ha link set eth1 up
	ip -n ha addr add 2001:db8:2::1/64 dev eth1 nodad
	lab_sysctl ha net.ipv6.conf.eth1.forwarding=1
	lab_sysctl ha net.ipv4.ip_forward=1
	ip -n ha link add home9 type dummy 2> /dev/null || { ip -n ha link add home9 type bridge && ip -n ha link set home9 arp off; } || return
	ip -n ha link set home9 up
	ip -n ha addr add 2001:db8:9::1/64 dev home9 nodad
	lab_move f1
}

teardown() { agents_stop; }

# Agents as the reader of the example has them; started again where an example before stopped them.
roles() {
	ha_start
	cn_start
	mn_start
	mn mn wait registered timeout $((60 * MIP_SLOW))
	ha save > "$BATS_TEST_TMPDIR/mip.conf"
}

# Where it is meant for: a mobile node's objects there, the rest at the home agent.
node_of() {
	case " $1 " in
	*" mn "* | *" bul "* | *" ro "*) echo mn ;;
	*" cn "*) echo cn ;;
	*) echo ha ;;
	esac
}

# run_example LINE: done, or for what never ends by itself still at it after a while
run_example() {
	local line=${1//\/etc\/mip.conf/$BATS_TEST_TMPDIR\/mip.conf} status=0 patience=60 node
	line=${line//\/etc\/mip6d.conf/$ROOT\/tests\/import\/mn_plain.conf}
	node=$(node_of "$line")
	roles
	case $line in
	"mip confirm" | "mip undo") ha apply "$BATS_TEST_TMPDIR/mip.conf" confirm 1h 2> /dev/null ;;
	*confirm*) ha confirm 2> /dev/null || true ;;
	esac
	case $line in *monitor*) patience=5 ;; esac   # all others end by themselves
	in_ns "$node" timeout $((patience * MIP_SLOW)) bash -o pipefail -c "$line" < /dev/null > "$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
	case "$line $status" in
	*monitor*" 124" | *" 0") ;;
	*doctor*" 2") ! grep -q '^mip:' "$BATS_TEST_TMPDIR/out" ;; # it found something: that is its answer
	*) echo "in $node: $line: status $status"; cat "$BATS_TEST_TMPDIR/out"; return 1 ;;
	esac
	case $line in *confirm*) ha confirm 2> /dev/null || true ;; esac
}

readme() { sed -nE '/ipsec|keys/!s/^    (mip .*)/\1/p' "$ROOT/README.md" | sed -E 's/ +# .*//'; }
# The commands in the literal blocks of a page, as a reader sees them.
page() { sed -n '/^\.Bd -literal/,/^\.Ed/p' "$1" | sed -n 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\e/\\/g; /^mip\( \|$\)/p'; }

@test "the README's commands work" {
	local line n=0
	while read -r line; do run_example "$line"; n=$((n + 1)); done < <(readme)
	[ $n -ge 8 ]
}

@test "the manual's examples work, and every page of an object has some" {
	local line n file
	for file in "$ROOT"/man/mip*.8; do
		case ${file##*/} in mipd.8 | mip-ipsec.8 | mip-auth.8 | mip-cell.8) continue ;; esac   # these want keys, or corosync: ipsec.bats, auth.bats, cell.bats
		n=0
		while read -r line; do run_example "$line" || { echo "${file##*/}"; false; }; n=$((n + 1)); done < <(page "$file")
		[ $n -ge 1 ] || { echo "no example in ${file##*/}"; false; }
	done
}

@test "the configurations in mip.conf(5) are right" {
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$ROOT/man/mip.conf.5" | sed 's/\\-/-/g; /^\./d' > "$BATS_TEST_TMPDIR/conf"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/conf")" -ge 3 ]
	mip check "$BATS_TEST_TMPDIR/conf"
}

@test "the example configurations work together: a home agent, a mobile node, a correspondent" {
	local n
	for n in ha cn mn; do
		mip check "$ROOT/man/examples/$n.conf"
		in_ns $n mip agent start
		in_ns $n mip apply "$ROOT/man/examples/$n.conf"
		in_ns $n mip save | mip check -
	done
	mn mn wait registered timeout $((60 * MIP_SLOW))
	ha binding wait active home "$HOA" timeout $((60 * MIP_SLOW))
	ha -j ha show | jq -e '.[0] | .insecure == false and .max_bindings == 1000'
	[ "$(ha -j acl | jq -c 'map([.prefix, .permitted, .insecure, .bindings, .max_bindings])')" = \
		'[["::/0",false,false,0,null],["2001:db8:1::/64",true,true,1,100]]' ]
	cn -j cn show | jq -e '.[0] | .enabled and .test_rate == 200'
	mn -j save | jq -e 'any(.command == "ro add" and .policy == "never")'
}
