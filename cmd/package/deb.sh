#!/bin/sh
# `make deb`: a Debian package of this tree, in $1. Built from a copy, where Debian wants its folder at the top.
#   DEBFULLNAME, DEBEMAIL: who it is from
set -e
out=$(realpath -m "$1") version=$2
from="${DEBFULLNAME:-Local build} <${DEBEMAIL:-mip@$(hostname -s).invalid}>"
cd "$(dirname "$0")/../.."
src=$out/deb/mip-$version
rm -rf "$out/deb"
mkdir -p "$src"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$src"
cp -r cmd/package/debian "$src/"
sed -i "s|@MAINTAINER@|$from|" "$src/debian/control"
cat > "$src/debian/changelog" <<END
mip ($version) unstable; urgency=medium

  * Built from the source tree.

 -- $from  $(date -R -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}")
END
(cd "$src" && dpkg-buildpackage -b -us -uc > "$out/deb/log" 2>&1) || { tail -n 30 "$out/deb/log"; exit 1; }
rm -f "$out"/mip_*.deb
mv "$out"/deb/mip_*.deb "$out/"
rm -rf "$out/deb"
ls "$out"/mip_*.deb
