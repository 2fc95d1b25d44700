/** What the daemon is run with: a configuration, and how to get it again. */
import type { ConfigProblem } from "../model/errors.ts";
import type { Settings } from "../model/settings.ts";

/** A configuration and what is doubtful about it, as config/ makes it. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly warnings: readonly ConfigProblem[];
  /** Go on without the admin endpoint where it cannot be had. */
  readonly isAdminOptional?: boolean;
}

/** How the daemon gets its configuration, at the start and at every reload. */
export interface ServeOptions {
  /** @throws {ConfigError} */
  load(): LoadedSettings;
  /** Called once everything listens, with the settings in force. */
  onReady?(settings: Settings): void;
}
