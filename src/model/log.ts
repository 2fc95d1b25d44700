/** What the parts of loginmapd may write to the log; telemetry/log.ts makes the real one. */

/**
 * Extra fields of a log line. Never a secret, a parameter or SQL; addresses and logins only at level debug,
 * but for those of a message that the milter refuses (service/milter-log.ts): an administrator has to answer for it.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** A constant message with fields, one event per line. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether a line of level debug would be written: asked before fields are gathered on the hot path. */
  isDebugEnabled(): boolean;
}
