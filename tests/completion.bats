#!/usr/bin/env bats
# Completion in the shells people use, each in a terminal of its own: TAB is pressed, and what it makes of the line is read.

. "$BATS_TEST_DIRNAME/term.sh"

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	HERE=$PWD
	export HERE MIP_RUN_DIR=$BATS_TEST_TMPDIR/run HOME=$BATS_TEST_TMPDIR NO_COLOR=1 PATH=${MIP%/*}:$PATH
	export XDG_CONFIG_HOME=$HOME XDG_DATA_HOME=$HOME XDG_STATE_HOME=$HOME
	command -v tmux > /dev/null || skip "no tmux"
}

teardown() { term_close; }

# completes PROMPT: words are completed to the end, the help of several is there or the words, and a value of a kind that
# has no list is left to the shell
completes() {
	sees "$1\$"
	text "mip mon"; keys Tab; sees "$1 mip monitor"
	text "li"; keys Tab; sees "$1 mip monitor limit"
	keys C-c; sees "$1\$"
	text "mip mn wa"; keys Tab; text "regist"; keys Tab; text "e"; keys Tab; sees "$1 mip mn wait registered"
	keys C-c; sees "$1\$"
	text "mip -j bul s"; keys Tab; text "x"; sees "$1 mip -j bul show x"
}

@test "bash" {
	cat > "$HOME/rc" <<-'END'
		PS1='ready>'
		PS1+=' '
		. "$HERE/completions/mip.bash"
	END
	term_open bash --noprofile --rcfile "$HOME/rc" -i
	completes "ready>"
}

@test "zsh" {
	command -v zsh > /dev/null || skip "no zsh"
	cat > "$HOME/.zshrc" <<-'END'
		PS1='ready> '
		fpath=("$HERE/completions" $fpath)
		autoload -Uz compinit
		compinit -u -d "$HOME/zcompdump"
	END
	ZDOTDIR=$HOME term_open env ZDOTDIR="$HOME" zsh -i
	completes "ready>"
}

@test "fish" {
	command -v fish > /dev/null || skip "no fish"
	mkdir -p "$HOME/fish"
	cat > "$HOME/fish/config.fish" <<-'END'
		set -g fish_greeting
		function fish_prompt; echo 'ready> '; end
		set -g fish_autosuggestion_enabled 0
		source $HERE/completions/mip.fish
	END
	term_open fish -i
	completes "ready>"
}
