#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing, without questions, and starts none of their services. Silent
# when there is nothing to do.
mapfile -t missing < <(for p; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"; done)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "deps: missing and not installed (needs root and apt-get): ${missing[*]}" >&2
	exit 0   # what cannot run without them says so itself
fi
echo "deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp) policy=/usr/sbin/policy-rc.d
if [ -e $policy ]; then
	trap 'rm -f "$log"' EXIT
else
	trap 'rm -f "$log" $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy
fi
apt-get -qq update >"$log" 2>&1 || echo "deps: apt-get update: $(tail -n 1 "$log")" >&2
apt-get -qq -y --no-install-recommends install "${missing[@]}" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
