/** Turns a configuration without problems into the settings that the daemon takes: other names, absolute paths, no drafts. */
import type {
  ConnectionOverrides,
  ConnectionSettings,
  Endpoint,
  LdapBind,
  MapSettings,
  QuerySettings,
  Settings,
  SourceSettings,
  TlsSettings,
} from "../model/settings.ts";
import { splitTableName } from "../model/table-type.ts";
import { toFlatSettings } from "./flat-section.ts";
import { type CompleteConfig, schema } from "./schema.ts";
import { tls } from "./schema-sources.ts";

type Source = CompleteConfig["sources"] extends ReadonlyMap<string, infer S> ? S : never;

/** What a configuration is joined with to become settings. */
export interface Resolved {
  /** The admin token, from either of its keys. */
  readonly token: string | undefined;
  /** Passwords by the name of their source. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Makes a path of the configuration absolute, or relative to where the daemon runs. */
  resolvePath(path: string): string;
  /** Whether a key was written rather than left to its default. */
  isGiven(path: string): boolean;
}

/** Makes the settings. */
export function toSettings(config: CompleteConfig, resolved: Resolved): Settings {
  const { listeners, limits, admin, cache, log } = config;
  const resolvePath = (path: string) => resolved.resolvePath(path);
  return {
    listeners: listeners.map(({ action = "reject", resent = "refuse", ...listener }) => ({
      ...listener,
      action,
      resent,
    })),
    limits: toFlatSettings(schema.limits.keys, limits, resolvePath),
    admin: { endpoint: admin.endpoint, token: resolved.token },
    maps: byName(
      config.maps,
      (map): MapSettings => ({
        sources: map.sources.length > 0 ? map.sources : [checked(map.source)],
        combine: map.combine,
        recipientDelimiter: map.recipient_delimiter,
        localDomains: map.local_domains,
        loginRealm: map.login_realm,
      }),
    ),
    sources: byName(config.sources, (source, name) => toSource(name, source, resolved)),
    cache: toFlatSettings(schema.cache.keys, cache, resolvePath),
    log: toFlatSettings(schema.log.keys, log, resolvePath),
  };
}

function toSource(name: string, source: Source, resolved: Resolved): SourceSettings {
  if (source.postfix_cf === undefined) {
    return {
      connection: toConnection(name, source, resolved),
      queries: source.driver === "ldap" ? toFilters(source) : toQueries(source),
      ...toListingInterval(source),
    };
  }
  const { type = source.driver, path } = splitTableName(source.postfix_cf);
  if (type === "texthash") {
    const connection = { driver: type, path: resolved.resolvePath(path), isPostfixTable: true } as const;
    return { connection, queries: { kind: "none" } };
  }
  const file = `${type === undefined ? "" : `${type}:`}${resolved.resolvePath(path)}`;
  return {
    connection: undefined,
    queries: { kind: "postfix_cf", file, overrides: toOverrides(name, source, resolved) },
    ...toListingInterval(source),
  };
}

function toListingInterval({ listing_interval }: Source): Pick<SourceSettings, "listingInterval"> {
  return listing_interval === "auto" ? {} : { listingInterval: listing_interval };
}

function toConnection(name: string, source: Source, resolved: Resolved): ConnectionSettings {
  if (source.driver === "identity") return { driver: "identity", domains: source.domains };
  if (source.driver === "texthash") {
    return { driver: "texthash", path: resolved.resolvePath(checked(source.path)), isPostfixTable: false };
  }
  if (source.driver === "sqlite") {
    return { driver: "sqlite", path: resolved.resolvePath(checked(source.path)), queryTimeoutMs: source.query_timeout };
  }
  if (source.driver === "ldap") {
    return {
      driver: "ldap",
      servers: source.uri,
      startTls: source.start_tls,
      bind: toBind(name, source, resolved),
      tls: toTls(source.tls, resolved),
      poolSize: source.pool_size,
      connectTimeoutMs: source.connect_timeout,
      queryTimeoutMs: source.query_timeout,
    };
  }
  const server = {
    hosts: source.hosts,
    user: source.user,
    password: resolved.passwords.get(name) ?? "",
    database: checked(source.database),
    tls: toTls(source.tls, resolved),
    poolSize: source.pool_size,
    connectTimeoutMs: source.connect_timeout,
    queryTimeoutMs: source.query_timeout,
  };
  if (source.driver === "mysql")
    return { driver: "mysql", ...server, charset: source.charset, ...toPublicKeyFile(source, resolved) };
  const hosts = resolved.isGiven(`sources.${name}.hosts`) ? source.hosts : [localPostgresql];
  return { driver: "pgsql", ...server, hosts };
}

