/** Reads the certificates of a TLS connection. */

import { readFileSync } from "node:fs";
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import type { TlsSettings } from "../../model/settings.ts";
import { fileReason } from "../../system/errno.ts";

/** Certificates of a TLS connection, read already. */
export interface Certificates {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the server's certificate must be valid and name the host that was asked for. */
  readonly verify: boolean;
  /** Whether it must name the host, if not as `verify` says. */
  readonly verifyName?: boolean;
  /** Whether a server without TLS will do. */
  readonly isOptional?: boolean;
}

/**
 * Reads the files once, so that a missing one is found when the configuration is, not when the database is next reached.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID naming each file that cannot be read; `path` is `tls.ca_file` and so on
 */
export function readTls(tls: TlsSettings | undefined): Certificates | undefined {
  if (tls === undefined) return undefined;
  const problems: ConfigProblem[] = [];
  const read = (name: string, file: string | undefined): string | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      const reason = fileReason(error);
      problems.push({ path: `tls.${name}`, message: `cannot read ${file}: ${reason}` });
      return undefined;
    }
  };
  const ca = read("ca_file", tls.caFile);
  const cert = read("cert_file", tls.certFile);
  const key = read("key_file", tls.keyFile);
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  return { ...tls, ca, cert, key };
}
