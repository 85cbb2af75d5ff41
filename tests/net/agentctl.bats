#!/usr/bin/env bats
# mip against live agents: exit status, JSON, configuration there and back, monitor, limits, and machines that are short of
# descriptors and disk.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

setup_file() {
	lab_up
	lab_move f1
}

teardown() { agents_stop; }


@test "exit status: 0 done, 1 words, 2 refused, 3 no agent" {
	run ha binding show; [ "$status" = 3 ]
	run ha ha set max-lifetime 100; [ "$status" = 3 ]
	ha_start
	ha_start
	run ha binding show; [ "$status" = 0 ]
	run ha binding sow; [ "$status" = 1 ]
	run ha binding add home nonsense; [ "$status" = 1 ]
	refused "no binding" binding del home 2001:db8:1::200
	add 200
	refused "has a binding already" binding add home 2001:db8:1::200 care-of 2001:db8:f1::1
	refused "no interface nosuch0" ha add dev nosuch0
	refused "not an address of a home link" ha set address 2001:db8:1::99
	refused "4 to" ha set max-lifetime 3
	refused "not a unicast" binding add home ff02::1 care-of 2001:db8:f1::1
	refused "not in the home prefix" mn add home 2001:db8:1::100 prefix 2001:db8:2::/64 agent $HA
	[ "$(ha -j binding show | jq length)" = 1 ]
	run in_ns mn timeout 60 mip mn wait registered timeout 1; [ "$status" = 3 ]
}

@test "a node that is no router cannot be a home agent: refused with what to do, and no agent stays" {
	run in_ns cn mip ha start dev eth0 insecure
	[ "$status" = 2 ]
	[[ "$output" == *"net.ipv6.conf.all.forwarding=1"* ]]
	lab_wait 5 no_agent cn
	[ -z "$(in_ns cn nft list ruleset)" ]
}

@test "who may register without IPsec is said, or nobody is served; no agent stays" {
	local words
	run in_ns ha mip ha start dev eth0
	[ "$status" = 2 ]
	[[ "$output" == *"say insecure"* ]]
	lab_wait 5 no_agent ha
	ha agent start
	ha acl allow 2001:db8:1::200/128 insecure
	ha ha start dev eth0
	ha -j ha show | jq -e '.[0].insecure == false'
	ha ha start
	ha acl allow 2001:db8:1::400/120
	[ "$(ha -j acl | jq -c 'map([.prefix, .permitted, .insecure])')" = \
		'[["2001:db8:1::200/128",true,true],["2001:db8:1::400/120",true,false]]' ]
	[ "$(ha __complete acl del "" | cut -f1 | xargs)" = "2001:db8:1::200/128 2001:db8:1::400/120" ]
	[[ "$(mip __complete -n ha ha start dev "" | cut -f1 | xargs)" == *eth0* ]]   # the devices there, not ours
	ha acl del 2001:db8:1::200/128
	refused "neither allowed nor denied" acl del 2001:db8:1::200/128
	mn_start
	lab_move f1
	lab_wait 20 eval "ha -j ha show | jq -e '.[0].rx_refused > 0'"
	[ "$(ha -j binding show)" = "[]" ]
	ha acl allow $HOA/128 insecure
	lab_wait 40 eval "[ \"\$(mn -j mn show | jq -r '.[0].state')\" = registered ]"
	ha ha set insecure yes
	words=$(ha save)
	[[ "$words" == *"ha start"*" insecure"* ]]
	ha ha set insecure no
	[ -z "$(ha save | grep "^ha start.* insecure")" ]
	ha apply - <<< "$words"
	diff <(echo "$words") <(ha save)
}

