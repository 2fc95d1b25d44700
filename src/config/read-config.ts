/** Reads the configuration from where the administrator keeps it. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../model/errors.ts";
import { fileReason } from "../system/errno.ts";
import { type Environment, namesSource } from "./environment.ts";
import { type ParsedConfig, parseConfig } from "./parse.ts";
import type { SecretFile } from "./secrets.ts";

/** Where the configuration is when nobody says otherwise. */
const defaultConfigFile = "/etc/loginmapd/loginmapd.yaml";

// Far more than a configuration needs; a wrong path to a database or a device ends here and not in memory.
const maxConfigBytes = 1_048_576;
const maxSecretBytes = 65_536;

/** What the command line says of the configuration. */
export interface ConfigOptions {
  /** `-c`; else `$LOGINMAPD_CONFIG`, else `/etc/loginmapd/loginmapd.yaml`. */
  readonly file?: string;
  readonly env: Environment;
  readonly knownPresets: readonly string[];
  /** Where the file is when nobody says; tests have their own. */
  readonly defaultFile?: string;
}

/** Names the file that will be read. */
export function configFileOf(options: Omit<ConfigOptions, "knownPresets">): string {
  const { file, env, defaultFile = defaultConfigFile } = options;
  return file ?? (env["LOGINMAPD_CONFIG"] || defaultFile);
}

/**
 * Reads the configuration file and the environment.
 *
 * Without a file at the default place the environment alone can configure the daemon, if it names a source; a file that was
 * asked for must be there.
 *
 * @throws {ConfigError} ERR_CONFIG_UNREADABLE when the file cannot be read; ERR_CONFIG_INVALID as `parseConfig`
 */
export function readConfig(options: ConfigOptions): ParsedConfig {
  const { env, knownPresets } = options;
  const fileName = configFileOf(options);
  const file = readConfigFile(fileName, fileName === (options.defaultFile ?? defaultConfigFile) && namesSource(env));
  return parseConfig({ ...file, env, knownPresets, readSecretFile });
}

/** Reads a secret from disk, as `parseConfig` wants it. Throws what node:fs throws, and for a file over 64 KiB. */
export function readSecretFile(path: string): SecretFile {
  return readBounded(path, maxSecretBytes);
}

function readConfigFile(fileName: string, mayBeAbsent: boolean): { text: string; fileName: string; fileMode?: number } {
  try {
    const { text, mode } = readBounded(fileName, maxConfigBytes);
    return { text, fileName: resolve(fileName), fileMode: mode };
  } catch (error) {
    if (mayBeAbsent && error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { text: "", fileName: "" };
    }
    const message = `cannot read the configuration ${fileName}: ${fileReason(error)}`;
    throw new ConfigError("ERR_CONFIG_UNREADABLE", [{ path: "", message }], { cause: error });
  }
}

function readBounded(path: string, maxBytes: number): SecretFile {
  const fd = openSync(path, "r");
  try {
    const { mode } = fstatSync(fd);
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      length += read;
      if (length > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" });
      if (read === 0) break;
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
    return { text, mode };
  } finally {
    closeSync(fd);
  }
}
