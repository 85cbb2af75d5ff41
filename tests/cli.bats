#!/usr/bin/env bats
# The tool in the hand, without an agent and without root: words, carets, suggestions, exit codes, completion, manual.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=${MIP:-${MIP_BUILD:-build}/mip}
	MIP=$(realpath "$MIP")
	export MIP MIP_RUN_DIR=$BATS_TEST_TMPDIR/run MIP_CONF=/nonexistent NO_COLOR=1
}

# Standard output and standard error apart, and the exit status.
mip() {
	status=0
	"$MIP" "$@" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out"; echo .); out=${out%.}
	err=$(cat "$BATS_TEST_TMPDIR/err"; echo .); err=${err%.}
}

is() { [ "$1" = "$2" ] || { printf 'got:  %s\nwant: %s\n' "$1" "$2"; return 1; }; }
has() { [[ $1 == *"$2"* ]] || { printf 'got:  %s\nwant: ...%s...\n' "$1" "$2"; return 1; }; }

# Exit status 1, nothing on stdout, and exactly this on stderr.
wrong() {
	local want=$1; shift
	mip "$@"
	is "$status" 1 && is "$out" "" && is "$err" "$want"
}

@test "a wrong word gets a caret and what was meant" {
	wrong "mip: no such verb: 'wiat'
    mip mn wiat
           ^~~~
did you mean 'wait'?
" mn wiat
	wrong "mip: unexpected 'hoem'
    mip mn add hoem 2001:db8::1
               ^~~~
did you mean 'home'?
" mn add hoem 2001:db8::1
}

@test "what a terminal would obey is not printed: a namespace, a file, a word" {
	mip -n $'\e]0;x\a' show
	has "$err" "?]0;x?" && [[ $err != *$'\e'* ]]
	mip -b $'/nonexistent/\e[31m'
	has "$err" "?[31m" && [[ $err != *$'\e'* ]]
	printf 'shwo\n' > "$BATS_TEST_TMPDIR/"$'\e[31m'
	mip -b "$BATS_TEST_TMPDIR/"$'\e[31m'
	has "$err" "?[31m:1:" && [[ $err != *$'\e'* ]]
}

@test "a word like no other gets what would fit" {
	wrong "mip: unexpected 'xyzzy'
    mip cn start xyzzy
                 ^~~~~
expected one of: max-bindings, test-rate, save
" cn start xyzzy
	wrong "mip: 'away' is none of the words that can stand here
    mip mn wait away
                ^~~~
expected one of: detached, home, registering, registered, returning
" mn wait away
}

@test "what has nothing in common with a word is not meant by it" {
	mip monitor frob
	is "$status" 1; has "$err" "expected one of: agent, ha, mn"
	[[ $err != *"did you mean"* ]]
}

@test "a missing word is named, the caret behind the last" {
	wrong "mip: care-of is missing
    mip binding add home 2001:db8::1
                                     ^
expected one of: care-of, local, lifetime
" binding add home 2001:db8::1
}

@test "an ambiguous prefix names its candidates; an unambiguous one works; attributes are spelled out" {
	wrong "mip: 'b' could be binding or bul
    mip b show
        ^
" b show
	mip bi s
	is "$status" 3
	mip bi s ho 2001:db8::1
	is "$status" 1
}

