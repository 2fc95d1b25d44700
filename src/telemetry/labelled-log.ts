/** A log that says with every line where it comes from. */
import type { Log, LogFields } from "../model/log.ts";

/** Passes lines on with fields of its own; those of a line win. */
export class LabelledLog implements Log {
  readonly #log: Log;
  readonly #label: LogFields;

  constructor(log: Log, label: LogFields) {
    this.#log = log;
    this.#label = label;
  }

  debug(fields: LogFields, message: string): void {
    this.#log.debug({ ...this.#label, ...fields }, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log.info({ ...this.#label, ...fields }, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log.warn({ ...this.#label, ...fields }, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log.error({ ...this.#label, ...fields }, message);
  }

  isDebugEnabled(): boolean {
    return this.#log.isDebugEnabled();
  }
}
