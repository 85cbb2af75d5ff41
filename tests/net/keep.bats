#!/usr/bin/env bats
# Bindings outlive the agent: killed, with its file cut short, torn, of somebody else, on a full disk; and end when they
# are told to.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

setup_file() { crowd_up; }

setup() { P=$BATS_TEST_TMPDIR; }

teardown() {
	agents_stop
	rm -rf "${MIP_STATE_DIR:?}"/*
}

counted() { test "$(count)" "$1" "$2" || { echo "bindings: $(count), not $1 $2"; return 1; }; }
# defended ADDRESS: somebody answers for it on the home link
defended() { in_ns host ping -c1 -W1 "$1"; in_ns host ip -6 neigh show "$1" | grep -q lladdr; }
seq=100
# again N: all N are refreshed, with higher sequence numbers than ever
again() { seq=$((seq + 100)); crowd "$1" $seq refresh; }

@test "killed in the middle of registrations: what was there is served again, the rest registers" {
	local n=2000 pid
	ha_start
	crowd $n 100 register > "$P/first" 3>&- &
	pid=$!
	lab_wait 20 eval '[ "$(bindings | wc -l)" -gt 100 ]'
	bindings > "$P/before"
	agent_kill ha
	ha_start
	bindings > "$P/after"
	[ "$(wc -l < "$P/before")" -gt 0 ]
	# all of before, as they were
	[ -z "$(comm -23 "$P/before" "$P/after")" ] || { comm -23 "$P/before" "$P/after" | head; false; }
	wait $pid
	again $n
	counted -eq $n
}

@test "killed again and again: nothing doubled, lifetimes go on, an old sequence number is refused" {
	local left
	ha_start
	crowd 50 100 register
	left=$(ha -j binding show | jq '[.[].remaining] | max')
	bindings > "$P/before"
	for _ in 1 2 3; do agent_kill ha; ha_start; done
	[ "$(ha -j binding show | jq '[.[].remaining] | max')" -le "$left" ]
	[ "$(ha -j binding show | jq '[.[].lifetime] | min')" -gt 0 ]
	diff "$P/before" <(bindings)
	[ "${MIP_PATH:-}" = bpf ] || [ "$(in_ns ha ip -6 route show table all proto 119 | grep -c 2001:db8:1::)" = 50 ]
	[ "$(in_ns ha ip -6 neigh show proxy | wc -l)" = 50 ]
	run crowd 50 90 refresh
	[[ "$output" == *"refused 50 "* ]]
	again 50
}

@test "ha stop and agent stop forget; a signal does not" {
	ha_start
	crowd 20 100 register
	kill "$(show ha agent pid)"
	lab_wait 5 no_agent ha
	[ -z "$(in_ns ha ip -6 route show table all proto 119; in_ns ha ip -6 neigh show proxy)" ]
	ha_start
	counted -eq 20
	ha ha stop
	lab_wait 5 no_agent ha
	ha_start
	counted -eq 0
	crowd 20 100 register
	ha agent stop
	[ ! -e "$(ha_store)" ]
	ha_start
	counted -eq 0
}

@test "a start that is refused takes nothing away" {
	ha_start
	crowd 20 100 register
	kill "$(show ha agent pid)"
	lab_wait 5 no_agent ha
	run ha ha start dev nosuch0 insecure
	[ "$status" = 2 ]
	lab_wait 5 no_agent ha
	printf 'ha start dev home0 insecure\nbinding add home 2001:db8:77::1 care-of ff02::1\n' > "$P/conf"
	run ha apply "$P/conf"
	ha_start
	counted -eq 20
}

@test "a start that fails late, when the bindings of before are served already, forgets none of them" {
	ha_start
	crowd 20 100 register
	agent_kill ha
	mount -t tmpfs none /usr/sbin   # no radvd
	run ha ha start dev home0 insecure radvd yes
	umount /usr/sbin
	[ "$status" -ne 0 ]
	lab_wait 5 no_agent ha
	ha_start
	counted -eq 20
}

@test "what ended meanwhile, and what this home agent does not serve any more, is left out" {
	clocks ha
	ha_start
	ha ha set max-lifetime 1000
	crowd 10 100 register
	ha ha set max-lifetime 4000
	crowd 5 200 refresh
	agent_kill ha
	pass 1001 ha
	ha_start
	counted -eq 5
	ha_log | grep -q "5 bindings of before serve again at the home agent, 5 ended meanwhile"
	agent_kill ha
	ip -n ha addr del $HA/64 dev home0
	ip -n ha addr add 2001:db8:5::1/64 dev home0 nodad
	ha_start
	counted -eq 0
	ha_log | grep -q "5 bindings of before cannot be served at the home agent any more: Cannot assign requested address"
	ip -n ha addr del 2001:db8:5::1/64 dev home0
	ip -n ha addr add $HA/64 dev home0 nodad
}

@test "the file is its owner's alone; that of another network namespace with this inode is not ours" {
	local file
	file=$(ha_store)
	ha_start
	crowd 20 100 register
	[ "$(stat -c %a "$file")$(stat -c %a "$file-wal")" = 600600 ]
	[ "$(show ha agent kept_in)" = "$file" ]
	agent_kill ha
	mkdir "$P/copy"; cp "$file" "$file-wal" "$P/copy"
	in_ns host mip cn start
	in_ns host mip agent stop
	cp "$P/copy/${file##*/}" "$MIP_STATE_DIR/$(stat -Lc %i /run/netns/host).db"
	cp "$P/copy/${file##*/}-wal" "$MIP_STATE_DIR/$(stat -Lc %i /run/netns/host).db-wal"
	lab_sysctl host net.ipv6.conf.all.forwarding=1
	in_ns host mip ha start dev home0 insecure radvd no
	[ "$(in_ns host mip -j ha show | jq '.[0].bindings')" = 0 ]
	in_ns host mip ha stop
	lab_sysctl host net.ipv6.conf.all.forwarding=0
}