@test "values are refused with a reason" {
	mip binding add home 2001:db8::zz care-of 2001:db8::2
	is "$status" 1; has "$err" "'2001:db8::zz' is not an IPv6 address"
	mip binding add home 192.0.2.1 care-of 2001:db8::2
	is "$status" 1; has "$err" "'192.0.2.1' is not an IPv6 address"
	mip ha set ipv4 2001:db8::2
	is "$status" 1; has "$err" "'2001:db8::2' is not an IPv4 address"
	mip mn add home 2001:db8::1 prefix 2001:db8::1/64 agent 2001:db8::2
	is "$status" 1; has "$err" "bits set behind its length: is 2001:db8::/64 meant?"
	mip mn add home 2001:db8::1/129
	is "$status" 1; has "$err" "'2001:db8::1/129' is not an IPv6 address with the length of its prefix"
	mip mn start home 2001:db8::1/64 prefix 2001:db8::/64
	is "$status" 1; has "$err" "prefix is given twice"
	mip binding add home 2001:db8::1/64 care-of 2001:db8::2   # no prefix goes with it
	is "$status" 1; has "$err" "'2001:db8::1/64' is not an IPv6 address"
	mip ha start dev thisnameiswaytoolong
	is "$status" 1; has "$err" "cannot be the name of an interface"
	mip ha start max-bindings -1
	is "$status" 1; has "$err" "is not a number"
	mip ha start max-bindings 4294967296
	is "$status" 1; has "$err" "too large"
	mip binding add home ''
	is "$status" 1
}

@test "times as people write them" {
	for good in 420 420s 7m 1h30m 2d 0; do
		echo "ha start max-lifetime $good" > "$BATS_TEST_TMPDIR/f"
		mip check "$BATS_TEST_TMPDIR/f"
		is "$status" 0
	done
	for bad in m 1.5h 30m1h 1h30 -5 7x 99999999999; do
		echo "ha start max-lifetime $bad" > "$BATS_TEST_TMPDIR/f"
		mip check "$BATS_TEST_TMPDIR/f"
		is "$status" 1
	done
}

@test "no agent: exit 3, and the command that starts one" {
	mip
	is "$status" 3; is "$out" ""; has "$err" "mip agent start"
	mip binding show
	is "$status" 3; has "$err" "mip ha start"
	mip -j bul show
	is "$status" 3; is "$out" ""; has "$err" "mip mn start"
	mip -n /proc/self/ns/nonsense agent show
	is "$status" 3; has "$err" "no network namespace /proc/self/ns/nonsense"
	mip -n $$ agent show
	is "$status" 3; has "$err" "no agent runs in network namespace $$"
}

@test "an address is a prefix, too; keys are made as commands, or as commands in JSON" {
	echo "ro add peer 2001:db8:c::2 policy never" > "$BATS_TEST_TMPDIR/f"
	mip check "$BATS_TEST_TMPDIR/f"
	is "$status" 0
	mip check - <<< "ro add peer 2001:db8:c::2/ policy never"
	is "$status" 1; has "$err" "is not a prefix: write 2001:db8:1::/64"
	(umask 077; "$MIP" -j ipsec gen home 2001:db8:1::100 agent 2001:db8:1::1 > "$BATS_TEST_TMPDIR/keys.json")
	. tests/valid.sh
	valid ipsec < "$BATS_TEST_TMPDIR/keys.json"
	jq -e 'length == 8' "$BATS_TEST_TMPDIR/keys.json"
	(umask 077; jq -r '.[].command' "$BATS_TEST_TMPDIR/keys.json" > "$BATS_TEST_TMPDIR/keys")
	mip check "$BATS_TEST_TMPDIR/keys"
	is "$status" 0
	for hash in sha1:32 sha256:64; do   # the RFC's, and an extension: digits of the key
		(umask 077; "$MIP" -j auth gen home 2001:db8:1::100 auth "hmac-${hash%:*}" > "$BATS_TEST_TMPDIR/key.json")
		valid auth < "$BATS_TEST_TMPDIR/key.json"
		(umask 077; jq -r '.[].command' "$BATS_TEST_TMPDIR/key.json" > "$BATS_TEST_TMPDIR/key")
		grep -qE "^auth add home 2001:db8:1::100 spi [0-9]+ auth hmac-${hash%:*} key 0x[0-9a-f]{${hash#*:}}$" "$BATS_TEST_TMPDIR/key"
		mip check "$BATS_TEST_TMPDIR/key"
		is "$status" 0
	done
	mip auth gen home 2001:db8:1::100 auth hmac-sha512
	is "$status" 2; has "$err" "the option has hmac-sha1"
	mip auth add home 2001:db8:1::100 spi 256 key 0x00112233445566778899aabbccddeeff
	is "$status" 1; has "$err" "a key in an argument list"; [[ $err != *0011* ]]
	chmod 644 "$BATS_TEST_TMPDIR/key"
	mip check "$BATS_TEST_TMPDIR/key"
	is "$status" 1; has "$err" "chmod 600"; [[ $err != *0x[0-9a-f]* ]]
}

