#!/bin/sh
# Makes the secrets of ../compose.yaml, once: the passwords of the databases and the token of the admin endpoint.
#
# Compose mounts each file as it is, with the owner and the mode it has here. The daemon runs as uid 9100 and can read no
# file of another account that has mode 0600. So as root (Docker's usual way), the files are given to uid 9100, mode 0400.
# As anybody else (a rootless engine), the files have mode 0444 in a directory that no other account can enter; the daemon
# then warns at its start that others can read them, since it cannot see the directory from inside the container.
set -eu
cd "$(dirname "$0")"

umask 077
mkdir -p secrets
for name in mysql-password mysql-root-password pgsql-password admin-token; do
  file=secrets/$name
  if [ -e "$file" ]; then
    echo "deploy/compose/$file is there already and stays as it is"
    continue
  fi
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$file.new"
  if [ "$(id -u)" -eq 0 ]; then
    chown 9100:9100 "$file.new"
    chmod 0400 "$file.new"
  else
    chmod 0444 "$file.new"
  fi
  mv "$file.new" "$file"
done
