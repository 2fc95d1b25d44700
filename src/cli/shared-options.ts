/** Options that several commands share (options.ts). */
import type { OptionSpec } from "./command-spec.ts";

/** Which map a command is about. */
export const mapOption: OptionSpec = { name: "map", value: "MAP", help: "The map; else senders." };

/** Output for programs. */
export const jsonOption: OptionSpec = { name: "json", help: "Print JSON for programs." };

/** What stands in for a configuration file. */
export const configurationOptions: readonly OptionSpec[] = [
  { name: "demo", help: "Use the demo database: socketmap on 127.0.0.1:9000, tcp_table on 9001, admin on 9100." },
  {
    name: "postfix-cf",
    value: "FILE",
    isRepeatable: true,
    help: "Use a table file of Postfix (mysql_table(5), pgsql_table(5), sqlite_table(5), ldap_table(5)), with no other configuration.",
    completion: "file",
  },
  {
    name: "recipient-delimiter",
    value: "CHARS",
    help: "With --postfix-cf: Postfix's recipient_delimiter, also when that is empty; without it + and a warning.",
  },
  {
    name: "local-domain",
    value: "DOMAIN",
    isRepeatable: true,
    help: "With --postfix-cf: a domain of Postfix's mydestination, for which the bare localpart is asked too.",
  },
];
