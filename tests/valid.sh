# valid NAME: whether each JSON value on stdin (of an array: each element) is as `mip __schema` says of NAME: an object of mip, or
# "any". Prints what is not, and fails. MIP names the program. Sourced by tests.
# valid_later NAME: stdin is kept for valid_all, which judges all that was kept at once: python takes longer than all the rest.
# shellcheck shell=bash

valid() { python3 "$(dirname "${BASH_SOURCE[0]}")/valid.py" "${MIP:-mip}" "$1"; }
valid_later() { cat > "$BATS_TEST_TMPDIR/$1.$EPOCHREALTIME.json"; }
valid_all() { python3 "$(dirname "${BASH_SOURCE[0]}")/valid.py" "${MIP:-mip}" "$BATS_TEST_TMPDIR"/*.json; }
