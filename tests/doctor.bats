#!/usr/bin/env bats
# `mip doctor` without root: what it prints, in text and JSON, and that it needs no agent.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	export MIP_RUN_DIR=$BATS_TEST_TMPDIR NO_COLOR=1
}

# 0 fit or 2 not fit: this machine may be either.
doctor() { "$MIP" "${@:2}" doctor ${1:+"$1"} || [ $? = 2 ]; }

@test "every role: each check once, with a verdict and what was found; what is bad is mended" {
	local role
	for role in "" ha mn cn; do
		doctor "$role" -j > "$BATS_TEST_TMPDIR/j"
		jq -e 'length >= 7 and all((.verdict | IN("ok", "weak", "bad", "unknown")) and (.message | length) > 4)' "$BATS_TEST_TMPDIR/j"
		jq -e '(map(.check) | length) == (map(.check) | unique | length)' "$BATS_TEST_TMPDIR/j"
		jq -e 'all(.verdict != "bad" or (.mend | length) > 4)' "$BATS_TEST_TMPDIR/j"
		[ "$(jq -r '.[].check' "$BATS_TEST_TMPDIR/j")" = "$(doctor "$role" -br | awk '{ print $2 }')" ]
	done
}

@test "a role is told what it needs, and not what others need" {
	doctor ha -j | jq -e 'map(.check) | contains(["forwarding", "home-link", "proxy-nd"]) and (contains(["autoconf"]) | not)'
	doctor mn -j | jq -e 'map(.check) | contains(["interface", "autoconf"]) and (contains(["forwarding"]) | not)'
	doctor "" -j | jq -e 'map(.check) | contains(["kernel", "ipv6"]) and (contains(["forwarding"]) | not)'
}

@test "an interface that is not there is bad for a home agent: exit status 2, and how to see which there are" {
	run "$MIP" doctor ha dev nosuch0
	[ "$status" = 2 ]
	[[ "$output" == *"bad home-link no interface nosuch0"* ]]
	[[ "$output" == *"mend ip -br link"* ]]
}

@test "a directory anybody can write is no place for a socket" {
	chmod 777 "$BATS_TEST_TMPDIR"
	doctor cn -j | jq -e '.[] | select(.check == "run-directory") | .verdict == "bad" and (.mend | startswith("chmod go-w"))'
}

@test "words: an unknown role is refused with the roles there are" {
	run "$MIP" doctor router
	[ "$status" = 1 ]
	[[ "$output" == *"expected one of: ha, mn, cn"* ]]
}
