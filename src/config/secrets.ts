/** Secrets from files: read through the caller's reader, held to what a secret can be, never part of a message. */
import { join } from "node:path";
import { fileReason } from "../system/errno.ts";
import type { Environment } from "./environment.ts";
import type { Problems } from "./problems.ts";

/** What a file of a secret held. */
export interface SecretFile {
  readonly text: string;
  /** Permission bits, as stat(2) gives them. */
  readonly mode: number;
}

/** Reads a file; throws what node:fs throws. */
export type ReadSecretFile = (path: string) => SecretFile;

/** How secrets are reached. */
export interface SecretReader {
  readonly readSecretFile: ReadSecretFile;
  readonly env: Environment;
  /** Makes a path of the configuration absolute, or relative to where the daemon runs. */
  resolvePath(path: string): string;
}

const credentialPrefix = "credential:";

const worldReadable = 0o004;

/** The two ways of giving a secret: `password` and `password_file`, for one. */
export interface SecretPair {
  readonly inline: string | undefined;
  readonly file: string | undefined;
}

/**
 * Gives the secret of a pair of keys.
 *
 * When one of the pair comes from the environment and the other from the file, the environment wins, as it does for a single
 * key. Both in one place is a problem, since it cannot be told which is meant.
 *
 * @param path of the inline key; the other is `<path>_file`
 * @returns `undefined` when there is none, or when it is a problem
 */
export function secretOf(path: string, pair: SecretPair, reader: SecretReader, findings: Problems): string | undefined {
  const { inline, file } = pair;
  if (file === undefined) return inline;
  if (inline !== undefined) {
    const isInlineOverride = findings.placeOf(path)?.kind === "environment";
    const isFileOverride = findings.placeOf(`${path}_file`)?.kind === "environment";
    if (isInlineOverride === isFileOverride) {
      findings.problem(`${path}_file`, `both ${path} and ${path}_file are given: remove one`);
      return undefined;
    }
    if (isInlineOverride) return inline;
  }
  return readSecret(`${path}_file`, file, reader, findings);
}

function readSecret(path: string, file: string, reader: SecretReader, findings: Problems): string | undefined {
  const location = locationOf(path, file, reader, findings);
  if (location === undefined) return undefined;
  let read: SecretFile;
  try {
    read = reader.readSecretFile(location);
  } catch (error) {
    findings.problem(path, `cannot read ${location}: ${fileReason(error)}`);
    return undefined;
  }
  if ((read.mode & worldReadable) !== 0) {
    findings.warning(path, `every user of this machine can read ${location}: chmod o-rwx`);
  }
  const secret = read.text.replace(/\r?\n$/, "");
  if (secret === "") {
    findings.problem(path, `${location} is empty`);
    return undefined;
  }
  if (/[\r\n\0]/.test(secret)) {
    findings.problem(path, `${location} must hold one line, the secret`);
    return undefined;
  }
  return secret;
}

function locationOf(path: string, file: string, reader: SecretReader, findings: Problems): string | undefined {
  if (!file.startsWith(credentialPrefix)) return reader.resolvePath(file);
  const name = file.slice(credentialPrefix.length);
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name === "." || name === "..") {
    findings.problem(path, "expected the name of a credential after credential:, such as credential:mysql-password");
    return undefined;
  }
  const directory = reader.env["CREDENTIALS_DIRECTORY"];
  if (directory === undefined || directory === "") {
    findings.problem(
      path,
      `${file} needs systemd: add LoadCredential=${name}:FILE to the unit (CREDENTIALS_DIRECTORY is not set)`,
    );
    return undefined;
  }
  return join(directory, name);
}
