#!/usr/bin/env bats
# `mip import`: files in the grammar of mip6d.conf(5) become commands that `mip check` takes; bad ones are said where they are bad.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	export MIP_RUN_DIR=$BATS_TEST_TMPDIR NO_COLOR=1
	f=$BATS_TEST_TMPDIR/f
}

# wrong TEXT WANT: importing TEXT prints exactly WANT on stderr (its file is called FILE there), nothing on stdout, and fails
wrong() {
	local status=0
	printf '%s' "$1" > "$f"
	"$MIP" import "$f" > "$f.out" 2> "$f.err" || status=$?
	[ "$status" = 1 ]
	[ ! -s "$f.out" ]
	diff <(sed "s|^$f:|FILE:|" "$f.err") <(printf '%s\n' "$2")
}

@test "every file becomes the commands beside it, and these are clean" {
	local c n=0
	for c in tests/import/*.conf; do
		diff "${c%.conf}.mip" <("$MIP" import "$c")
		"$MIP" import "$c" | "$MIP" check -
		"$MIP" import - < "$c" | diff "${c%.conf}.mip" -
		n=$((n + 1))
	done
	[ $n -ge 10 ]
}

@test "every statement it knows is in a test file" {
	local s
	for s in $(grep -oE 'statement\("[A-Za-z]+"' cmd/import.awk | cut -d'"' -f2); do
		grep -qw "$s" tests/import/*.conf || { echo "no file with $s"; false; }
	done
}

@test "whatever a file says, it ends in errors and nothing else, or in commands that are clean" {
	local c n=0
	for c in tests/fuzz/corpus/import/*; do
		if "$MIP" import "$c" > "$f.out" 2> "$f.err"; then
			"$MIP" check "$f.out" || { cat "$f.out"; false; }
		else
			[ ! -s "$f.out" ]
			[ -s "$f.err" ]
		fi
		n=$((n + 1))
	done
	[ $n -ge 10 ]
}

@test "booleans have several words, and what mip has is kept" {
	printf 'NodeConfig HA; UseMnHaIPsec off; SendMobPfxAdvs block; SendUnsolMobPfxAdvs deny; MinMobPfxAdvInterval 60; HaAcceptMobRtr block; DefaultBindingAclPolicy disabled;' > "$f"
	run "$MIP" import "$f"
	[ "$status" = 0 ]
	[[ $output == *"acl deny ::/0"* ]]
	[[ $output == *"ha start insecure min-prefix-interval 60 max-prefix-interval 0 prefix-advertisements no" ]]
	printf 'NodeConfig HA; UseMnHaIPsec off; SendMobPfxAdvs allow; SendUnsolMobPfxAdvs allow; DefaultBindingAclPolicy allow;' > "$f"
	run "$MIP" import "$f"
	[ "$status" = 0 ]
	[[ $output != *acl* && $output != *prefix* ]]
}

@test "an interface without a preference comes behind those with one, as there" {
	printf 'NodeConfig MN; Interface "wlan0" { MnIfPreference 7; } Interface "eth0";\nMnHomeLink "eth0" { HomeAddress 2001:db8:1::100/64; }' > "$f"
	run "$MIP" import "$f"
	[[ $output == *$'mn use dev wlan0 preference 7\nmn use dev eth0 preference 10\n'* ]]
}

@test "typographic quotation marks are wrong where they stand" {
	local q=$'\342\200\235'
	wrong "Interface ${q}eth0$q;" "FILE:1: this quotation mark is a typographic one: write \"
    Interface ${q}eth0$q;
              ^~~~~~"
}

@test "statements of the branches for proxy Mobile IPv6 and IPv4 become comments" {
	printf 'RFC5213TimestampBasedApproachInUse yes;\nProxyMipLma {\n  LmaAddress 2001:db8::1;\n}\nUseDsmipv6 enabled;\nNodeConfig CN;\n' > "$f"
	run "$MIP" import "$f"
	[ "$status" = 0 ]
	[ "$(grep -c '^# .*no equivalent' <<< "$output")" = 3 ]
	[ "${lines[-1]}" = "cn start" ]
}

@test "JSON: commands and messages, line by line" {
	"$MIP" -j import tests/import/mn_full.conf | jq -e 'all((.command // .message | length) > 4)'
	[ "$("$MIP" -j import tests/import/ha_plain.conf | jq -r '.[].command // empty')" = "$(grep -v '^#' tests/import/ha_plain.mip)" ]
}

@test "an unknown statement: line, caret, and what was meant" {
	wrong $'NodeConfig HA;\n\tHaMaxBindingLive 60;\n' "FILE:2: no such statement here: did you mean 'HaMaxBindingLife'?
    	HaMaxBindingLive 60;
    	^~~~~~~~~~~~~~~~"
	wrong $'MnHomeLink "eth0" { NodeConfig MN; }\n' "FILE:1: no such statement here
    MnHomeLink \"eth0\" { NodeConfig MN; }
                        ^~~~~~~~~~"
	wrong '"MN";' "FILE:1: a statement begins with a word
    \"MN\";
     ^~"
}

@test "a wrong value: what is wanted" {
	wrong 'UseMnHaIPsec perhaps;' "FILE:1: enabled or disabled is wanted
    UseMnHaIPsec perhaps;
                 ^~~~~~~"
	wrong 'HaMaxBindingLife 99999999999;' "FILE:1: this number is too large
    HaMaxBindingLife 99999999999;
                     ^~~~~~~~~~~"
	wrong 'MnHomeLink "eth0" { HomeAddress 2001:db8::1; }' "FILE:1: an address and a prefix length is wanted, e.g. 2001:db8:1::100/64
    MnHomeLink \"eth0\" { HomeAddress 2001:db8::1; }
                                    ^~~~~~~~~~~"
	wrong 'Interface "no such name";' "FILE:1: this cannot be the name of an interface
    Interface \"no such name\";
               ^~~~~~~~~~~~"
	wrong $'Interface "e\fth0";' "FILE:1: this cannot be the name of an interface
    Interface \"e?th0\";
               ^~~~~"
	wrong 'HaMaxBindingLife 2;' "FILE:1: a lifetime is at least 4 seconds
    HaMaxBindingLife 2;
    ^~~~~~~~~~~~~~~~"
}

@test "what is missing: value, semicolon, bracket, end of a string" {
	wrong 'NodeConfig ;' "FILE:1: a value is missing
    NodeConfig ;
               ^"
	wrong $'NodeConfig MN\nDebugLevel 0;' "FILE:2: ; is missing
    DebugLevel 0;
    ^~~~~~~~~~"
	wrong 'MnHomeLink "eth0" { HomeAddress 2001:db8::1/64;' "FILE:1: a block ends with }
    MnHomeLink \"eth0\" { HomeAddress 2001:db8::1/64;
                                                   ^"
	wrong 'MnHomeLink "eth0";' "FILE:1: a block in { } is missing
    MnHomeLink \"eth0\";
                     ^"
	wrong $'Interface "eth0;\n' "FILE:1: a string ends with \" on the same line
    Interface \"eth0;
               ^~~~~"
	wrong '}' "FILE:1: this } closes nothing
    }
    ^"
}

@test "every wrong statement is said, not only the first" {
	printf 'NodeConfig XX;\nDebugLevel 0;\nUseCnBuAck 7;\nMnHomeLink "eth0" { Foo 1; IsMobRtr maybe; }\n' > "$f"
	run "$MIP" import "$f"
	[ "$status" = 1 ]
	[ "$(grep -c "^$f:" <<< "$output")" = 4 ]
}

@test "what is no text, too long, or includes itself ends in an error" {
	head -c 100000 /dev/urandom > "$f"
	run "$MIP" import "$f"
	[ "$status" = 1 ]
	head -c 2000000 /dev/zero | tr '\0' ' ' > "$f"
	run "$MIP" import "$f"
	[ "$status" = 1 ]
	[[ "$output" == *"too long"* ]]
	echo "include \"$f\"" > "$f"
	run "$MIP" import "$f"
	[ "$status" = 1 ]
	[[ "$output" == *"too deeply"* ]]
	run "$MIP" import /nonexistent
	[ "$status" = 1 ]
	[[ "$output" == *"No such file"* ]]
	run "$MIP" import "$BATS_TEST_TMPDIR"
	[ "$status" = 1 ]
}
