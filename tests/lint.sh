#!/usr/bin/env bash
# Format, static analysis, shell and man pages; one test a tool.
cd "$(dirname "$0")/.." || exit
mapfile -t c < <(find cmd core include tests -name '*.[ch]' | sort)
mapfile -t sh < <(find .ci cmd tests -type f -exec grep -lE '^#!.*(bash|bats|/bin/sh)$' {} + | sort)
mapfile -t man < <(find man -name '*.[1-9]' | sort)

n=0
lint() {   # lint NAME COMMAND...
	local name=$1 out; shift; n=$((n + 1))
	if ! command -v "${name%% *}" >/dev/null; then echo "ok $n $name # skip not installed"; return; fi
	if out=$("$@" 2>&1); then echo "ok $n $name"; else echo "not ok $n $name"; printf '%s\n' "$out" | head -n 60; fi
}
# known: stamps of what is the same, with all it includes, as in the commit of tests/lint.base (git, and what the build wrote
# of includes, tell), newest of all
known() {
	local base changed b=${MIP_BUILD:-build}
	base=$(cat tests/lint.base) && changed=$(git diff --name-only "$base" 2>/dev/null) || return 0
	changed+=$'\n'$(git ls-files --others --exclude-standard)
	[[ $changed != *.clang-tidy* ]] || return 0
	find "$b" -name '*.d' -exec grep -LF -f <(grep '[.]\(c\|h\|def\)$' <<<"$changed") {} + | sed 's/[.]d$/.tidy/' |
		while read -r stamp; do [ -e "$stamp" ] || touch "$stamp"; done
}
tidy() {
	[ -n "${NO_BASE:-}" ] || known
	make --no-print-directory -s -k -j"$(nproc)" tidy
}
man_ok() { [ ${#man[@]} -eq 0 ] || mandoc -T lint -W warning "${man[@]}"; }

echo "1..4"
lint clang-format clang-format --dry-run -Werror "${c[@]}"
lint clang-tidy tidy
lint shellcheck shellcheck -S warning -x "${sh[@]}"
lint mandoc man_ok
