/** Reads the key with which a MySQL 8 server takes passwords where there is no TLS. */
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "../../model/errors.ts";
import { fileReason } from "../../system/errno.ts";

/**
 * Reads it once, so that a file that is missing or holds something else is found when the configuration is.
 *
 * @returns the key in PEM; `undefined` without a file
 * @throws {ConfigError} ERR_CONFIG_INVALID when it cannot be read or is no RSA key; `path` is `server_public_key_file`
 */
export function readPublicKey(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const fail = (message: string, cause: unknown) => {
    throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "server_public_key_file", message }], { cause });
  };
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    fail(`cannot read ${file}: ${fileReason(error)}`, error);
  }
  // Node would take a private key too, and a server's has no place on this machine.
  if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----$/m.test(text)) fail(`${file} holds no public key in PEM`, undefined);
  try {
    if (createPublicKey(text).asymmetricKeyType !== "rsa") fail(`${file} holds a key that is not RSA`, undefined);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    fail(`${file} holds no public key in PEM`, error);
  }
  return text;
}
