/** The types of Postfix's tables: which of them are read, and what to do about one that is not. */
import { nearestName } from "./nearest.ts";

/** The types whose file describes a connection and a query, and that are read; `source/postfix-cf/index.ts` has a reader for each. */
export const cfTypes = ["mysql", "pgsql", "sqlite", "ldap"] as const;

/** One of `cfTypes`. */
export type CfType = (typeof cfTypes)[number];

/** A table as main.cf names it, taken apart. */
export interface TableName {
  /** The word before the colon, `proxy:` left out; `undefined` for a bare path. */
  readonly type: string | undefined;
  readonly path: string;
}

/** Takes `proxy:` and the type off a table: `proxy:mysql:/etc/postfix/senders.cf`. A bare path has no type. */
export function splitTableName(table: string): TableName {
  const [, type, path] = /^(?:proxy:)?([a-z][a-z0-9_]*):(.+)$/s.exec(table) ?? [];
  return { type, path: path ?? table };
}

/** Every type that is read: those of `cfTypes`, and the text file that driver texthash reads. */
export const readTypes = [...cfTypes, "texthash"] as const;

/** Whether tables of a type are read. */
export function isReadType(type: string): boolean {
  return (readTypes as readonly string[]).includes(type);
}

/** Whether a table of this type is a file of parameters that is read. */
export function isCfType(type: string): type is CfType {
  return (cfTypes as readonly string[]).includes(type);
}

const aside = "leave it in main.cf beside our map";
const compiled = "is a compiled file: name the text that it was made of, as texthash:/path, or what postmap -s prints";
const patterns = `holds patterns, which cannot be listed: ${aside}, or write its addresses into a texthash: file`;
const service = `asks another program: ${aside}`;
const combination = "combines tables: name those, and say with combine how they answer";

/** What can be done instead, by type; completes "a regexp: table …". postconf -m of Postfix 3.10 lists them. */
const insteadOf: Readonly<Record<string, string>> = {
  hash: compiled,
  btree: compiled,
  lmdb: compiled,
  cdb: compiled,
  dbm: compiled,
  sdbm: compiled,
  regexp: patterns,
  pcre: patterns,
  cidr: "matches network addresses, not senders: write the addresses of senders into a texthash: file",
  mongodb: `asks a MongoDB server, for which there is no driver: ${aside}, or export its addresses into a texthash: file`,
  proxy: "asks another table through proxymap: name that one, as proxy:mysql:/path",
  memcache: "is a cache before another table: name that one",
  nis: service,
  nisplus: service,
  netinfo: service,
  socketmap: service,
  tcp: service,
  unix: "reads the system's accounts: write them into a texthash: file, or use driver: identity",
  environ: "reads the environment of Postfix's processes: write its lines into a texthash: file",
  inline: "stands in main.cf itself: write its lines into a texthash: file",
  static: "gives every address the same logins: leave it in main.cf behind our map",
  internal:
    "lives in the memory of one Postfix process and cannot be read from outside: write its lines into a texthash: file",
  debug: "wraps another table: name that one",
  fail: "always fails, for tests of Postfix: leave it out",
  randmap: combination,
  pipemap: combination,
  unionmap: "combines tables: name those, with combine: union",
};

/** Says that tables of a type are not read, and what can be done instead. */
export function whyNotRead(type: string, known: readonly string[] = readTypes): string {
  const instead = insteadOf[type];
  if (instead !== undefined) return `${/^[ei]/.test(type) ? "an" : "a"} ${type}: table ${instead}`;
  const nearest = nearestName(type, [...known, ...Object.keys(insteadOf)]);
  const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
  return `${type}: tables cannot be read: expected ${known.join(", ")}${hint}`;
}
