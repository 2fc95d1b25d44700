/** Configurations made by flags alone: the demo, and Postfix's own table files without any YAML. */
import { basename, resolve } from "node:path";
import { stringify } from "yaml";
import type { ConfigProblem } from "../model/errors.ts";
import { splitTableName } from "../model/table-type.ts";
import type { Environment } from "./environment.ts";
import { type ParsedConfig, parseConfig } from "./parse.ts";
import { readSecretFile } from "./read-config.ts";

/**
 * Makes the configuration of `serve --demo`: one source `demo` on an SQLite file with our own schema, asked as map `senders`.
 *
 * Listens on this machine only: socketmap on port 9000, tcp_table on 9001, admin on 9100. The environment overrides.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a bad override
 */
export function settingsForDemo(databasePath: string, env: Environment): ParsedConfig {
  return fromFlags(
    {
      listeners: [
        { protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" },
        { protocol: "tcp_table", endpoint: "inet:127.0.0.1:9001", map: "senders" },
      ],
      maps: { senders: { source: "demo" } },
      sources: { demo: { driver: "sqlite", path: resolve(databasePath), preset: "native" } },
    },
    env,
  );
}

/** What `serve --postfix-cf` was given. */
export interface PostfixCfFlags {
  /** Table files, in the order in which Postfix names them; at least one. `mysql:/path` is understood too. */
  readonly files: readonly string[];
  /** Endpoints, each with an optional `socketmap:`, `tcp_table:` or `milter:` before it; none = socketmap on 127.0.0.1:9000. */
  readonly listen: readonly string[];
  /** `undefined` = the default of `recipient_delimiter`. */
  readonly recipientDelimiter: string | undefined;
  readonly localDomains: readonly string[];
}

/** A configuration made of table files. */
export interface TableFileConfig extends ParsedConfig {
  /** Nobody asked for the admin endpoint: that somebody else has it must not stop a trial beside an installed daemon. */
  readonly isAdminOptional: boolean;
}

/**
 * Makes the configuration of `serve --postfix-cf FILE --listen ENDPOINT`.
 *
 * All files are the map `senders`, asked in their order as Postfix asks a list of tables; each is also a map under its own name
 * without `.cf`. A list of such maps in main.cf answers otherwise: a catch-all in the first ends the search.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a bad endpoint, domain or override
 */
export function settingsForPostfixCf(flags: PostfixCfFlags, env: Environment): TableFileConfig {
  const delimiter = flags.recipientDelimiter === undefined ? {} : { recipient_delimiter: flags.recipientDelimiter };
  const maps: Record<string, object> = {};
  const sources: Record<string, object> = {};
  for (const file of flags.files) {
    const name = freeName(nameOf(file), sources);
    sources[name] = { postfix_cf: absolute(file) };
  }
  const names = Object.keys(sources);
  const keys = { ...delimiter, local_domains: flags.localDomains };
  maps[mainMap] = { ...(names.length === 1 ? { source: names[0] } : { sources: names }), ...keys };
  for (const name of names) maps[name] ??= { source: name, ...keys };
  const endpoints = flags.listen.length === 0 ? ["inet:127.0.0.1:9000"] : flags.listen;
  const parsed = fromFlags({ listeners: endpoints.map(listenerOf), maps, sources }, env);
  const warnings = [...parsed.warnings, ...delimiterWarnings(flags, env)];
  return { ...parsed, warnings, isAdminOptional: env["LOGINMAPD_ADMIN__ENDPOINT"] === undefined };
}

/** Our default is not Postfix's: where main.cf sets none, `alice+x@` has an owner here and none there. Nobody is told otherwise. */
function delimiterWarnings({ recipientDelimiter }: PostfixCfFlags, env: Environment): ConfigProblem[] {
  const isGiven = Object.keys(env).some((name) => /^LOGINMAPD_MAPS__.+__RECIPIENT_DELIMITER$/.test(name));
  if (recipientDelimiter !== undefined || isGiven) return [];
  const message =
    "not given, so + begins an extension; Postfix's own default is none. Give it what `postconf -h recipient_delimiter` prints, an empty string too";
  return [{ path: "--recipient-delimiter", message }];
}

const mainMap = "senders";

function listenerOf(flag: string): object {
  const [, protocol = "socketmap", endpoint] = /^(?:(socketmap|tcp_table|milter):)?(.*)$/s.exec(flag) ?? [];
  return protocol === "socketmap" ? { protocol, endpoint } : { protocol, endpoint, map: mainMap };
}

/** Names a map after its file; characters that a name cannot hold become `-`. */
function nameOf(file: string): string {
  const words = basename(file, ".cf").match(/[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)*/g) ?? [];
  return (
    words
      .join("-")
      .slice(0, 60)
      .replace(/[._-]+$/, "") || "table"
  );
}

/** Tells files of one name apart; a second `senders` must not stand in the way of the map of that name. */
function freeName(name: string, taken: Readonly<Record<string, object>>): string {
  const isFirst = Object.keys(taken).length === 0;
  let free = name;
  for (let n = 2; Object.hasOwn(taken, free) || (free === mainMap && !isFirst); n++) free = `${name}-${n}`;
  return free;
}

function absolute(file: string): string {
  const { type, path } = splitTableName(file);
  return `${type === undefined ? "" : `${type}:`}${resolve(path)}`;
}

/** Flags go the way of a file, so that they are checked alike and the environment overrides them alike. */
function fromFlags(config: object, env: Environment): ParsedConfig {
  return parseConfig({ text: stringify(config), fileName: "", env, knownPresets: ["native"], readSecretFile });
}