@test "JSON: every object, empty and full, is one array of objects, with and without a home address named" {
	local o
	ha agent start
	for o in ha cell acl mn cn ro bul binding; do [ "$(ha -j $o show)" = "[]" ] || { echo "$o"; false; }; done
	ha -j agent show | jq -e 'length == 1 and .[0].pid > 0 and .[0].roles == ""'
	ha acl allow 2001:db8:1::/64 max-bindings 100 max-lifetime 1h
	ha -j acl show | jq -e 'length == 1'   # also while it is no home agent
	ha_start; add 200; add 201
	mn_start
	lab_wait 20 registered f1
	for o in ha acl cn binding agent; do ha -j $o show | jq -e 'type == "array" and length > 0 and all(type == "object")'; done
	for o in mn bul agent; do mn -j $o show | jq -e 'type == "array" and length > 0 and all(type == "object")'; done
	for o in ha acl cn binding agent; do ha -j $o show | valid_later $o; ha -j -p $o | valid_later $o; done
	for o in mn bul ro flow agent; do mn -j $o show | valid_later $o; done
	# what is no list of what there is; and nothing that the schema describes was left out
	cn_start
	mn ro add peer $CN/128 policy always
	mn ro wait optimized peer $CN timeout $((60 * MIP_SLOW))
	mn -j ro show | jq -e 'length == 1'; mn -j ro show | valid_later ro; mn -j ro test $CN | valid_later ro
	ha -j ha list | valid_later ha; ha -j stats | valid_later stats; ha -j ipsec show | valid_later ipsec; ha -j auth show | valid_later auth; ha -j cell show | valid_later cell
	(ha -j ipsec check || true) | valid_later ipsec
	(ha -j doctor ha || true) | valid_later doctor
	mip -j import "$BATS_TEST_DIRNAME/../import/mn_plain.conf" | valid_later import
	cn agent stop
	# each of these is asked for above
	[ "$(mip __schema | jq -r '."$defs" | keys[]' | xargs)" = "acl agent any auth binding bul cell cn doctor flow ha import ipsec mn ro stats" ]
	for o in ha mn; do $o -j | valid_later any; $o -j save | valid_later any; $o -j monitor once | jq -s . | valid_later any; done
	valid_all
	ha -j binding show home 2001:db8:1::200 | jq -e 'length == 1 and .[0].home == "2001:db8:1::200" and .[0].static'
	[ "$(ha -j binding show home 2001:db8:1::222)" = "[]" ]
	mn -j bul show | jq -e --arg h "$HOA" '.[0].home == $h and .[0].state == "bound" and (.[0].status | type) == "number"'
	ha -j binding show | jq -e 'map(.lifetime, .sequence | type) | unique == ["number"]'
}

@test "who may register, how many and for how long, by prefix: refused with status 129 and 130" {
	ha_start
	ha acl deny ::/0
	mn_start
	lab_move f1
	lab_wait 20 eval "mn -j bul show | jq -e '.[0].status == 129'"
	ha acl allow 2001:db8:1::/64 max-bindings 1 max-lifetime 100
	lab_wait 40 eval "[ \"\$(mn -j mn show | jq -r '.[0].state')\" = registered ]"
	mn -j bul show | jq -e '.[0].lifetime == 100'
	[ "$(ha -j acl | jq -c 'map([.prefix, .permitted, .bindings])')" = '[["::/0",false,0],["2001:db8:1::/64",true,1]]' ]
	mn mn add home 2001:db8:1::101 prefix $HOME_PREFIX agent $HA
	lab_wait 20 eval "mn -j bul show home 2001:db8:1::101 | jq -e '.[0].status == 130'"
	ha acl allow 2001:db8:1::/64 max-bindings 2
	lab_wait 40 eval '[ "$(ha -j binding show | jq length)" = 2 ]'
}

@test "what is set of a role that does not serve yet is saved" {
	agent ha
	[ -z "$(ha save)" ]
	ha ha set ipv4 192.0.2.1
	[[ "$(ha save)" == "ha set"*" ipv4 192.0.2.1"* ]]
	ha cn set test-rate 7
	ha save > "$BATS_TEST_TMPDIR/conf"
	ha apply - < /dev/null
	[ -z "$(ha save)" ]
	ha apply "$BATS_TEST_TMPDIR/conf"
	diff "$BATS_TEST_TMPDIR/conf" <(ha save)
}