@test "check reads a file, says every wrong line, sends nothing" {
	cat > "$BATS_TEST_TMPDIR/f" <<-END
		# a mobile node
		mn add home 2001:db8:1::100 prefix 2001:db8:1::/64 agent 2001:db8:1::1   # here

		mn start
	END
	mip check "$BATS_TEST_TMPDIR/f"
	is "$status" 0; is "$out$err" ""
	printf 'mn start\nmn add hom 1::1\nbinding show\n' > "$BATS_TEST_TMPDIR/f"
	mip check "$BATS_TEST_TMPDIR/f"
	is "$status" 1
	is "$err" "$BATS_TEST_TMPDIR/f:2: unexpected 'hom'
    mn add hom 1::1
           ^~~
did you mean 'home'?
$BATS_TEST_TMPDIR/f:3: binding show sets nothing: it cannot stand in a configuration
    binding show
    ^~~~~~~
"
	mip check /nonexistent/file
	is "$status" 1; has "$err" "No such file"
	mip apply "$BATS_TEST_TMPDIR/f"
	is "$status" 1
}

@test "what only the tool does cannot stand in a configuration" {
	echo "ha start dev eth0 insecure radvd no" > "$BATS_TEST_TMPDIR/f"
	mip check "$BATS_TEST_TMPDIR/f"
	is "$status" 1
	is "$err" "$BATS_TEST_TMPDIR/f:1: radvd is said on the command line, not in a configuration
    ha start dev eth0 insecure radvd no
                                     ^~
"
}

@test "a batch stops at the first failure, or with -force tells the worst" {
	printf 'help ha\nfrob\nhelp mn\n' > "$BATS_TEST_TMPDIR/f"
	mip -b "$BATS_TEST_TMPDIR/f"
	is "$status" 1; has "$out" "home agent"; has "$err" "f:2: no such object: 'frob'"
	[[ $out != *"mobile node:"* ]]
	mip -force -b - < "$BATS_TEST_TMPDIR/f"
	is "$status" 1; has "$out" "mobile node:"; has "$err" "stdin:2:"
}

@test "options: like ip, and unknown ones are refused" {
	mip -V; is "$status" 0; has "$out" "mip 0"
	mip --Version; is "$status" 0
	mip -frobnicate; is "$status" 1; has "$err" "-frobnicate: no such option"
	mip -n; is "$status" 1; has "$err" "a value is missing"
	mip -c=sometimes help; is "$status" 1
	mip -h; is "$status" 0; has "$out" "OBJECT"
}

@test "a full disk and a closed pipe are errors" {
	run bash -c '"$MIP" help > /dev/full'
	is "$status" 2; has "$output" "No space left"
	run bash -c 'exec 3> >(exec true); wait $!; "$MIP" help >&3; echo "status $?"'
	has "$output" "status 2"
}

@test "help of every object fits a screen and ends with an example" {
	for object in $("$MIP" __complete "" | cut -f1); do
		mip help "$object"
		is "$status" 0
		# 80 columns, but for what help says of a word; what belongs together stays together
		[ -z "$(grep -E '^ +(mip|\[)' <<< "$out" | grep -E '.{80}|\[[^]]*$')" ]
		[ "$(printf %s "$out" | wc -l)" -le 41 ]
		has "$out" "example: mip"
	done
}

