/** Parses configurations of tests: nothing is read from disk but what a test says is there. */
import type { Environment } from "../../../src/config/environment.ts";
import { type ParsedConfig, parseConfig } from "../../../src/config/parse.ts";
import type { SecretFile } from "../../../src/config/secrets.ts";
import { ConfigError } from "../../../src/model/errors.ts";

export interface TestInput {
  readonly env?: Environment;
  readonly files?: Readonly<Record<string, SecretFile>>;
  readonly fileMode?: number;
  readonly fileName?: string;
}

export function parse(text: string, { env = {}, files = {}, ...rest }: TestInput = {}): ParsedConfig {
  return parseConfig({
    text,
    fileName: "/etc/loginmapd/loginmapd.yaml",
    env,
    knownPresets: ["native", "postfixadmin"],
    readSecretFile(path) {
      const file = files[path];
      if (file === undefined) throw Object.assign(new Error(path), { code: "ENOENT" });
      return file;
    },
    ...rest,
  });
}

/** The problems of a configuration, one line each; empty when it is valid. */
export function problemsOf(text: string, input: TestInput = {}): string[] {
  try {
    parse(text, input);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

/** A configuration with nothing in it that can be left out. */
export const smallest = `
listeners:
  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }
maps:
  senders: { source: mail }
sources:
  mail: { driver: mysql, database: vmail, preset: native }
`;