@test "-br: columns of each record, in monitor behind its object; -o, -N: one line, plain numbers" {
	ha_start; add 200
	ha -br binding | grep -qE '^2001:db8:1::200 +2001:db8:f1::200 +active +-$'
	ha -br monitor once binding ha > "$BATS_TEST_TMPDIR/br"
	[ "$(cat "$BATS_TEST_TMPDIR/br" | tr -s ' ')" = "binding 2001:db8:1::200 2001:db8:f1::200 active -
ha yes eth0 $HA 1" ]
	[[ "$(ha -br -t monitor once ha)" =~ ^\[20[0-9T:.-]+\]\ ha\ +yes ]]
	lab_bg ha "$BATS_TEST_TMPDIR/events" mip -br monitor binding limit 1
	lab_wait 10 grep -q "^binding" "$BATS_TEST_TMPDIR/events"
	add 201
	lab_wait 10 grep -qE "^binding_added 2001:db8:1::201" "$BATS_TEST_TMPDIR/events"
	ha -br ha list | grep -qE "^$HA +eth0 +[0-9]+ +yes +-$"
	ha -br -s stats | grep -qE "^0 +messages-received BRR$"
	[ "$(ha -o monitor once | wc -l)" = 5 ]
	[ "$(ha -o | wc -l)" = 3 ]
	ha -d agent | tr '\n' ' ' | grep -qE ' memory [0-9]+\.[0-9](KiB|MiB) '
	ha -d -N agent | tr '\n' ' ' | grep -qE ' memory [0-9]{6,} '
}

# page NODE: what `mip` alone says is wrong there, and else
page() { in_ns "$1" mip; }

@test "the status page names what is wrong: forwarding, refusals, an agent that does not answer, no home address" {
	ha_start
	[[ "$(page ha)" == *"$HA on eth0, 0 of 100000 bindings, insecure"* && "$(page ha)" != *'!'* ]]
	lab_sysctl ha net.ipv6.conf.all.forwarding=0
	[[ "$(page ha)" == *"! eth0 does not forward"*"sysctl -w net.ipv6.conf.all.forwarding=1"* ]]
	lab_sysctl ha net.ipv6.conf.all.forwarding=1
	[[ "$(page ha)" != *'!'* ]]
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent 2001:db8:1::77
	lab_wait 10 eval '[[ "$(page mn)" == *"waiting, home agent 2001:db8:1::77, asked again after"* ]]'
	[[ "$(page mn)" == *"! $HOA is not registered: home agent 2001:db8:1::77 does not answer"* ]]
	mn mn del home "$HOA"
	lab_wait 10 eval '[[ "$(page mn)" == *"! the mobile node has no home address: mip mn add"* ]]'
	ha ha set insecure no
	mn mn add home "$HOA" prefix "$HOME_PREFIX" agent "$HA"
	lab_wait 10 eval '[[ "$(page mn)" == *"! $HOA is not registered: $HA refuses it, status 129 (administratively prohibited)"* ]]'
	lab_wait 10 eval '[[ "$(page ha)" == *" of "*" binding updates refused"* ]]'
	mn mn stop
}

@test "save FILE and start ... save: the whole file by rename, its mode kept, no trace when it cannot" {
	local f=$BATS_TEST_TMPDIR/mip.conf
	MIP_CONF=$f ha ha start dev eth0 insecure save
	diff <(ha save) "$f"
	[ "$(stat -c %a "$f")" = 644 ]
	chmod 640 "$f"
	ln -s mip.conf "$BATS_TEST_TMPDIR/link"
	ha save "$BATS_TEST_TMPDIR/link"   # what it leads to is written, it stays
	[ -L "$BATS_TEST_TMPDIR/link" ] && [ "$(stat -c %a "$f")" = 640 ]
	run ha save "$BATS_TEST_TMPDIR/no/such"
	[ "$status" = 2 ] && [[ $output == *"No such file"* ]]
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'mip.conf.*')" ]
}

# kept NODE: applying what was saved changes neither configuration nor kernel
kept() {
	local before saved
	saved=$(in_ns "$1" mip save)
	before=$(in_ns "$1" mip -j "$2" show | jq -c 'map(del(.remaining, .age, .uptime, .refresh))'; kernel)
	in_ns "$1" mip apply - <<< "$saved"
	diff <(echo "$saved") <(echo "$(in_ns "$1" mip save)")
	diff <(echo "$before") <(in_ns "$1" mip -j "$2" show | jq -c 'map(del(.remaining, .age, .uptime, .refresh))'; kernel)
}

