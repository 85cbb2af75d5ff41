#!/usr/bin/env bats
# The pictures of the README: there, named in it, saying where they were measured; and drawn from numbers as they are.

setup() { cd "$BATS_TEST_DIRNAME/.." || return; }

@test "the README shows every picture, and each says the machine and the kernel" {
	local file n=0
	for file in man/pictures/*.svg; do
		grep -qF "($file)" README.md || { echo "$file is not in the README"; false; }
		grep -qE '[0-9]+ x .*, Linux [0-9.]+.*, (tun|ip6tnl) tunnel' "$file" || { echo "$file does not say where"; false; }
		[ -e "tests/bench/plot/$(basename "$file" .svg).gp" ] || { echo "nothing draws $file"; false; }
		n=$((n + 1))
	done
	[ "$(grep -cF '(man/pictures/' README.md)" = $n ] && [ $n -ge 3 ]
}

@test "a picture shows the numbers of the data, and what was not measured is not drawn" {
	command -v gnuplot > /dev/null || skip "no gnuplot"
	export MIP_BUILD=$BATS_TEST_TMPDIR
	. tests/bench/plot/data.sh
	data_open load ip6tnl "bindings, registered/s, refreshed/s, bytes a binding, bytes of the agent"
	data_row load 1000 512 6111 417 6598656
	data_row load 10000 5123 61234 401 10326016
	data_open path tun "way, Mbit/s up, Mbit/s down, CPU ms/MB up, down"
	data_row path plain 4000 5000 0.9 0.7
	data_row path tunnel 222 224 15 16
	data_row path ro 3100 3300 1.6 1.4
	tests/bench/plot/draw.sh "$BATS_TEST_TMPDIR" > "$BATS_TEST_TMPDIR/said"
	grep -qx "handover: not measured" "$BATS_TEST_TMPDIR/said"
	[ ! -e "$BATS_TEST_TMPDIR/handover.svg" ]
	grep -q '61234' "$BATS_TEST_TMPDIR/load.svg" && grep -q '401 bytes a binding' "$BATS_TEST_TMPDIR/load.svg"
	grep -q 'ip6tnl tunnel' "$BATS_TEST_TMPDIR/load.svg"
	for number in 4500 223 3200 0.8 15.5 1.5; do grep -q "> *$number<" "$BATS_TEST_TMPDIR/path.svg"; done
}
