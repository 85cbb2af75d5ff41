# shellcheck shell=bash
# A terminal for tests: tmux holds a program, keys go in, the screen is read back. Sourced by .bats files.
# What came out is recorded in $BATS_TEST_TMPDIR/session, escape sequences and all. MIP_SLOW makes deadlines longer.

terminals=0
term() { tmux -S "$BATS_TEST_TMPDIR/tmux$terminals" "$@" 3>&- 4>&-; }

# term_open COMMAND...: in a terminal of 100 columns; what remains on the screen when it ends is its exit status.
term_open() {
	echo "trap : INT" > "$BATS_TEST_TMPDIR/command"
	printf '%q ' "$@" >> "$BATS_TEST_TMPDIR/command"
	echo '; echo "ended: $?"; exec cat' >> "$BATS_TEST_TMPDIR/command"
	term -f /dev/null new-session -d -x 100 -y 50 sh "$BATS_TEST_TMPDIR/command"
	term pipe-pane "cat >> '$BATS_TEST_TMPDIR/session'"
}
# The next one gets a server of its own: this one may still be ending when the next is opened.
term_close() { term kill-server 2> /dev/null || true; terminals=$((terminals + 1)); }

term_screen() { term capture-pane -p | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }
# keys KEY...: as tmux names them, or text
keys() { term send-keys "$@"; }
text() { term send-keys -l -- "$1"; }

# sees TEXT: until TEXT is on the screen (a grep -E pattern); the screen goes to the log at the deadline.
sees() {
	local end=$((${EPOCHREALTIME/./} + 30000000 * ${MIP_SLOW:-1}))
	until term_screen 2> /dev/null | grep -qE -- "$1"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || { echo "no '$1' on the screen:"; term_screen; return 1; }
		sleep 0.02
	done
}
# prompt [ROLES]: until an empty prompt is the last line, so that what was run before is over.
prompt() {
	local mark='#' end=$((${EPOCHREALTIME/./} + 30000000 * ${MIP_SLOW:-1}))
	[ "$(id -u)" = 0 ] || mark='>'
	until [ "$(term_screen | tail -n 1)" = "mip${1:+ $1}$mark" ]; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || { echo "no prompt at the end of the screen:"; term_screen; return 1; }
		sleep 0.02
	done
}
# running: until a command runs, and Ctrl-C is a signal again
running() {
	local tty end=$((${EPOCHREALTIME/./} + 30000000 * ${MIP_SLOW:-1}))
	tty=$(term display-message -p '#{pane_tty}')
	until stty -F "$tty" -a | grep -qE '(^| )isig'; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || { echo "nothing runs:"; term_screen; return 1; }
		sleep 0.02
	done
}
# fresh [ROLES]: a prompt on an empty screen
fresh() { keys C-c; prompt "$@"; keys C-l; cleared; }
cleared() {
	local end=$((${EPOCHREALTIME/./} + 30000000 * ${MIP_SLOW:-1}))
	until [ "$(term_screen | wc -l)" -le 1 ]; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || { echo "the screen is not empty:"; term_screen; return 1; }
		sleep 0.02
	done
}
