/** Where a command gets its configuration from: the demo, `.cf` files, or the configuration file and the environment. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { settingsForDemo, settingsForPostfixCf } from "../config/flag-settings.ts";
import { readConfig } from "../config/read-config.ts";
import type { LoadedSettings } from "../daemon/load.ts";
import { presetNames } from "../source/presets/stacks.ts";
import { createDemoDatabase } from "../source/sqlite/demo.ts";
import { packageFile } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";

/**
 * Reads the configuration that a command line names. Called again at every reload.
 *
 * @throws {ConfigError} with every problem
 * @throws {UsageError} when options exclude each other
 */
export function loadSettings({ options }: CommandLine): LoadedSettings {
  const files = stringsOf(options["postfix-cf"]);
  const isDemo = options["demo"] === true;
  if (isDemo && files.length > 0) throw new UsageError("--demo and --postfix-cf exclude each other");
  for (const name of ["listen", "recipient-delimiter", "local-domain"]) {
    if (options[name] !== undefined && files.length === 0) throw new UsageError(`--${name} needs --postfix-cf`);
  }
  if (isDemo) {
    const path = demoDatabasePath();
    createDemoDatabase(path);
    return settingsForDemo(path, process.env);
  }
  if (files.length > 0) {
    const flags = {
      files,
      listen: stringsOf(options["listen"]),
      recipientDelimiter: stringOf(options["recipient-delimiter"]),
      localDomains: stringsOf(options["local-domain"]),
    };
    return settingsForPostfixCf(flags, process.env);
  }
  const file = stringOf(options["config"]);
  return readConfig({ ...(file === undefined ? {} : { file }), env: process.env, knownPresets: presetNames() });
}

type OptionValue = CommandLine["options"][string];

/** Reads an option that takes one value. */
export function stringOf(value: OptionValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function stringsOf(value: OptionValue): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Finds a place that can be written: `data/` of the checkout, or for an installed program one below the temporary files. */
function demoDatabasePath(): string {
  const directory = fileURLToPath(packageFile("data/"));
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return join(directory, "demo.sqlite");
  } catch {
    const own = join(tmpdir(), `loginmapd-demo-${userInfo().uid}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return join(own, "demo.sqlite");
  }
}
