#!/usr/bin/env bash
# Builds loginmapd_VERSION_ARCH.deb: the bundled program with the modules that have native code, units, man pages and completions.
#
#   scripts/build-deb.sh [DIRECTORY]     where the package goes; default: here
#
# Needs node, npm and dpkg-deb, and node_modules of `npm ci` (for the bundler). The same sources give the same bytes:
# times come from SOURCE_DATE_EPOCH, or else from the last commit. The architecture is this machine's, since libsql
# brings a native library. DEB_COMPRESSION=gzip is quicker and larger.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

destination=$(realpath "${1:-.}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y package.json)}"
export SOURCE_DATE_EPOCH
maintainer=${DEB_MAINTAINER:-loginmapd maintainers <maintainers@loginmapd.example>}
architecture=$(dpkg --print-architecture)
# 1.0.0-rc.1 comes before 1.0.0: Debian writes that with a tilde.
version=$(node -p 'require("./package.json").version.replace("-", "~")')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
program=$root/usr/lib/loginmapd
doc=$root/usr/share/doc/loginmapd

# --- The program, and the modules that are not bundled with it

mkdir -p "$program"
cp package.json package-lock.json .npmrc "$program/"
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline --silent --prefix "$program"
rm -rf "$program/package-lock.json" "$program/.npmrc" "$program/node_modules/.package-lock.json" "$program/node_modules/.bin"
# What a module brings for its own development: nothing of it is ever loaded.
find "$program/node_modules" \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' -o -name 'test' -type d \) -prune -exec rm -rf {} +
# npm takes both C libraries' builds of a native module; Debian has glibc.
rm -rf "$program"/node_modules/@libsql/linux-*-musl*
find "$program/node_modules" -type f -exec chmod 0644 {} +
node scripts/build.mjs "$program/dist"
cp -r sql "$program/sql"
# For `loginmapd completion`; the shells find theirs below.
install -D -m 0644 -t "$program/deploy/completions" deploy/completions/*
mkdir -p "$root/usr/bin"
ln -s ../lib/loginmapd/dist/main.js "$root/usr/bin/loginmapd"

# --- Configuration, units, account

install -D -m 0640 deploy/debian/loginmapd.yaml "$root/etc/loginmapd/loginmapd.yaml"
install -D -m 0644 -t "$root/usr/lib/systemd/system" deploy/systemd/loginmapd.service deploy/systemd/loginmapd.socket deploy/systemd/loginmapd-milter.socket
install -D -m 0644 deploy/systemd/loginmapd.sysusers "$root/usr/lib/sysusers.d/loginmapd.conf"
install -D -m 0644 deploy/systemd/loginmapd.tmpfiles "$root/usr/lib/tmpfiles.d/loginmapd.conf"

# --- Manual, completions, documentation

for page in docs/man/*.[58]; do
  install -D -m 0644 "$page" "$root/usr/share/man/man${page##*.}/${page##*/}"
done
find "$root/usr/share/man" -type f -exec gzip -9n {} +
install -D -m 0644 deploy/completions/loginmapd.bash "$root/usr/share/bash-completion/completions/loginmapd"
install -D -m 0644 deploy/completions/_loginmapd "$root/usr/share/zsh/vendor-completions/_loginmapd"
mkdir -p "$doc/docs" "$doc/examples"
cp -r docs/*.md "$doc/docs/"
if [ -d docs/migration ]; then cp -r docs/migration "$doc/docs/"; fi
for page in README.md CHANGELOG.md; do if [ -e "$page" ]; then install -m 0644 "$page" "$doc/$page"; fi; done
cp -r deploy/postfix deploy/dovecot deploy/prometheus deploy/grafana deploy/loginmapd.example.yaml "$doc/examples/"
ln -s ../../../lib/loginmapd/sql "$doc/sql"
printf 'loginmapd (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in this directory.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
chmod 0644 "$doc/changelog.gz"
node scripts/deb-copyright.mjs "$program" >"$doc/copyright"

# --- The package

mkdir -p "$root/DEBIAN"
install -m 0755 -t "$root/DEBIAN" deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm
printf '/etc/loginmapd/loginmapd.yaml\n' >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/control" <<CONTROL
Package: loginmapd
Version: $version
Section: mail
Priority: optional
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
Depends: nodejs (>= 20.19), libc6 (>= 2.31), libgcc-s1, passwd, systemd | systemd-standalone-sysusers | adduser
Recommends: postfix
Suggests: dovecot-core, mariadb-server | postgresql, prometheus
Description: sender login maps for Postfix from a mail database
 Answers Postfix's question which SASL logins may send as an address
 (smtpd_sender_login_maps) over the socketmap and tcp_table protocols, from
 the database of PostfixAdmin, iRedMail, mailcow, ISPConfig, ISPmail, Modoboa
 and others, or from the table file that Postfix already uses.
 .
 Answers are cached, go on while the database is down, and can be explained.
 Metrics for Prometheus and a status page are on a port of their own.
CONTROL
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Z"${DEB_COMPRESSION:-xz}" --build "$root" "$destination/loginmapd_${version}_${architecture}.deb"
