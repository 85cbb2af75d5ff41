#!/usr/bin/env bash
# `make moves`: one mobile node moves MOVES times at random -- home, foreign 1, foreign 2, nowhere -- stays 0 to 3 s, and on
# each link loses up to 3 of 10 Router Advertisements. At the end of each stay of more than 2 s on a link it must be
# reachable; where it is not yet, it must become so without another move. At the end nothing may be left that was not there
# before: addresses, routes, rules, neighbours, devices. Exit status 2: all well, but late somewhere, as on a busy machine
# that lost advertisements.
#
#   tests/lab/moves.sh [MOVES] [SEED]
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/lab.sh" run "$0" "$@"
. "$(dirname "$0")/lab.sh"
moves=${1:-100} seed=${2:-$((EPOCHSECONDS % 32768))}
RANDOM=$seed   # one sequence of moves, stays and losses for each seed
T=/run/lab/moves
mkdir -p "$T"

die() { echo "moves: $*" >&2; exit 1; }
json() { in_ns "$1" mip -j "${@:2}"; }
agent_pid() { json "$1" agent show | jq '.[0].pid'; }
fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# What an agent, or the kernel of a node that moves, may leave behind. Lifetimes and what a neighbour's entry says of it
# change by themselves.
picture() {
	in_ns "$1" sh -c '
		ip -6 -o addr | sed "s/ *\\\\.*//; s/^[0-9]*: //"
		ip -6 route show table all | sed "s/ expires [^ ]*//; s/ hoplimit [0-9]*//; s/ pref [a-z]*//"
		ip -6 rule; ip -6 neigh show proxy; ip -6 neigh | cut -d" " -f1-3; nft -s list ruleset
		ip -o link | sed "s/^[0-9]*: //; s/ qlen [0-9]*//"; ip -6 xfrm policy; ip -6 xfrm state' | sort
}
# Of the home link, which is where both pictures are taken: neighbours come and go there as traffic does.
same_picture() { diff <(grep -v '^\(2001:db8:1:\|fe80\)[^ ]* dev eth0$' "$T/$1") <(picture "$1" | grep -v '^\(2001:db8:1:\|fe80\)[^ ]* dev eth0$'); }

# Drops that many of 100 Router Advertisements; the rule stands where routers send them.
loss() {
	local ns
	for ns in r ha; do
		in_ns $ns nft -f - <<-NFT || return
		table ip6 moves { chain out { type filter hook output priority 0; }; }
		flush chain ip6 moves out
		add rule ip6 moves out icmpv6 type nd-router-advert numgen random mod 100 < $1 drop
		NFT
	done
}
no_loss() { in_ns r nft delete table ip6 moves && in_ns ha nft delete table ip6 moves; }

reachable() { in_ns cn ping -c 1 -W 1 "$HOA" >/dev/null; }
at_home() { [ "$(json ha binding show)" = "[]" ] && [ "$(json mn bul show)" = "[]" ] && [ "$(json mn mn show | jq -r '.[0].state')" = home ]; }
# With what the kernel does by itself done: Duplicate Address Detection, and the end of addresses of other links.
quiet() { [ -z "$(in_ns mn ip -6 -o addr show tentative)" ]; }
settle_home() { lab_move home && lab_wait 15 at_home && lab_wait 10 reachable && lab_wait 10 quiet; }

lab_up || die "no network"
in_ns ha mip ha start dev eth0 insecure || die "no home agent"
in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
settle_home || die "the node is not at home"
for n in mn ha; do picture $n > "$T/$n"; done
pid_mn=$(agent_pid mn) pid_ha=$(agent_pid ha)
fds_before="$(fds "$pid_mn") $(fds "$pid_ha")" rss_before="$(rss "$pid_mn") $(rss "$pid_ha")"

echo "moves: $moves, SEED=$seed, kernel $(uname -r), $(json mn agent show | jq -r '.[0].path') tunnel"
links=(home f1 f2 nowhere) where=0 stays=0 failed=0 late=0
for ((i = 1; i <= moves; i++)); do
	where=$(((where + 1 + RANDOM % 3) % 4))   # another one than now
	dwell=$((RANDOM % 3000)) lossy=$((RANDOM % 4 * 10))
	loss $lossy || die "cannot lose advertisements"
	lab_move "${links[where]}" || die "cannot move"
	sleep "$((dwell / 1000)).$(printf %03d $((dwell % 1000)))"
	[ $dwell -gt 2000 ] && [ $where -ne 3 ] || continue
	stays=$((stays + 1))
	reachable && continue
	late=$((late + 1))
	echo "# move $i to ${links[where]}, $lossy of 100 advertisements lost: not reachable after $dwell ms"
	lab_wait 15 reachable && continue   # lost advertisements and a busy machine take time; nothing else is to be needed
	failed=$((failed + 1))
	echo "move $i to ${links[where]}, $lossy of 100 advertisements lost: not reachable at all"
	json mn mn show | jq -c '.[]'; json ha binding show | jq -c '.[]'
done

no_loss
status=$((failed > 0))
settle_home || { echo "the node did not come home"; json mn mn show; status=1; }
for n in mn ha; do
	lab_wait 10 same_picture $n || { echo "left behind in $n:"; same_picture $n; status=1; }
done
[ "$(fds "$pid_mn") $(fds "$pid_ha")" = "$fds_before" ] || { echo "descriptors of the agents, before and after: $fds_before, $(fds "$pid_mn") $(fds "$pid_ha")"; status=1; }
echo "reachable at the end of $((stays - late)) of $stays stays of more than 2 s; resident kB of the agents, mn and ha: before $rss_before, after $(rss "$pid_mn") $(rss "$pid_ha")"
[ $status -ne 0 ] || [ $late -eq 0 ] || status=2
exit $status
