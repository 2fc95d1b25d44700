/** Writes settings as the configuration file that would give them, for `loginmapd check`. Secrets are named, never shown. */
import { stringify } from "yaml";
import { formatLdapUri } from "../model/ldap-uri.ts";
import {
  type ConnectionOverrides,
  type ConnectionSettings,
  type FilterSettings,
  formatEndpoint,
  type LdapBind,
  type ListenerSettings,
  type Settings,
  type SourceSettings,
  type TlsSettings,
} from "../model/settings.ts";
import { formatDuration } from "./duration.ts";
import { describeFlatSettings } from "./flat-section.ts";
import { schema } from "./schema.ts";
import { tls } from "./schema-sources.ts";

const secretIsSet = "(set)";

/**
 * Writes the effective configuration as YAML: every key with its value, defaults included.
 *
 * A secret is written `(set)`, a key without value is left out. Reading the text again gives the same settings, secrets apart.
 */
export function describeSettings(settings: Settings): string {
  const { admin } = settings;
  return stringify(
    {
      listeners: settings.listeners.map(describeListener),
      limits: describeFlatSettings(schema.limits.keys, settings.limits),
      admin: { endpoint: formatEndpoint(admin.endpoint), token: describeSecret(admin.token) },
      maps: mapValues(settings.maps, ({ sources, combine, recipientDelimiter, localDomains, loginRealm }) => ({
        ...(sources.length === 1 ? { source: sources[0] } : { sources, combine }),
        recipient_delimiter: recipientDelimiter,
        local_domains: localDomains,
        login_realm: loginRealm,
      })),
      sources: mapValues(settings.sources, describeSource),
      cache: describeFlatSettings(schema.cache.keys, settings.cache),
      log: describeFlatSettings(schema.log.keys, settings.log),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function describeListener({ protocol, endpoint, mode, group, map, action, resent }: ListenerSettings) {
  const isMilter = protocol === "milter";
  const isUnix = endpoint.kind === "unix";
  return {
    protocol,
    endpoint: formatEndpoint(endpoint),
    mode: isUnix ? `0${mode.toString(8).padStart(3, "0")}` : undefined,
    group: isUnix ? group : undefined,
    map,
    action: isMilter ? action : undefined,
    resent: isMilter ? resent : undefined,
  };
}

function describeSource(source: SourceSettings) {
  const { queries, listingInterval = "auto" } = source;
  if (queries.kind === "none") return describeOrigin(source);
  const interval = typeof listingInterval === "number" ? formatDuration(listingInterval) : listingInterval;
  return { ...describeOrigin(source), listing_interval: interval };
}

function describeOrigin({ connection, queries }: SourceSettings) {
  switch (queries.kind) {
    case "preset": {
      const options = Object.keys(queries.options).length === 0 ? undefined : queries.options;
      return { ...describeConnection(connection), preset: queries.preset, options };
    }
    case "queries":
      return { ...describeConnection(connection), queries: queries.sql };
    case "none":
      return describeConnection(connection);
    case "filters":
      return { ...describeConnection(connection), ...describeFilters(queries) };
    case "postfix_cf":
      return {
        postfix_cf: queries.file,
        ...describeServer(queries.overrides),
        path: queries.overrides.path,
        ...describeDirectory(queries.overrides),
      };
  }
}

function describeConnection(connection: ConnectionSettings | undefined) {
  if (connection === undefined) return {};
  switch (connection.driver) {
    case "mysql":
    case "pgsql":
      return { driver: connection.driver, ...describeServer(connection) };
    case "sqlite":
      return { driver: "sqlite", path: connection.path, query_timeout: formatDuration(connection.queryTimeoutMs) };
    case "texthash":
      return connection.isPostfixTable
        ? { postfix_cf: `texthash:${connection.path}` }
        : { driver: "texthash", path: connection.path };
    case "ldap":
      return { driver: "ldap", ...describeDirectory(connection) };
    case "identity":
      return { driver: "identity", domains: connection.domains };
  }
}

type DirectoryKeys = Pick<ConnectionOverrides, "servers" | "startTls" | "poolSize"> &
  Pick<ConnectionOverrides, "connectTimeoutMs" | "queryTimeoutMs"> & {
    readonly bind?: LdapBind | undefined;
    readonly tls?: TlsSettings | undefined;
  };

function describeDirectory(keys: DirectoryKeys) {
  return {
    uri: keys.servers?.map(formatLdapUri),
    start_tls: keys.startTls,
    bind_dn: keys.bind?.dn,
    bind_password: describeSecret(keys.bind?.password),
    ...describePool(keys),
  };
}

function describeFilters(settings: FilterSettings) {
  return {
    search_base: settings.searchBase,
    scope: settings.scope,
    filters: settings.filters,
    result_attribute: settings.resultAttribute,
    login_attribute: settings.loginAttribute,
    member_attribute: settings.memberAttribute,
    domain_attribute: settings.domainAttribute,
  };
}

type ServerKeys = Omit<ConnectionOverrides, "path" | "tls" | "charset"> & {
  readonly tls?: TlsSettings | undefined;
  readonly charset?: string | undefined;
};

function describeServer(keys: ServerKeys) {
  return {
    hosts: keys.hosts?.map(formatEndpoint),
    user: keys.user,
    password: describeSecret(keys.password),
    database: keys.database,
    charset: keys.charset,
    server_public_key_file: keys.serverPublicKeyFile,
    ...describePool(keys),
  };
}

function describePool(keys: Pick<ServerKeys, "tls" | "poolSize" | "connectTimeoutMs" | "queryTimeoutMs">) {
  return {
    tls: keys.tls && describeFlatSettings(tls.keys, keys.tls),
    pool_size: keys.poolSize,
    connect_timeout: formatDuration(keys.connectTimeoutMs),
    query_timeout: formatDuration(keys.queryTimeoutMs),
  };
}

function describeSecret(secret: string | undefined): string | undefined {
  return secret === undefined || secret === "" ? undefined : secretIsSet;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, convert: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, convert(value)]));
}
