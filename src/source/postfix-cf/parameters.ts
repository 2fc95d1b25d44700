/**
 * The parameters of a table file, by name and type.
 *
 * cfg_parser.c, Postfix 3.7. Fatal there is fatal here; a name that Postfix silently ignores is a warning here.
 */
import type { CfType } from "../../model/table-type.ts";
import type { Assignment } from "./lines.ts";
import { tableParameters, whatIsMeant } from "./names.ts";
import type { TableReport } from "./report.ts";

/** Reads values with Postfix's types and bounds; what is wrong goes to the report and yields the default. */
export class Parameters {
  readonly #byName: ReadonlyMap<string, Assignment>;
  readonly #report: TableReport;

  /** A name that is set again with another value is worth a warning; the last one wins. */
  constructor(all: readonly Assignment[], report: TableReport) {
    const byName = new Map<string, Assignment>();
    for (const one of all) {
      const earlier = byName.get(one.name);
      if (earlier !== undefined && earlier.value !== one.value) {
        report.warn(one.name, `set before on line ${earlier.line}; the last one counts`, one.line);
      }
      byName.set(one.name, one);
    }
    this.#byName = byName;
    this.#report = report;
  }

  /** Whether the file sets the parameter, to something or to nothing. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Where the parameter is set. */
  lineOf(name: string): number | undefined {
    return this.#byName.get(name)?.line;
  }

  /** @param minLength 1 makes an empty value, and a missing one without a default, fatal */
  text(name: string, fallback = "", minLength = 0): string {
    const value = this.#byName.get(name)?.value ?? fallback;
    if (value.includes("\ufffd")) this.#report.fail(name, "expected UTF-8", this.lineOf(name));
    else if (value.length < minLength) {
      this.#report.fail(name, this.has(name) ? "must not be empty" : "is required", this.lineOf(name));
    }
    return value;
  }

  /** A whole number that strtol(3) reads to the end and that fits an int. */
  integer(name: string, fallback: number, min?: number): number {
    const found = this.#byName.get(name);
    if (found === undefined) return fallback;
    const value = /^[+-]?\d+$/.test(found.value) ? Number(found.value) : Number.NaN;
    if (!(value >= -(2 ** 31) && value < 2 ** 31)) this.#report.fail(name, "expected a whole number", found.line);
    else if (min !== undefined && value < min) this.#report.fail(name, `expected at least ${min}`, found.line);
    else return value;
    return fallback;
  }

  /** `yes` or `no` in any case; `true` is fatal to Postfix. `undefined` when the file does not say. */
  flag(name: string): boolean | undefined {
    const found = this.#byName.get(name);
    if (found === undefined) return undefined;
    const value = found.value.toLowerCase();
    if (value !== "yes" && value !== "no") this.#report.fail(name, "expected yes or no", found.line);
    return value === "yes";
  }

  /** Warns of every name that this type of table does not know and of values that do not mean what they seem to. */
  warnOfSurprises(type: CfType): void {
    const known = tableParameters[type];
    for (const { name, value, line } of this.#byName.values()) {
      if (known.has(name)) this.#warnOfValue(type, name, value, line);
      else this.#report.warn(name, `unknown to Postfix, which ignores it; ${whatIsMeant(name, type)}`, line);
    }
  }

  #warnOfValue(type: CfType, name: string, value: string, line: number): void {
    const warn = (message: string) => this.#report.warn(name, message, line);
    if (/^(["'])[\s\S]*\1$/.test(value)) {
      warn("the quotes belong to the value, as Postfix reads it");
    }
    if (name !== "query" && name !== "password" && /\s#/.test(value)) {
      warn("the # and what follows belong to the value: a comment needs a line of its own");
    }
    if (/\$(?:[A-Za-z_]|[({])/.test(value) && name !== "password") {
      warn("a $ is taken as it is: Postfix expands $name only in main.cf");
    }
    const swallowed = swallowedName.exec(value)?.[1];
    if (swallowed !== undefined && name !== "query" && tableParameters[type].has(swallowed)) {
      warn(`"${swallowed} =" is part of this value: its line begins with white space, so it continues this one`);
    }
  }
}

// An indented `query = …` that became the end of the value before it.
const swallowedName = /\s([a-z_A-Z]+)\s*=/;