@test "save | apply changes nothing: home agent, with bindings, mobile node, policies, and after ha stop" {
	ha agent start
	kept ha binding
	ha_start max-lifetime 1000 max-bindings 500
	ha acl allow 2001:db8:2::/64 insecure max-bindings 7 max-lifetime 1h
	ha acl deny 2001:db8:2::dead:0/112
	kept ha binding
	add 200; add 201
	ha binding add home 2001:db8:1::202 care-of 2001:db8:f1::202 local $HA lifetime 1000
	kept ha binding
	ha cn set max-bindings 77
	ha ro add peer 2001:db8:c::/64 policy never
	kept ha binding
	ha ha stop
	kept ha binding
	[ -z "$(ha save | grep '^binding')" ]
	mn agent start
	mn_start
	mn mn add home 2001:db8:1::101/64 agent $HA lifetime 400
	lab_wait 10 eval "mn -j mn show | jq -e 'all(.state == \"registering\")'"   # for a home agent that is not there: nothing moves any more
	kept mn mn
}

@test "apply: what is left out goes, what is new comes, what changed is changed; registered bindings stay" {
	ha agent start
	ha_start
	mn_start
	lab_wait 20 registered f1
	add 200; add 201
	{ ha save | grep -v ::201; echo "binding add home 2001:db8:1::202 care-of 2001:db8:f1::202"; } | sed 's/f1::200/f2::200/' > "$BATS_TEST_TMPDIR/conf"
	ha apply "$BATS_TEST_TMPDIR/conf"
	diff <(ha -j binding show | jq -r '.[] | .home + " " + .care_of' | sort) - <<-END
	$HOA $(mn -j mn show | jq -r '.[0].care_of')
	2001:db8:1::200 2001:db8:f2::200
	2001:db8:1::202 2001:db8:f1::202
	END
}

@test "apply of a bad file changes nothing: wrong words, wrong values, what the kernel refuses" {
	local bad before saved
	ha_start
	add 200
	before=$(ha -j binding show | jq -c 'map(del(.remaining, .age))'; kernel)
	saved=$(ha save)
	for bad in "binding sow" "binding add home 2001:db8:1::200 care-of 2001:db8:f1::9" "binding add home ff02::1 care-of 2001:db8:f1::9" \
		"ha add dev nosuch0" "ha set address 2001:db8:1::99" "mn start dev nosuch0 home 2001:db8:1::100 prefix 2001:db8:1::/64 agent 2001:db8:1::2"; do
		run ha apply - <<< "ha start dev eth0 insecure
binding add home 2001:db8:1::200 care-of 2001:db8:f2::200
binding add home 2001:db8:1::201 care-of 2001:db8:f2::201
$bad"
		[ "$status" != 0 ] || { echo "done: $bad"; false; }
		diff <(echo "$saved") <(ha save)
		diff <(echo "$before") <(ha -j binding show | jq -c 'map(del(.remaining, .age))'; kernel)
	done
	run ha apply /nonexistent; [ "$status" = 1 ]
}

@test "256 static bindings and not one more; max-bindings counts" {
	local i
	ha_start
	for ((i = 1; i <= 256; i++)); do printf 'binding add home 2001:db8:1::a:%x care-of 2001:db8:f1::%x\n' $i $i; done > "$BATS_TEST_TMPDIR/many"
	{ echo "ha start dev eth0 insecure"; cat "$BATS_TEST_TMPDIR/many"; } | ha apply -
	[ "$(ha -j binding show | jq length)" = 256 ]
	[ "$(in_ns ha ip -6 neigh show proxy | wc -l)" = 256 ]
	refused "no room for more than 256" binding add home 2001:db8:1::b:1 care-of 2001:db8:f1::b
	ha binding flush
	[ "$(ha -j binding show)" = "[]" ]
	[ -z "$(in_ns ha ip -6 neigh show proxy; in_ns ha ip -6 route show proto 119)" ]
	ha ha set max-bindings 1
	add 200
	refused "full" binding add home 2001:db8:1::201 care-of 2001:db8:f1::201
}