@test "completion offers what could stand next, with help" {
	is "$("$MIP" __complete m | cut -f1 | xargs)" "mn monitor"
	is "$("$MIP" __complete mn wait "" | cut -f1 | xargs)" "detached home registering registered returning"
	is "$("$MIP" __complete mn wait registered "" | cut -f1 | xargs)" "home timeout"
	is "$("$MIP" __complete -j -n here binding add home 1::1 "" | cut -f1 | xargs)" "care-of local lifetime"
	is "$("$MIP" __complete binding flush "")" ""
	is "$("$MIP" __complete frob "")" ""
	is "$("$MIP" __complete -n "")" ""
	has "$("$MIP" __complete ha start dev "")" "lo	interface"
	is "$("$MIP" __complete "" | grep -cvP '^[a-z]+\t\S')" 0
}

@test "set wants something to set, and says what there is; start does not" {
	local object
	for object in ha cn; do
		run "$MIP" $object set
		[ "$status" = 1 ]
		[[ "$output" == *"what to set is missing"*"expected one of: "*"max-bindings"* ]]
	done
	run "$MIP" check - <<< $'cn start\ncn set\nha start insecure'
	[ "$status" = 1 ]
	[ "$(grep -c missing <<< "$output")" = 1 ]
}

@test "check of a file that is no configuration says so after a few lines" {
	seq 1000 | sed 's/^/line /' > "$BATS_TEST_TMPDIR/other"
	run "$MIP" check "$BATS_TEST_TMPDIR/other"
	[ "$status" = 1 ]
	[ "$(wc -l <<< "$output")" -lt 50 ]
	[[ "$output" == *"other: 10 lines are wrong, no more is read"* ]]
}

@test "every word of every usage line is offered by completion at its place" {
	local line at word n=0
	while read -r line; do
		read -ra words <<< "${line//[\[\]]/}"
		words=("${words[@]:1}")
		at=()
		for word in "${words[@]}"; do
			if [[ $word == [a-z]* ]]; then
				"$MIP" __complete "${at[@]}" "" | cut -f1 | grep -qxF -- "$word" ||
					{ echo "after '${at[*]}': no $word"; return 1; }
				n=$((n + 1))
			fi
			case $word in
			ADDRESS) word=2001:db8::1 ;;
			IPV4-ADDRESS) word=192.0.2.1 ;;
			PREFIX | PREFIX...) word=2001:db8::/64 ;;
			TIME | NUMBER) word=5 ;;
			DEV) word=lo ;;
			BOOL) word=yes ;;
			STATE) word=$("$MIP" __complete "${at[@]}" "" | sed -n '1s/\t.*//p') ;;
			WHAT) word=binding ;;
			END) word=agent ;;
			CIPHER) word=aes-cbc ;;
			AUTH) word=hmac-sha256 ;;
			KEY) word=0x00112233445566778899aabbccddeeff ;;
			ROLE) word=ha ;;
			OBJECT*) word=mn ;;
			VERB) word=show ;;
			esac
			at+=("$word")
		done
	done < <(for o in $("$MIP" __complete "" | cut -f1); do "$MIP" help "$o" | sed -n '/^    mip /,/^        [a-z]/p' | sed -E ":a; N; s/\\n {12}([^ ])/ \\1/; ta; P; D" | grep '^    mip '; done)
	[ "$n" -gt 60 ]
}

@test "the manual pages are what the table says" {
	run man/refresh.sh -n
	is "$status" 0
	mip __man frob
	is "$status" 1
}

@test "a stale manual page is noticed" {
	cp -r man "$BATS_TEST_TMPDIR/man"
	sed -i 's/^\.Cm flush$/.Cm flsh/' "$BATS_TEST_TMPDIR/man/mip-binding.8"
	run "$BATS_TEST_TMPDIR/man/refresh.sh" -n
	is "$status" 1
}

