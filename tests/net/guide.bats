#!/usr/bin/env bats
# The guide's ten minutes: every command is run on a terminal, as a reader of mip-guide(7) would, and shows what the page shows.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

@test "mip-guide(7): what the page shows is what a reader sees" {
	local guide=$BATS_TEST_DIRNAME/../../man/mip-guide.7
	lab_up
	"$BATS_TEST_DIRNAME/../lab/guide.py" words "$guide" > "$BATS_TEST_TMPDIR/words"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/words")" -gt 15 ]
	cat > "$BATS_TEST_TMPDIR/reader" <<-READER
	. "$LAB_DIR/lab.sh"
	for n in mn ha cn r; do eval "\$n() { in_ns \$n \"\\\$@\"; }"; done
	move() { lab_move "\$1" && echo "the mobile node is on: \$(lab_where)"; }
	while read -r line; do echo "% \$line"; eval "\$line" < /dev/null; done < "$BATS_TEST_TMPDIR/words"
	for n in mn ha cn; do in_ns \$n mip agent stop; done
	READER
	NO_COLOR=1 script -qec "stty cols 100; bash $BATS_TEST_TMPDIR/reader" /dev/null < /dev/null > "$BATS_TEST_TMPDIR/seen"
	"$BATS_TEST_DIRNAME/../lab/guide.py" compare "$guide" "$BATS_TEST_TMPDIR/seen"
}
