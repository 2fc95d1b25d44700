/** What docs/configuration.md and loginmapd.yaml(5) both say in the same words. */

/** A configuration that is complete and usual; a test parses it. */
export const sampleYaml = `listeners:
  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }
  - { protocol: socketmap, endpoint: "unix:/var/spool/postfix/loginmapd/socketmap", mode: "0660", group: postfix }
admin:
  endpoint: "inet:127.0.0.1:9100"
  token_file: /etc/loginmapd/admin-token
maps:
  senders: { source: mail, recipient_delimiter: "+" }
sources:
  mail:
    driver: mysql
    hosts: ["unix:/run/mysqld/mysqld.sock", "inet:db.example.com:3306"]
    user: loginmapd
    password_file: /etc/loginmapd/mysql-password
    database: vmail
    preset: postfixadmin
`;

export const orderRule =
  "A key has its default, unless the file sets it, unless the environment sets it. An unknown key is an error that names the nearest known one.";

export const durationRule =
  "A duration is a whole number with a unit: `500ms`, `30s`, `5m`, `1h`, `1d`. Sizes in bytes are whole numbers.";

export const endpointRule =
  "An endpoint is written as in Postfix: `inet:HOST:PORT`, `inet:[IPV6]:PORT` or `unix:/PATH` (at most 107 bytes).";

export const textRule =
  'A value is read from its text, with or without quotes: `mode: 0660` and `mode: "0660"` are the same. A value that begins with one of `# & * ! @ %`, or holds `: `, must stand in quotes, as in any YAML.';

export const secretRule =
  "A secret is best kept in a file of its own, named by the `_file` key beside it and readable by the daemon alone. `credential:NAME` in place of a path is a credential of systemd. No secret is ever printed or logged.";

export const pathRule = "A relative path starts at the directory of the configuration file.";

export const environmentRules: readonly string[] = [
  "Every value can be set by a variable: `LOGINMAPD_` and the path in capitals, joined by `__`. `LOGINMAPD_CACHE__TTL=5m` is `cache.ttl`, `LOGINMAPD_SOURCES__MAIL__PASSWORD` the password of the source `mail`.",
  "Names of maps and sources are matched whatever their case, with `_` for `-` and `.`. Elements of lists go by number: `LOGINMAPD_LISTENERS__0__ENDPOINT`. A list of single values can also be given whole, separated by commas: `LOGINMAPD_SOURCES__MAIL__HOSTS=inet:db1:3306,inet:db2:3306`.",
  "A variable that names no key is an error, `LOGINMAPD_CONFIG` apart. If variables name a source, the file may be absent: a container needs none.",
];

export const reloadRule =
  "SIGHUP (`systemctl reload loginmapd`) reads the file again, and every file that it names (secrets, table files with what they name, certificates); the environment stays that of the start. Sources, maps, limits, tokens and the log level are swapped in whole; listeners that did not change stay open; no lookup is lost. A configuration with a problem changes nothing, and the log says why. Where a key says so, its change waits for the next start.";
