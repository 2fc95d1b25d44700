/** Tells one source from another: by what it would answer, and by everything that it is opened with. */
import { createHash } from "node:crypto";
import { ConfigError } from "../model/errors.ts";
import type { ConnectionSettings, QuerySettings, SourceSettings } from "../model/settings.ts";
import { type ParsedTable, readPostfixCf } from "../source/postfix-cf/index.ts";
import { type ReadFile, readFromDisk } from "../source/postfix-cf/lines.ts";

/** Two short texts of which each changes with what it stands for. */
export interface SourceFingerprints {
  /**
   * Of what the answers depend on: driver, hosts, database and queries, what a `.cf` file says, and the domains in the files
   * that it names. Passwords, pools and deadlines have no part in it, since it is kept in the snapshot of the cache.
   */
  readonly answers: string;
  /** Of all settings and every file that is read: a rotated password or certificate is another. Kept in memory only. */
  readonly inputs: string;
}

/** Makes the fingerprints, reading what the source would read. A file that cannot be read: opening the source says so. */
export function fingerprintsOf(settings: SourceSettings): SourceFingerprints {
  const files = new Map<string, string | undefined>();
  const read: ReadFile = (path) => {
    files.set(path, undefined);
    const text = readFromDisk(path);
    files.set(path, text);
    return text;
  };
  const { queries } = settings;
  const table = queries.kind === "postfix_cf" ? readTable(queries, read) : undefined;
  const connection = table?.connection ?? settings.connection;
  readKeys(connection, read);
  const said = table === undefined ? queries : whatItSays(table);
  return {
    answers: digest([connection && whatIsReached(connection), said, whatIsRead(connection)]),
    inputs: digest([settings, [...files].map(([path, text]) => [path, text ?? null])]),
  };
}

function readTable(queries: Extract<QuerySettings, { kind: "postfix_cf" }>, read: ReadFile): ParsedTable | undefined {
  try {
    return readPostfixCf(queries.file, queries.overrides, read);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function readKeys(connection: ConnectionSettings | undefined, read: ReadFile): void {
  if (connection === undefined || !("tls" in connection)) return;
  const { caFile, certFile, keyFile } = connection.tls ?? {};
  const publicKeyFile = connection.driver === "mysql" ? connection.serverPublicKeyFile : undefined;
  for (const file of [caFile, certFile, keyFile, publicKeyFile]) {
    if (file === undefined) continue;
    try {
      read(file);
    } catch {
      // Noted as unreadable.
    }
  }
}

/** A text file answers what it holds. It is no input: the source itself reads it again when it changes. */
function whatIsRead(connection: ConnectionSettings | undefined): string | undefined {
  if (connection?.driver !== "texthash") return undefined;
  try {
    return readFromDisk(connection.path);
  } catch {
    return undefined;
  }
}

function whatIsReached(connection: ConnectionSettings): object {
  if (connection.driver === "sqlite") return { driver: connection.driver, path: connection.path };
  // Who asks decides what a directory shows.
  if (connection.driver === "ldap")
    return { driver: connection.driver, servers: connection.servers, dn: connection.bind?.dn };
  if (!("hosts" in connection)) return connection;
  const { driver, hosts, database } = connection;
  return { driver, hosts, database };
}

function whatItSays({ assignments, domainFiles }: ParsedTable): unknown {
  const parameters = assignments.filter(({ name }) => !isSecret(name)).map(({ name, value }) => [name, value]);
  return { parameters, domainFiles };
}

function isSecret(parameter: string): boolean {
  return parameter === "password" || parameter === "bind_pw";
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url");
}
