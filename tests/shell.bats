#!/usr/bin/env bats
# `mip shell` in a real terminal (tmux), without an agent and without root: TAB, '?', Ctrl-C, history, leaving.

. "$BATS_TEST_DIRNAME/term.sh"

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	export MIP_RUN_DIR=$BATS_TEST_TMPDIR/run XDG_STATE_HOME=$BATS_TEST_TMPDIR/state HOME=$BATS_TEST_TMPDIR NO_COLOR=1
	command -v tmux > /dev/null || skip "no tmux"
}

teardown() { term_close; }

open() { term_open "$MIP" shell; prompt; }

@test "TAB completes a word, and shows the words when there are several" {
	open
	text "moni"; keys Tab; sees 'mip. monitor $|mip. monitor$'
	text "lim"; keys Tab; text 3; sees 'monitor limit 3$'
	fresh
	text "mn wait "; keys Tab; sees 'detached +home +registered +registering +returning'
	text "ret"; keys Tab; text "t"; keys Tab; text 5; sees 'mn wait returning timeout 5$'
	fresh
	text "ha start dev l"; keys Tab; text m; keys Tab; sees 'ha start dev lo m|dev lo max-'
}

@test "? says in one line each what may come next, and what is wrong before" {
	open
	text "binding ?"
	sees '^  add +install a binding by hand'
	sees '^  <enter> +show the binding cache'
	prompt_with 'mip. binding'
	text "add home ?"; sees '^  ADDRESS +home address of the mobile node'
	fresh
	text "mn wait ?"; sees '^  registered '
	fresh
	text "mn wiat ?"; sees "did you mean 'wait'"
	fresh
	text "mn wiat?"; sees "no such verb: 'wiat'"
	fresh
	text "?"; sees '^  binding +binding cache'; sees '^  help '
}

prompt_with() { sees "$1\$"; }

@test "Ctrl-C gives the line up and stays" {
	open
	text "binding sh"; keys C-c; sees '\^C$|\^C'
	prompt
	text "help bul"; keys Enter; sees 'example: mip bul show'
	prompt
}

@test "a wrong line gets its caret and the shell goes on; the exit status is that of the last command" {
	open
	text "mn wiat"; keys Enter; sees '    mip mn wiat'; sees '\^~~~'
	prompt
	text "binding show"; keys Enter; sees 'no agent runs'
	prompt
	text "exit"; keys Enter; sees 'ended: 3'
}

@test "options hold for their line; mip itself may be typed; Ctrl-D leaves" {
	open
	text "mip -V"; keys Enter; sees '^mip 0'
	prompt
	text "help save"; keys Enter; sees 'example: mip save'
	prompt
	keys C-d; sees 'ended: 0'
}

@test "history: from one shell to the next, and only for its owner" {
	open
	text "help ha"; keys Enter; sees 'example: mip ha'; prompt
	text " help cn"; keys Enter; sees 'example: mip cn'; prompt
	keys C-d; sees 'ended: 0'
	[ "$(stat -c %a "$XDG_STATE_HOME/mip/history")" = 600 ]
	[ "$(stat -c %a "$XDG_STATE_HOME/mip")" = 700 ]
	term_close
	open
	keys Up; sees 'help ha$'
	keys C-c; prompt
	text "help bul"; keys Enter; sees 'example: mip bul'; prompt
	grep -q 'help.*bul' "$XDG_STATE_HOME/mip/history"
	[ "$(grep -c HiStOrY "$XDG_STATE_HOME/mip/history")" = 1 ]
	[ -z "$(grep cn "$XDG_STATE_HOME/mip/history")" ]
}

@test "a history that cannot be written is no reason to complain" {
	XDG_STATE_HOME=/proc/nowhere
	open
	text "help bul"; keys Enter; sees 'example: mip bul'; prompt
	keys Up; sees 'mip. help bul$'
}

@test "standard input that is no terminal is a batch" {
	run "$MIP" shell <<< "help ha
frob"
	[ "$status" = 1 ]
	[[ $output == *"example: mip ha"* && $output == *"stdin:2: no such object: 'frob'"* && $output != *"mip#"* ]]
}
