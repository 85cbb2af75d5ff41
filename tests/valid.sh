# valid NAME: whether each JSON value on stdin (of an array: each element) is as `mip __schema` says of NAME: an object of mip, or
# "any". Prints what is not, and fails. MIP names the program. Sourced by tests.
# shellcheck shell=bash

valid() { python3 "$(dirname "${BASH_SOURCE[0]}")/valid.py" "${MIP:-mip}" "$1"; }
