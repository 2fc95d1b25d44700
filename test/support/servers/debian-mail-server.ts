/** Postfix, Dovecot and MariaDB on a machine as `apt install` leaves them: configured by their packages and by nobody else. */

import { waitUntil } from "../wait.ts";
import { must } from "./debian-package.ts";
import type { Machine } from "./machine.ts";
import type { Child } from "./processes.ts";

// Postfix for an "Internet Site", and both with a certificate, which ssl-cert makes.
const installed = `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail.example.org \\
  -keyout snakeoil.key -out snakeoil.pem 2>&1
ln -sf $PWD/snakeoil.key /etc/dovecot/private/dovecot.key
ln -sf $PWD/snakeoil.pem /etc/dovecot/private/dovecot.pem
cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
cat /usr/share/postfix/main.cf.tls >> /etc/postfix/main.cf
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
postconf -e smtpd_tls_cert_file=$PWD/snakeoil.pem smtpd_tls_key_file=$PWD/snakeoil.key recipient_delimiter=+ \\
  myhostname=mail.example.org mydestination=localhost alias_maps= alias_database= inet_interfaces=all \\
  'smtpd_relay_restrictions=permit_mynetworks permit_sasl_authenticated defer_unauth_destination'
`;

const database = [
  ...["--no-defaults", "--user=root", "--skip-networking", "--datadir=/var/tmp/loginmapd-machine/mysql"],
  "--socket=/run/mysqld/mysqld.sock",
];

/** Writes their configuration and starts MariaDB, which is returned. Postfix and Dovecot are not started. */
export async function installMailServer(machine: Machine): Promise<Child> {
  must(await machine.shell(installed));
  must(await machine.shell("mariadb-install-db --no-defaults --datadir=$PWD/mysql --user=root --skip-test-db"));
  const mariadb = machine.start("mariadbd", ...database);
  await waitUntil("MariaDB", async () => (await machine.shell("mariadb -e 'SELECT 1'")).code === 0, 60_000);
  return mariadb;
}