@test "the schema: every attribute of attr.def, every command of ctl.h, once" {
	"$MIP" __schema > "$BATS_TEST_TMPDIR/schema"
	jq -e '.attributes | all(.number and .kind and .key and .meaning)' "$BATS_TEST_TMPDIR/schema"
	is "$(jq -r '.attributes[] | "\(.number) \(.key)"' "$BATS_TEST_TMPDIR/schema")" \
		"$(sed -nE 's/^A\([A-Z0-9_]+, ([0-9]+), [A-Z0-9]+, "([^"]*)".*/\1 \2/p' include/mip/attr.def | tr - _ | sort -n)"
	is "$(jq -r '.commands[] | "\(.name) \(.number) \(.class)"' "$BATS_TEST_TMPDIR/schema")" \
		"$(sed -nE 's/^\tC\(([A-Z_]+), ([0-9]+), ([A-Z]+)\).*/\1 \2 \3/p' include/mip/ctl.h)"
	is "$(jq -r '.attributes[] | select(.number == 2).key' "$BATS_TEST_TMPDIR/schema")" care_of
	is "$(jq -r '.attributes[].key' "$BATS_TEST_TMPDIR/schema" | grep -cv '^[a-z_0-9]*$')" 0
}

@test "the schema describes the records of every object that can be shown, and finds what is not so" {
	local o
	for o in $("$MIP" __complete "" | cut -f1); do
		"$MIP" __complete "$o" "" | grep -q '^show	' || continue
		"$MIP" __schema | jq -e --arg o "$o" '."$defs"[$o].properties | length > 2' > /dev/null || { echo "no $o"; false; }
	done
	. tests/valid.sh
	valid binding <<< '[{"home":"2001:db8::1","state":"active","lifetime":420,"static":false}]'
	valid binding <<< '[]'
	local bad
	for bad in '"home":"x y"' '"state":"bound"' '"lifetime":"7m"' '"lifetime":1.5' '"static":0' '"sequence":65536' '"nonsense":1'; do
		! valid binding <<< "[{$bad}]" || { echo "valid: $bad"; false; }
	done
}

@test "every object has its page: listed in mip(8), its keys and its commands in it" {
	local o
	for o in $("$MIP" __complete "" | cut -f1); do
		[ -e "man/mip-$o.8" ] || { echo "no man/mip-$o.8"; false; }
		grep -q "^\.It Xr mip-$o 8" man/mip.8 || { echo "$o is not in mip.8"; false; }
		grep -qF "BEGIN mip __man $o commands" "man/mip-$o.8" || { echo "no commands in mip-$o.8"; false; }
		[ -z "$("$MIP" __man "$o" keys | grep '^\.It')" ] || grep -qF "BEGIN mip __man $o keys" "man/mip-$o.8" ||
			{ echo "no keys in mip-$o.8"; false; }
	done
}

@test "the options of help are those of completion and of mip(8)" {
	local o
	"$MIP" help | sed -n '/^options:/,$s/^ *\(-[A-Za-z]*\) .*/\1/p' > "$BATS_TEST_TMPDIR/help"
	"$MIP" __complete - | cut -f1 > "$BATS_TEST_TMPDIR/complete"
	cmp "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/complete"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/help")" -ge 14 ]
	while read -r o; do
		grep -qE "^\.It Fl ${o#-}( |$)" man/mip.8 || { echo "no $o in mip(8)"; false; }
	done < "$BATS_TEST_TMPDIR/help"
}

@test "help stands where people look for it: OBJECT help, -h, --help, --version" {
	local c
	for c in "binding help" "binding -h" "binding --help"; do
		# shellcheck disable=SC2086
		[ "$("$MIP" $c)" = "$("$MIP" help binding)" ]
	done
	[ "$("$MIP" binding add help)" = "$("$MIP" help binding add)" ]
	[ "$("$MIP" apply -h)" = "$("$MIP" help apply)" ]
	[ "$("$MIP" --help)" = "$("$MIP" help)" ]
	[ "$("$MIP" --version)" = "$("$MIP" -V)" ]
}

@test "an address stands for its word where nothing else could" {
	run "$MIP" binding show 2001:db8:1::100
	[ "$status" = 3 ]   # understood: there is no agent to ask
	run "$MIP" binding del 2001:db8:1::100
	[ "$status" = 3 ]
	run "$MIP" binding show 2001:db8:1::100 home 2001:db8:1::101
	[ "$status" = 1 ] && [[ $output == *"given twice"* ]]
}
