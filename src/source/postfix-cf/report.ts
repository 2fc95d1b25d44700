/**
 * Gathers what is wrong with a table file, and where it means something else to Postfix, so that all of it is said at once.
 */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";

/** The findings about one table file. Never holds a value of the file: it may be the password. */
export class TableReport {
  readonly #file: string;
  readonly #errors: ConfigProblem[] = [];
  readonly #warnings: ConfigProblem[] = [];

  /** @param file its path, as it stands in messages */
  constructor(file: string) {
    this.#file = file;
  }

  /** Notes what keeps the table from being used; where Postfix itself would stop with a fatal error, or nearly. */
  fail(name: string, message: string, line?: number): void {
    this.#errors.push(this.#problem(name, message, line));
  }

  /** Notes what an administrator should know: an unknown name, a setting without effect, a difference from Postfix. */
  warn(name: string, message: string, line?: number): void {
    this.#warnings.push(this.#problem(name, message, line));
  }

  /** What was noted by `warn`, in the order of the file. */
  get warnings(): readonly ConfigProblem[] {
    return this.#warnings;
  }

  /** Whether anything was noted by `fail`. */
  get hasFailed(): boolean {
    return this.#errors.length > 0;
  }

  /** @throws {ConfigError} ERR_CONFIG_INVALID with everything that was noted by `fail` */
  throwIfFailed(): void {
    if (this.hasFailed) throw new ConfigError("ERR_CONFIG_INVALID", this.#errors);
  }

  #problem(name: string, message: string, line: number | undefined): ConfigProblem {
    return { path: name, message, where: line === undefined ? this.#file : `${this.#file} line ${line}` };
  }
}
