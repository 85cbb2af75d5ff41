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
# known: of what is the same as in the commit of tests/lint.base (git, and what the build wrote of includes, tell) a stamp,
# newest of all, when all it includes is the same, too; else a mark, for which clang-tidy does without its analyzer: that
# takes nine tenths of the time, and looks at what stands in the source file itself.
known() {
	local base changed b=${MIP_BUILD:-build}
	find "$b" -name '*.same' -delete
	[ -z "${NO_BASE:-}" ] || return 0
	base=$(cat tests/lint.base) && changed=$(git diff --name-only "$base" 2>/dev/null) || return 0
	changed+=$'\n'$(git ls-files --others --exclude-standard)
	[[ $changed != *.clang-tidy* ]] || return 0
	changed=$(grep '[.]\(c\|h\|def\)$' <<<"$changed")
	find "$b" -name '*.d' -exec grep -LF -f <(printf '%s' "$changed") {} + | sed 's/[.]d$/.tidy/' |
		while read -r stamp; do [ -e "$stamp" ] || touch "$stamp"; done
	find "$b" -name '*.d' -exec grep -lF -f <(printf '%s' "$changed") {} + |
		grep -vF -f <(sed -n 's/[.]c$/.d/p' <<<"$changed") | sed 's/[.]d$/.same/' | xargs -r touch
}
tidy() {
	known
	make --no-print-directory -s -k -j"$(nproc)" tidy
}
man_ok() { [ ${#man[@]} -eq 0 ] || mandoc -T lint -W warning "${man[@]}"; }

echo "1..4"
lint clang-format clang-format --dry-run -Werror "${c[@]}"
lint clang-tidy tidy
lint shellcheck shellcheck -S warning -x "${sh[@]}"
lint mandoc man_ok
