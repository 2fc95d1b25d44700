#!/usr/bin/env bash
# Everything that must hold, from a fresh clone: installs what the tests need, then builds, checks and tests.
#
# Presumes Node.js >= 20.19 and npm. Goes on after a failure, so that one run shows all of them. The last line alone is
# "N passed, N failed": every test of every suite, plus one for each step that is no suite. Exit code 0 only without failures.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' red='' green='' plain=''
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed=0
failed=0
table=()
started=$SECONDS

# The last line of every run that began, so that nobody has to guess whether it came to its end.
finish() {
  printf '\n%s%-28s %8s %8s %7s%s\n' "$bold" step passed failed seconds "$plain"
  printf '%s\n' "${table[@]}"
  printf '%-28s %8s %8s %7s\n\n' total "$passed" "$failed" "$((SECONDS - started))"
  # Once more what failed: whoever sees only the end of a long log knows it too.
  [ -s "$work/failures" ] && cat "$work/failures" && printf '\n'
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# record NAME PASSED FAILED SECONDS
record() {
  passed=$((passed + $2))
  failed=$((failed + $3))
  local color=$green
  [ "$3" -gt 0 ] && color=$red
  table+=("$color$(printf '%-28s %8d %8d %7s' "$1" "$2" "$3" "$4")$plain")
}

number=0
steps=10
# A longer soak, on top of the one that is among the end-to-end tests.
soak_senders=${SOAK_SENDERS:-}
unset SOAK_SENDERS
[ -n "$soak_senders" ] && steps=$((steps + 1))
heading() {
  number=$((number + 1))
  printf '\n%s[%d/%d] %s%s\n' "$bold" "$number" "$steps" "$1" "$plain"
}

# step NAME COMMAND...: counts one; shows its output only when it fails.
step() {
  local name=$1 begin=$SECONDS
  shift
  heading "$name"
  if "$@" >"$work/step.log" 2>&1; then
    record "$name" 1 0 "$((SECONDS - begin))"
    printf 'ok\n'
  else
    cat "$work/step.log"
    printf '%sfailed: %s%s\n' "$red" "$*" "$plain"
    { printf 'failed: %s\n' "$*" && tail -n 20 "$work/step.log"; } >>"$work/failures"
    record "$name" 0 1 "$((SECONDS - begin))"
    return 1
  fi
}

# suite PROJECT... [-- OPTION...]: one run of vitest; counts every test of each project.
suite() {
  local begin=$SECONDS name projects=() options=() report status
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    projects+=("$1")
    options+=(--project "$1")
    shift
  done
  [ $# -gt 0 ] && shift
  name="${projects[*]}"
  heading "${name// / and } tests"
  report="$work/${name// /-}.json"
  npx vitest run "${options[@]}" "$@" --reporter=default --reporter=json --outputFile.json="$report"
  status=$?
  local project ok bad counted=0 seconds=$((SECONDS - begin))
  while read -r project ok bad; do
    counted=$((counted + 1))
    record "$project tests" "$ok" "$bad" "$seconds"
    seconds=
  done < <(node test/support/count.mjs "$report" "$status" "${projects[@]}" 2>>"$work/failures")
  [ "$counted" -gt 0 ] || record "$name tests" 0 1 "$seconds"
}

# --- Node.js

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo 'Node.js >= 20.19 and npm are needed and not on the PATH: https://nodejs.org/ or your distribution has them.' >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "Node.js >= 20.19 is needed; this is $(node --version)." >&2
  exit 1
fi

# --- System packages: a program or file that shows that a package is there, the package, and what it is for.

needs='
mariadbd            mariadb-server-core  the database that the integration and end-to-end tests ask (no service is set up)
mariadb             mariadb-client-core  loads schemas and example rows into it
postfix             postfix              the client: every verdict of the end-to-end tests comes from its smtpd
/usr/lib/postfix/postfix-mysql.so   postfix-mysql   Postfix'"'"'s own mysql: table, for the comparison with ours
/usr/lib/postfix/postfix-sqlite.so  postfix-sqlite  Postfix'"'"'s own sqlite: table, likewise
/usr/lib/postgresql/*/bin/initdb    postgresql-15   PostgreSQL as a source (a private server; no service is set up)
/usr/lib/postfix/postfix-pgsql.so   postfix-pgsql   Postfix'"'"'s own pgsql: table, for the comparison with ours
slapd               slapd                a directory as a source (a private server; no service is set up)
ldapmodify          ldap-utils           changes entries of a directory while a test runs
/usr/lib/postfix/postfix-ldap.so    postfix-ldap    Postfix'"'"'s own ldap: table, for the comparison with ours
pgbouncer           pgbouncer            stands between us and PostgreSQL, in transaction mode
dovecot             dovecot-core         checks passwords for smtpd (AUTH PLAIN and LOGIN)
swaks               swaks                sends the forged mail of the README, as the README says
curl                curl                 calls the admin endpoint, as the demo says to
openssl             openssl              makes certificates for the TLS tests
chromium            chromium             shows the status page to the tests
promtool            prometheus           checks the alert rules and the dashboard, and scrapes the daemon
zsh                 zsh                  completes commands as its users do
man                 man-db               shows the manual pages
groff               groff-base           checks the manual pages for mistakes
sqlite3             sqlite3              makes a SQLite source as the documentation says to
shellcheck          shellcheck           reads every shell script for mistakes
miltertest          miltertest           speaks the milter protocol to the daemon, in words that are not ours
faketime            faketime             sets the clock of the daemon forward and back
systemd-analyze     systemd              verifies the units and rates their hardening (it is not started)
/lib/systemd/systemd-journald       systemd         writes a mail log for the audit, into a journal of its own
rsyslogd            rsyslog              writes a mail log for the audit, in both of its formats (the test starts its own)
perl                perl-base            hands log lines to both over their sockets
'

export PATH="$PATH:/usr/sbin:/sbin"
missing=()
while read -r probe package reason; do
  [ -n "$probe" ] || continue
  case $probe in
    /*) compgen -G "$probe" >/dev/null && continue ;;
    *) command -v "$probe" >/dev/null && continue ;;
  esac
  missing+=("$package")
  printf '%-20s is missing: %s\n' "$package" "$reason"
done <<<"$needs"

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "There is no apt-get here. Install the equivalents of these Debian packages, then run this again: ${missing[*]}" >&2
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "Only root can install them: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # Postfix is to be there, not to run: without a main.cf of its own the package starts nothing.
  printf 'postfix postfix/main_mailer_type select No configuration\n' | debconf-set-selections 2>/dev/null
  # shellcheck disable=SC2317 # step calls it
  install_packages() {
    apt-get -o DPkg::Lock::Timeout=300 update &&
      apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
  }
  step "apt-get install" install_packages || finish
else
  steps=$((steps - 1))
fi
if [ "$(id -u)" -ne 0 ]; then
  echo 'Not root: the end-to-end tests will fail, since Postfix starts only as root.' >&2
fi

# --- The project

step "npm ci" npm ci || finish
step build npm run build
step format npm run format
step lint npm run lint
step types npm run typecheck
step "dead code" npm run deadcode
suite unit integration -- --coverage
E2E_IS_BUILT=1 suite e2e
# Alone: it keeps both processors busy for minutes, which tests beside it would feel.
[ -n "$soak_senders" ] && SOAK_SENDERS=$soak_senders E2E_IS_BUILT=1 suite e2e -- test/e2e/faults/soak.test.ts
step speed node --import tsx test/bench/guard.ts
finish