@test "monitor: the state first, then each change, one JSON object a line" {
	local out=$BATS_TEST_TMPDIR/monitor monitor
	ha_start
	add 200
	lab_bg ha "$out" mip -j monitor binding
	monitor=$!   # not %1: that is bats' own watch over the test, whose sleep would keep the file from its end
	lab_wait 5 grep -q 2001:db8:1::200 "$out"
	add 201
	ha binding del home 2001:db8:1::200
	lab_wait 5 grep -q binding_removed "$out"
	jq -es 'all(type == "object")' "$out"
	jq -es 'map(.event // empty) | (index("binding_added") < index("binding_removed"))' "$out"
	[ "$(jq -r 'select(.event == "binding_removed") | .why' "$out")" = "by hand" ]
	[ "$(grep -n ::200 "$out" | head -1 | cut -d: -f1)" = 1 ]
	kill $monitor
}

@test "a static binding with a lifetime ends by itself, and is not saved any more" {
	ha_start
	ha binding add home 2001:db8:1::200 care-of 2001:db8:f1::200 lifetime 8s   # to be saved meanwhile
	ha save | grep -q 2001:db8:1::200
	lab_wait 10 eval '[ "$(ha -j binding show)" = "[]" ]'
	[ -z "$(ha save | grep 2001:db8:1::200)" ]
	[ -z "$(kernel | grep 2001:db8:1::200)" ]
}

@test "out of descriptors: who comes too late waits or is refused, the agent does not spin and serves again" {
	local i pid pids=()
	ha_start
	pid=$(ha -j agent show | jq '.[0].pid')
	prlimit --pid "$pid" --nofile=$(($(find "/proc/$pid/fd" | wc -l) + 4))
	for ((i = 0; i < 20; i++)); do
		lab_bg ha "$BATS_TEST_TMPDIR/m$i" mip -j monitor
		pids+=($!)
	done
	lab_wait 5 eval 'cat "$BATS_TEST_TMPDIR"/m* | grep -q .'   # whichever came first
	agent_rests "$pid" eval 'for i in 1 2 3; do in_ns ha timeout 1 mip agent show || true; done'
	kill "${pids[@]}" 2>/dev/null || true
	lab_wait 5 ha agent show
	[ "$(ha -j agent show | jq '.[0].pid')" = "$pid" ]
	add 200
}

@test "a start without descriptors fails, says so, and leaves nothing" {
	local n p out=$BATS_TEST_TMPDIR/out failed=0
	for ((n = 4; n < 30; n++)); do
		lab_bg ha "$out" prlimit --nofile=$n mipd --ready-fd 1
		p=$!
		lab_wait 10 eval "grep -q READY $out || ! kill -0 $p"
		grep -q READY "$out" && break
		grep -q "Too many open files" "$out" || { echo "$n: $(cat "$out")"; false; }
		failed=$((failed + 1))
	done
	kill "$p"
	lab_wait 10 eval "! kill -0 $p"
	[ $failed -ge 2 ]
	[ $n -lt 30 ]
	[ -z "$(in_ns ha nft list ruleset)" ]
}

@test "a full disk under /run/mip: refused with the reason, nothing changed; done when there is room" {
	local dir=$BATS_TEST_TMPDIR/run before
	mkdir "$dir"
	mount -t tmpfs -o size=64k,mode=755 tmpfs "$dir"
	before=$(in_ns ha sysctl -a -r '^net.ipv6.(conf|neigh)' 2>/dev/null | grep -v stable_secret)
	export MIP_RUN_DIR=$dir
	ha agent start
	dd if=/dev/zero of="$dir/full" bs=4k 2>/dev/null || true
	refused "No space left" ha start dev eth0 insecure
	diff <(echo "$before") <(in_ns ha sysctl -a -r '^net.ipv6.(conf|neigh)' 2>/dev/null | grep -v stable_secret)
	[ -z "$(in_ns ha nft list ruleset)" ]
	rm "$dir/full"
	ha_start
	add 200
	ha agent stop
	lab_wait 5 no_agent ha
	diff <(echo "$before") <(in_ns ha sysctl -a -r '^net.ipv6.(conf|neigh)' 2>/dev/null | grep -v stable_secret)
	unset MIP_RUN_DIR
	umount "$dir"
}
