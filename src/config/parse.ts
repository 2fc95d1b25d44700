/**
 * Makes settings of a configuration file and the environment, or says everything that is wrong with them.
 *
 * Pure: whatever is read, is read through the caller's reader. Opens no source, connects to nothing.
 */
import { basename, dirname, isAbsolute, join } from "node:path";
import { ConfigError, type ConfigProblem } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";
import { checkWhole } from "./checks.ts";
import { applyEnvironment, type Environment } from "./environment.ts";
import { Problems } from "./problems.ts";
import { readKeys } from "./read-keys.ts";
import { type CompleteConfig, type ConfigDraft, schema } from "./schema.ts";
import { type ReadSecretFile, type SecretReader, secretOf } from "./secrets.ts";
import { checkSources } from "./source-checks.ts";
import { toSettings } from "./to-settings.ts";
import { readYaml } from "./yaml-document.ts";

/** What a configuration is made of. */
export interface ConfigInput {
  /** The YAML text; empty when the environment says everything. */
  readonly text: string;
  /** The absolute path of the file: messages name it, and relative paths in it start at its directory. Empty for none: then they
   * start where the daemon runs. */
  readonly fileName: string;
  /** Permission bits of the file, for a warning about secrets in it. */
  readonly fileMode?: number;
  readonly env: Environment;
  /** The presets that sources may name. */
  readonly knownPresets: readonly string[];
  readonly readSecretFile: ReadSecretFile;
}

/** A configuration without problems. */
export interface ParsedConfig {
  readonly settings: Settings;
  /** What is allowed but doubtful, such as a secret that everybody can read. */
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Makes the settings: defaults, overridden by the file, overridden by the environment.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID with every problem that was found, and nothing else
 */
export function parseConfig(input: ConfigInput): ParsedConfig {
  const findings = new Problems(basename(input.fileName));
  const tree = readYaml(input.text, findings);
  if (tree === undefined) throw invalid(findings);

  applyEnvironment(schema, tree, input.env, findings);
  const draft: ConfigDraft = readKeys(schema, tree, "", findings);
  checkWhole(draft, findings);
  checkSources(draft.sources, input.knownPresets, findings);

  const resolvePath = (path: string) => (isAbsolute(path) ? path : join(dirname(input.fileName), path));
  const reader: SecretReader = { readSecretFile: input.readSecretFile, env: input.env, resolvePath };
  const token = secretOf("admin.token", { inline: draft.admin.token, file: draft.admin.token_file }, reader, findings);
  checkToken(token, findings);
  const passwords = passwordsOf(draft, reader, findings);
  checkFileMode(input, draft, findings);

  if (findings.hasProblems) throw invalid(findings);
  // Without a problem nothing that is required or has a default is missing: that is what the reader reports.
  const config = draft as CompleteConfig;
  const isGiven = (path: string) => findings.isGiven(path);
  return { settings: toSettings(config, { token, passwords, resolvePath, isGiven }), warnings: findings.warnings() };
}

function invalid(findings: Problems): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", findings.problems());
}

function passwordsOf(draft: ConfigDraft, reader: SecretReader, findings: Problems): Map<string, string> {
  const passwords = new Map<string, string>();
  for (const [name, source] of draft.sources) {
    const pairs = {
      password: { inline: source.password, file: source.password_file },
      bind_password: { inline: source.bind_password, file: source.bind_password_file },
    };
    for (const [key, pair] of Object.entries(pairs)) {
      const password = secretOf(`sources.${name}.${key}`, pair, reader, findings);
      if (password !== undefined) passwords.set(name, password);
    }
  }
  return passwords;
}

// RFC 6750, b64token: what can stand after "Bearer".
const bearerToken = /^[A-Za-z0-9._~+/-]+=*$/;

const shortTokenLength = 16;

function checkToken(token: string | undefined, findings: Problems): void {
  if (token === undefined) return;
  if (!bearerToken.test(token)) {
    findings.problem(
      "admin.token",
      "a token has only letters, digits and - . _ ~ + / (RFC 6750), with = at its end",
      placeOfToken(findings),
    );
  } else if (token.length < shortTokenLength) {
    findings.warning(
      "admin.token",
      `a token of fewer than ${shortTokenLength} characters can be guessed`,
      placeOfToken(findings),
    );
  }
}

function placeOfToken(findings: Problems) {
  return findings.isGiven("admin.token") ? findings.placeOf("admin.token") : findings.placeOf("admin.token_file");
}

const worldReadable = 0o004;

function checkFileMode({ fileMode, fileName }: ConfigInput, draft: ConfigDraft, findings: Problems): void {
  if (fileMode === undefined || (fileMode & worldReadable) === 0) return;
  const ofSources = [...draft.sources.keys()].flatMap((name) => [
    `sources.${name}.password`,
    `sources.${name}.bind_password`,
  ]);
  const inline = ["admin.token", ...ofSources];
  for (const path of inline) {
    if (findings.isGiven(path) && findings.placeOf(path)?.kind === "file") {
      findings.warning(
        path,
        `every user of this machine can read ${basename(fileName)}: chmod o-rwx, or use ${path}_file`,
      );
    }
  }
}
