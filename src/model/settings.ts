/**
 * The effective configuration as the parts of the daemon take it: typed, with units in the names and defaults filled in.
 *
 * config/ makes it from YAML, environment and flags; nobody else reads those. docs/configuration.md describes the keys.
 */
import type { QueryName } from "./keys.ts";
import type { MilterAction, ResentRule } from "./message.ts";
import type { ProtocolName } from "./query.ts";

/** Where something listens or is reached, in Postfix's notation. */
export type Endpoint =
  | { readonly kind: "inet"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Writes an endpoint as Postfix does: `inet:127.0.0.1:9000`, `inet:[::1]:9000`, `unix:/path`. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix:${endpoint.path}`;
  return endpoint.host.includes(":")
    ? `inet:[${endpoint.host}]:${endpoint.port}`
    : `inet:${endpoint.host}:${endpoint.port}`;
}

/** What a listener speaks: a protocol of lookups, or that of milters. */
export type ListenerProtocol = ProtocolName | "milter";

/** One listening socket. */
export interface ListenerSettings {
  readonly protocol: ListenerProtocol;
  readonly endpoint: Endpoint;
  /** File mode of a unix socket. */
  readonly mode: number;
  /** Group (name or number) of a unix socket; `undefined` leaves the process's own. */
  readonly group: string | undefined;
  /** The map that a protocol without map names asks; always set for tcp_table and milter. */
  readonly map: string | undefined;
  /** What a milter does with a message that claims what its login does not own. */
  readonly action: MilterAction;
  /** Whether a milter lets a resent message keep the `From:` of somebody else. */
  readonly resent: ResentRule;
}

/** What a listener is called in logs, metrics and errors: its endpoint. */
export function listenerName({ endpoint }: ListenerSettings): string {
  return formatEndpoint(endpoint);
}

/** Bounds on clients. */
export interface LimitSettings {
  /** Per listener; further connections wait unanswered until one closes. */
  readonly maxConnections: number;
  readonly maxQueryBytes: number;
  readonly lookupTimeoutMs: number;
  /** 0 = never. */
  readonly idleTimeoutMs: number;
  readonly drainTimeoutMs: number;
  /** Lookups of one source that may wait for the database; TEMP beyond. */
  readonly maxWaitingLookups: number;
}

/** The sidecar. */
export interface AdminSettings {
  readonly endpoint: Endpoint;
  /** `undefined`: every mutating or revealing route answers 403. */
  readonly token: string | undefined;
}

/** A map that clients ask by name. */
export interface MapSettings {
  /** Names of sources, in the order in which they are asked; at least one. */
  readonly sources: readonly string[];
  /** How several answer: key by key, the first with owners; or each by itself, joined. */
  readonly combine: "first" | "union";
  /** A set of characters, as in Postfix; empty = no extensions. */
  readonly recipientDelimiter: string;
  /** Folded domains for which the bare localpart is asked too. */
  readonly localDomains: readonly string[];
  /** Owners in this folded domain are answered without it too; `undefined` = owners are answered as they are. */
  readonly loginRealm: string | undefined;
}

/** TLS to a database host; `undefined` in the source = no TLS. */
export interface TlsSettings {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Whether the server's certificate and name must be valid. */
  readonly verify: boolean;
  /** Whether the certificate must name the host; `undefined` = as `verify` says. libpq's `verify-ca` checks the rest only. */
  readonly verifyName?: boolean;
  /** Whether a server without TLS will do: libpq's `sslmode=prefer`, which pgsql_table(5) has by default. */
  readonly isOptional?: boolean;
}

/** How a source reaches its database. */
export type ConnectionSettings =
  | {
      readonly driver: "mysql";
      /** Tried in order, unix sockets first. */
      readonly hosts: readonly Endpoint[];
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly tls: TlsSettings | undefined;
      /** Character set of the connection; `undefined` = utf8mb4. */
      readonly charset: string | undefined;
      /** The key that the server has for passwords (PEM), where a connection has no TLS. */
      readonly serverPublicKeyFile?: string;
      readonly poolSize: number;
      readonly connectTimeoutMs: number;
      readonly queryTimeoutMs: number;
    }
  | {
      readonly driver: "pgsql";
      /** Tried in order, unix sockets first: the folder of the socket, or the socket in it. */
      readonly hosts: readonly Endpoint[];
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly tls: TlsSettings | undefined;
      readonly poolSize: number;
      readonly connectTimeoutMs: number;
      readonly queryTimeoutMs: number;
    }
  | {
      readonly driver: "ldap";
      /** Tried in order, unix sockets first. */
      readonly servers: readonly LdapServer[];
      /** Whether `ldap:` begins TLS before anything else is said. */
      readonly startTls: boolean;
      /** `undefined` = as nobody. */
      readonly bind: LdapBind | undefined;
      /** `undefined` = the authorities of the system, and a certificate that names the host. */
      readonly tls: TlsSettings | undefined;
      readonly poolSize: number;
      readonly connectTimeoutMs: number;
      readonly queryTimeoutMs: number;
    }
  | { readonly driver: "sqlite"; readonly path: string; readonly queryTimeoutMs: number }
  | {
      readonly driver: "texthash";
      readonly path: string;
      /** Whether it answers as Postfix's own `texthash:` does, without the key `*` of ours. */
      readonly isPostfixTable: boolean;
    }
  | {
      readonly driver: "identity";
      /** Folded. */
      readonly domains: readonly string[];
    };

/** One LDAP server. */
export interface LdapServer {
  readonly endpoint: Endpoint;
  /** Whether TLS begins with the first byte: `ldaps:`. */
  readonly isTls: boolean;
}

/** Who we are to a directory. */
export interface LdapBind {
  readonly dn: string;
  readonly password: string;
}

/** What a directory is asked, by role. */
export interface FilterSettings {
  readonly searchBase: string;
  readonly scope: "base" | "one" | "sub";
  /** Search filters (RFC 4515) with `:email`, `:user` and `:domain`. */
  readonly filters: Readonly<Partial<Record<QueryName, string>>>;
  /** Attributes of every entry found whose values are owners. */
  readonly resultAttribute: readonly string[];
  /** The attribute of an entry without members that holds its login. */
  readonly loginAttribute: string | undefined;
  /** Attributes whose values are DNs or LDAP URLs of the owners' entries. */
  readonly memberAttribute: readonly string[];
  /** Attributes of the entries of `domains` that hold the name. */
  readonly domainAttribute: readonly string[];
}

/** Where a source's SQL comes from, or what takes its place. */
export type QuerySettings =
  | { readonly kind: "preset"; readonly preset: string; readonly options: Readonly<Record<string, PresetOption>> }
  | {
      readonly kind: "queries";
      readonly sql: Readonly<Partial<Record<QueryName, string>>>;
    }
  | ({ readonly kind: "filters" } & FilterSettings)
  | {
      readonly kind: "postfix_cf";
      /** A path, or `mysql:/path`, `sqlite:/path`, when the configuration says which of the two it is. */
      readonly file: string;
      readonly overrides: ConnectionOverrides;
    }
  /** The driver knows by itself what to answer. */
  | { readonly kind: "none" };

/** Connection keys of the YAML that go before those of a Postfix table file; what is absent is the file's. */
export interface ConnectionOverrides {
  readonly hosts?: readonly Endpoint[];
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly path?: string;
  readonly tls?: TlsSettings;
  readonly charset?: string;
  readonly serverPublicKeyFile?: string;
  readonly servers?: readonly LdapServer[];
  readonly startTls?: boolean;
  readonly bind?: LdapBind;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
}

/** Value of one option of a preset, as YAML gives it; the preset checks it. */
export type PresetOption = string | number | boolean | readonly string[];

/** A source. */
export interface SourceSettings {
  /** `undefined` with `postfix_cf`: the connection is in that file, but for the overrides of `queries`. */
  readonly connection: ConnectionSettings | undefined;
  readonly queries: QuerySettings;
  /** How often it is listed, in milliseconds; absent = `auto`. A source that cannot be listed is not followed, whatever this says. */
  readonly listingInterval?: number | "auto" | "off";
}

/** Bounds and lifetimes of the cache of each map. */
export interface CacheSettings {
  readonly maxEntries: number;
  readonly maxNegativeEntries: number;
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  /** 0 = never serve a stale answer. */
  readonly staleIfErrorMs: number;
  /** Where the cache survives a restart; `undefined` = it does not. */
  readonly snapshotFile: string | undefined;
}

/** The log. */
export interface LogSettings {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "text";
}

/** Everything. */
export interface Settings {
  readonly listeners: readonly ListenerSettings[];
  readonly limits: LimitSettings;
  readonly admin: AdminSettings;
  readonly maps: Readonly<Record<string, MapSettings>>;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly cache: CacheSettings;
  readonly log: LogSettings;
}

/** The map that is meant when none is named: `senders`, the name of all our documentation, if there is one, else the first. */
export function defaultMapOf({ maps }: Settings): string {
  return "senders" in maps ? "senders" : (Object.keys(maps)[0] ?? "senders");
}
