#!/usr/bin/env bash
# Installs what some tests and the bench need besides Node, from Debian's packages: a MariaDB server, the command-line
# clients of PostgreSQL and MySQL, and openssl. Does nothing where all of it is there already. Tests whose program is
# missing are skipped and say so, so a machine without apt or without root loses those and nothing else.
set -euo pipefail

missing=()
need() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null || missing+=("$2"); }
need mariadbd mariadb-server
need mysql mariadb-client
need psql postgresql-client
need pgbench postgresql
need openssl openssl
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed: ${missing[*]}. Tests that need them will be skipped." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# The packages start servers of their own where nobody tells them not to; none is wanted.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