/** Where PostgreSQL listens unless told otherwise. */
const localPostgresql: Endpoint = { kind: "inet", host: "127.0.0.1", port: 5432 };

function toQueries({ preset, options, queries, driver }: Source): QuerySettings {
  if (driver === "texthash" || driver === "identity") return { kind: "none" };
  if (preset !== undefined) return { kind: "preset", preset, options };
  const sql = Object.entries(queries ?? {}).filter(([, statement]) => statement !== undefined);
  return { kind: "queries", sql: Object.fromEntries(sql) };
}

function toBind(name: string, { bind_dn: dn }: Source, { passwords }: Resolved): LdapBind | undefined {
  return dn === undefined ? undefined : { dn, password: passwords.get(name) ?? "" };
}

function toFilters(source: Source): QuerySettings {
  const filters = Object.entries(source.filters ?? {}).filter(([, filter]) => filter !== undefined);
  return {
    kind: "filters",
    searchBase: checked(source.search_base),
    scope: source.scope,
    filters: Object.fromEntries(filters),
    resultAttribute: source.result_attribute,
    loginAttribute: source.login_attribute,
    memberAttribute: source.member_attribute,
    domainAttribute: source.domain_attribute,
  };
}

/** Keeps what was written: a default must not go before the file. */
function toOverrides(name: string, source: Source, resolved: Resolved): ConnectionOverrides {
  const isGiven = (key: string) => resolved.isGiven(`sources.${name}.${key}`);
  const password = resolved.passwords.get(name);
  const tlsSettings = toTls(source.tls, resolved);
  const bind = toBind(name, source, resolved);
  return {
    ...(isGiven("hosts") && { hosts: source.hosts }),
    ...(isGiven("user") && { user: source.user }),
    ...(password !== undefined && { password }),
    ...(source.database !== undefined && { database: source.database }),
    ...(source.path !== undefined && { path: resolved.resolvePath(source.path) }),
    ...(tlsSettings !== undefined && { tls: tlsSettings }),
    ...(isGiven("uri") && { servers: source.uri }),
    ...(isGiven("start_tls") && { startTls: source.start_tls }),
    ...(bind !== undefined && { bind }),
    ...(source.charset !== undefined && { charset: source.charset }),
    ...toPublicKeyFile(source, resolved),
    poolSize: source.pool_size,
    connectTimeoutMs: source.connect_timeout,
    queryTimeoutMs: source.query_timeout,
  };
}

function toPublicKeyFile(
  { server_public_key_file: file }: Source,
  resolved: Resolved,
): { serverPublicKeyFile?: string } {
  return file === undefined ? {} : { serverPublicKeyFile: resolved.resolvePath(file) };
}

function toTls(values: Source["tls"], resolved: Resolved): TlsSettings | undefined {
  return values && toFlatSettings(tls.keys, values, (path) => resolved.resolvePath(path));
}

/** A record without a prototype: names come from the wire, and `constructor` must not be found in it. */
function byName<T, U>(values: ReadonlyMap<string, T>, convert: (value: T, name: string) => U): Record<string, U> {
  const record: Record<string, U> = Object.create(null);
  for (const [name, value] of values) record[name] = convert(value, name);
  return record;
}

/** A value that the checks between keys have made sure of. */
function checked(value: string | undefined): string {
  if (value === undefined) throw new Error("a required key passed the checks without a value");
  return value;
}
