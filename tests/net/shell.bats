#!/usr/bin/env bats
# `mip shell` beside a live agent: the prompt, values from life, and Ctrl-C in a command that does not end by itself.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../term.sh"

setup_file() {
	export XDG_STATE_HOME=$BATS_FILE_TMPDIR NO_COLOR=1
	lab_up
	ha_start
	add 200; add 201
}

teardown_file() { agents_stop; }
teardown() { term_close; }

@test "the prompt shows the role; TAB and ? know the home addresses in the cache" {
	term_open nsenter --net=/run/netns/ha mip shell; prompt "ha cn"
	text "binding del home 2"; keys Tab; sees 'home 2001:db8:1::20$'
	keys Tab; sees '2001:db8:1::200 +2001:db8:1::201'
	text '?'; sees '  2001:db8:1::201 +home address'
	text 1; keys Enter; prompt "ha cn"
	text "-j binding show"; keys Enter; sees '"home":"2001:db8:1::200"'; prompt "ha cn"
	[ -z "$(term_screen | grep '"home":"2001:db8:1::201"')" ]
}

@test "Ctrl-C leaves monitor, and wait, but not the shell" {
	term_open nsenter --net=/run/netns/ha mip shell; prompt "ha cn"
	text "monitor binding"; keys Enter; sees '2001:db8:1::200.*active|home 2001:db8:1::200'
	ha binding add home 2001:db8:1::202 care-of 2001:db8:f1::202; sees 'binding_added 2001:db8:1::202'
	keys C-c; prompt "ha cn"
	text "mn wait registered"; keys Enter; running; keys C-c; prompt "ha cn"
	text "-br binding show"; keys Enter; sees '2001:db8:1::202 +2001:db8:f1::202'; prompt "ha cn"
	keys C-d; sees 'ended: 0'
}

@test "an agent that goes is no more in the prompt, and one that comes is" {
	term_open nsenter --net=/run/netns/cn mip shell; prompt
	text "cn start"; keys Enter; prompt cn
	text "agent stop"; keys Enter; prompt
}