# begin_with FILE WAL: killed, then started with these in place of its own; what it serves is some of "$P/before"
begin_with() {
	cp "$1" "$(ha_store)"; cp "$2" "$(ha_store)-wal"
	agent ha
	ha_start || { ha_log; return 1; }
	bindings > "$P/after"
	[ -z "$(comm -13 "$P/before" "$P/after")" ] || { echo "made up:"; comm -13 "$P/before" "$P/after" | head; return 1; }
	[ "$(show ha agent kept_in)" = "$(ha_store)" ] || { ha_log; return 1; }
	agent_kill ha
}

# flip FILE OFFSET: another octet there
flip() {
	local old
	old=$(od -An -tu1 -j"$2" -N1 "$1")
	printf '%b' "\\x$(printf %x $((old ^ 0x55)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

@test "cut short or torn anywhere: it starts, serves what it can trust, and says what it set aside" {
	local size at part
	ha_start
	crowd 300 100 register
	bindings > "$P/before"
	agent_kill ha
	cp "$(ha_store)" "$P/f.wal-only"; cp "$(ha_store)-wal" "$P/w.wal-only"
	# one with all in the file itself, and one with most in the log
	cp "$P/f.wal-only" "$P/f.file"; cp "$P/w.wal-only" "$P/f.file-wal"
	sqlite3 "$P/f.file" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null 2>&1 || skip "sqlite3 is not installed"
	: > "$P/w.file"
	for part in file wal-only; do
		begin_with "$P/f.$part" "$P/w.$part"
		diff "$P/before" "$P/after"
		! ha_log | grep -q "cannot be trusted" || false
	done
	size=$(stat -c %s "$P/f.file")
	for at in 0 1 17 99 100 512 4095 4096 4097 8192 10000 $((size / 2)) $((size - 4096)) $((size - 1)); do
		cp "$P/f.file" "$P/f"; truncate -s "$at" "$P/f"
		begin_with "$P/f" "$P/w.file"
		cp "$P/f.file" "$P/f"; [ "$at" -ge "$size" ] || flip "$P/f" "$at"
		begin_with "$P/f" "$P/w.file"
	done
	# of a torn page, all but that page's are served
	cp "$P/f.file" "$P/f"; flip "$P/f" $((size - 100))
	begin_with "$P/f" "$P/w.file"
	ha_log | grep -q "cannot be trusted"
	[ -e "$(ha_store).bad" ]
	[ "$(wc -l < "$P/after")" -gt 100 ]
	size=$(stat -c %s "$P/w.wal-only")
	for at in 0 1 31 32 33 4000 $((size / 3)) $((size / 2)) $((size - 4000)) $((size - 1)); do
		cp "$P/w.wal-only" "$P/w"; truncate -s "$at" "$P/w"
		begin_with "$P/f.wal-only" "$P/w"
		cp "$P/w.wal-only" "$P/w"; flip "$P/w" "$at"
		begin_with "$P/f.wal-only" "$P/w"
	done
	head -c 20000 /dev/urandom > "$P/f"
	begin_with "$P/f" "$P/w.file"
	ha_log | grep -q "cannot be trusted"
	in_ns ha mip ha start dev home0 insecure radvd no
}

@test "a full disk: registrations go on and it is said; with room again all is kept" {
	local dir=$P/state
	mkdir "$dir"; mount -t tmpfs -o size=300k,mode=700 tmpfs "$dir"
	MIP_STATE_DIR=$dir
	ha_start
	crowd 20 100 register
	dd if=/dev/zero of="$dir/full" bs=4k 2>/dev/null || true
	crowd 200 200 register refresh
	[[ "$(show ha agent kept_in)" == *"disk is full"* ]]
	counted -eq 200
	rm "$dir/full"
	lab_wait 100 eval '[ "$(show ha agent kept_in)" = "$(ha_store)" ]'
	agent_kill ha
	ha_start
	counted -eq 200
	crowd 200 400 refresh
	ha agent stop
	lab_wait 5 no_agent ha
	umount "$dir"
}

@test "a full disk: what ended meanwhile does not come again" {
	local dir=$P/state n
	mkdir "$dir"; mount -t tmpfs -o size=300k,mode=700 tmpfs "$dir"
	MIP_STATE_DIR=$dir
	ha_start
	crowd 20 100 register
	dd if=/dev/zero of="$dir/full" bs=4k 2>/dev/null || true
	crowd 200 200 register   # more than the room that its own file gives back
	[[ "$(show ha agent kept_in)" == *"disk is full"* ]]
	for n in {0..19}; do ha binding del home "2001:db8:1::1:$(printf %x "$n")"; done
	agent_kill ha
	rm "$dir/full"
	ha_start
	counted -eq 0
	ha agent stop
	lab_wait 5 no_agent ha
	umount "$dir"
}

@test "no directory to be had: it works, and says that bindings do not outlive it" {
	export MIP_STATE_DIR=/proc/nosuch
	ha_start
	[[ "$(show ha agent kept_in)" == *"/proc/nosuch"* ]]
	crowd 5 100 register
	ha agent stop
	MIP_STATE_DIR=/run/mip-state
}

ended() { ! kill -0 "$1" 2>/dev/null; }
proxies() { in_ns ha ip -6 neigh show proxy | wc -l; }

@test "killed twice: the second time gets its whole while, too; and when nobody comes back, nothing is left" {
	local first second
	ha_start
	crowd 3 100 register
	first=$(ha_remains)
	agent_kill ha; ha_start
	second=$(ha_remains)
	agent_kill ha
	kill -STOP "$second"
	lab_wait 15 ended "$first"
	[ "$(proxies)" = 3 ]
	kill -CONT "$second"
	lab_wait 15 ended "$second"
	[ "$(proxies)" = 0 ]
}

@test "killed, and an agent without a role came and went: what was left is cleaned up all the same" {
	local second
	ha_start
	crowd 3 100 register
	agent_kill ha
	ha agent start
	second=$(ha_remains)
	ha agent stop
	lab_wait 15 ended "$second"
	[ "$(proxies)" = 0 ]
}

@test "more home addresses than the kernel is given: the agent answers for the rest on the home link" {
	local last
	ha_start
	crowd 1100 100 register
	[ "$(in_ns ha ip -6 neigh show proxy | wc -l)" = 1024 ]
	for last in 1:0 1:44b; do
		lab_wait 10 defended 2001:db8:1::$last
		in_ns host ip -6 neigh show 2001:db8:1::$last | grep -q "$(ip -n ha -j link show home0 | jq -r '.[0].address')"
	done
	agent_kill ha; ha_start
	[ "$(in_ns ha ip -6 neigh show proxy | wc -l)" = 1024 ]
	counted -eq 1100
	in_ns host ip -6 neigh flush dev home0
	lab_wait 10 defended 2001:db8:1::1:44b
	! in_ns host ip -6 neigh show 2001:db8:1::1:500 | grep -q lladdr || false
}
