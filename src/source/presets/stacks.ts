/**
 * The mail stacks whose databases are known, a row each. A new stack is a new row and a folder `sql/<stack>/`.
 *
 * The SQL lies in the folder, one file for each query that the stack has; a row says only what no file can: which drivers its
 * SQL is written for, which options its schema has no use for, what a site may lack.
 */
import { ConfigError } from "../../model/errors.ts";
import { definePreset, type Preset, type PresetOptions } from "./preset.ts";
import { defineStack } from "./stack.ts";

/** Our own schema: domains, logins, addresses, catch-alls and send-as grants. */
const native = definePreset({
  name: "native",
  title: "loginmapd's own schema (sql/native/)",
  drivers: ["mysql", "pgsql", "sqlite"],
});

const stacks: readonly Preset[] = [
  defineStack({
    name: "postfixadmin",
    title: "PostfixAdmin 3 and 4",
    drivers: ["mysql", "pgsql"],
    idle: { include_list_members: "PostfixAdmin has no lists apart from aliases" },
    options: [
      {
        name: "table_prefix",
        type: "string",
        default: "",
        help: "What the names of all tables begin with: database_prefix in PostfixAdmin's config.local.php.",
      },
    ],
    rewrite: (sql, options) => sql.replace(/\b(FROM|JOIN) (\w+) AS\b/g, `$1 ${tablePrefix(options)}$2 AS`),
  }),
  defineStack({
    name: "iredmail",
    title: "iRedMail 1.x, its editions with an SQL database",
    drivers: ["mysql", "pgsql"],
    // iRedAPD, which iRedMail checks senders with, grants nothing for a catch-all.
    defaults: { include_catchall: false },
  }),
  defineStack({
    name: "mailcow",
    title: "mailcow: dockerized",
    drivers: ["mysql"],
    // Added in January 2026.
    optionalColumns: ["alias.sender_allowed"],
    idle: { include_list_members: "mailcow has no lists apart from aliases" },
  }),
  defineStack({
    name: "ispconfig",
    title: "ISPConfig 3.2",
    drivers: ["mysql"],
    idle: { include_list_members: "members of lists are not in the database" },
    options: [
      {
        name: "server_id",
        type: "integer",
        default: undefined,
        help: "The number of this mail server in ISPConfig's table server; 1 where there is only one.",
      },
      {
        name: "include_cc",
        type: "boolean",
        default: false,
        help: "Those who get the copies of a mailbox that delivers nothing itself own its address.",
      },
    ],
  }),
  defineStack({
    name: "ispmail",
    title: "ISPmail (workaround.org), Linode and guides of the kind",
    drivers: ["mysql"],
    idle: {
      include_alias_domain: "the schema has no alias domains",
      include_list_members: "the schema has no lists apart from aliases",
    },
  }),
  defineStack({
    name: "modoboa",
    title: "Modoboa 2",
    drivers: ["mysql", "pgsql"],
    idle: { include_list_members: "members of lists are not in the database" },
  }),
  defineStack({
    name: "froxlor",
    title: "Froxlor 2",
    drivers: ["mysql"],
    // Since 2.3.0.
    optionalColumns: ["mail_sender_aliases.allowed_sender"],
    idle: {
      include_alias_domain: "Froxlor has no alias domains for mail",
      include_list_members: "Froxlor has no lists apart from forwarders",
    },
  }),
  defineStack({
    name: "leister",
    title: "Thomas Leister's vmail schema",
    drivers: ["mysql"],
    idle: {
      include_alias_domain: "the schema has no alias domains",
      include_list_members: "the schema has no lists apart from aliases",
    },
  }),
  defineStack({
    name: "vimbadmin",
    title: "ViMbAdmin 3",
    drivers: ["mysql"],
    idle: {
      include_alias_domain: "ViMbAdmin has no alias domains",
      include_list_members: "ViMbAdmin has no lists apart from aliases",
    },
  }),
  defineStack({
    name: "mailinabox",
    title: "Mail-in-a-Box (users.sqlite)",
    drivers: ["sqlite"],
    idle: { include_list_members: "Mail-in-a-Box has no lists apart from aliases" },
  }),
];

const presets: readonly Preset[] = [native, ...stacks];

/** Finds a preset by its name in the configuration; `undefined` when there is none. */
export function presetNamed(name: string): Preset | undefined {
  return presets.find((preset) => preset.name === name);
}

/** Lists the names of all presets, ours first. */
export function presetNames(): readonly string[] {
  return presets.map((preset) => preset.name);
}

/**
 * The one thing of the configuration that becomes SQL.
 *
 * @throws {ConfigError} unless it is letters, digits and `_`
 */
function tablePrefix(options: PresetOptions): string {
  const prefix = options["table_prefix"];
  if (typeof prefix === "string" && /^\w{0,32}$/.test(prefix)) return prefix;
  const message = `expected letters, digits and _, at most 32, got ${JSON.stringify(prefix)}`;
  throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "options.table_prefix", message }]);
}
