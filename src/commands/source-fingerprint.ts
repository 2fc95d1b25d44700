/** Tells one source from another by what it would answer, not by how it is reached. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SourceSettings } from "../model/settings.ts";

/**
 * Makes a short text that changes when the answers of a source may change: its driver, hosts, database and queries, and what
 * a `.cf` file says. Passwords, pools and deadlines have no part in it.
 */
export function fingerprintOf({ connection, queries }: SourceSettings): string {
  const reached =
    connection === undefined
      ? undefined
      : connection.driver === "sqlite"
        ? { driver: connection.driver, path: connection.path }
        : { driver: connection.driver, hosts: connection.hosts, database: connection.database };
  const file = queries.kind === "postfix_cf" ? contentOf(queries.file) : undefined;
  return createHash("sha256")
    .update(JSON.stringify([reached, queries, file]))
    .digest("base64url");
}

/** Reads a `.cf` file without its password. One that cannot be read has no content: opening the source says what is wrong. */
function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").replace(/^\s*password\b.*$/gm, "");
  } catch {
    return undefined;
  }
}
