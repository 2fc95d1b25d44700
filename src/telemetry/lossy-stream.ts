/** Says how many log lines were lost, as soon as one can be written again. */
import type { LogSettings } from "../model/settings.ts";
import type { LineSink } from "../system/stderr.ts";
import { toTextLine } from "./log-text.ts";

/** Passes lines on to a sink, and counts those that it does not take. */
export class LossyStream {
  readonly #sink: LineSink;
  readonly #format: LogSettings["format"];
  #lost = 0;

  constructor(sink: LineSink, format: LogSettings["format"]) {
    this.#sink = sink;
    this.#format = format;
  }

  /** @param line whole, in the format of the log */
  write(line: string): void {
    if (!this.#tell() || !this.#sink.write(line)) this.#lost++;
  }

  /** @returns whether there is nothing left to tell */
  #tell(): boolean {
    if (this.#lost === 0) return true;
    const told = { level: "warn", time: new Date().toISOString(), lost: this.#lost, msg: "log lines were lost" };
    const line = `${JSON.stringify(told)}\n`;
    if (!this.#sink.write(this.#format === "json" ? line : toTextLine(line))) return false;
    this.#lost = 0;
    return true;
  }
}
