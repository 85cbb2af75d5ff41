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
tidy() { make --no-print-directory -s -k -j"$(nproc)" tidy; }
man_ok() { [ ${#man[@]} -eq 0 ] || mandoc -T lint -W warning "${man[@]}"; }

echo "1..4"
lint clang-format clang-format --dry-run -Werror "${c[@]}"
lint clang-tidy tidy
lint shellcheck shellcheck -S warning -x "${sh[@]}"
lint mandoc man_ok
