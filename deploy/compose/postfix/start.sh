#!/bin/sh
# Dovecot first: a smtpd that finds no auth socket does not come up. exec: the container ends when Postfix ends.
set -e
dovecot
exec postfix start-fg
