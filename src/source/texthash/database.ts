/**
 * A source in a text file as for Postfix's `texthash:`: grants that people write by hand, beside a database.
 *
 * Answers at once, from memory. The file is read again within a second of a change, whole or not at all: a version that cannot
 * be used leaves the one before in force and is told, with its lines, in the log, by `check` and on the status page.
 */
import { splitAddress } from "../../model/address.ts";
import { SourceError } from "../../model/errors.ts";
import { type Ask, type Cells, notAsked, type Role } from "../../model/keys.ts";
import { type ChangeWatch, type ListedLine, type Listing, toListedLine } from "../../model/listing.ts";
import { withULabels } from "../../model/owner-forms.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database, QueryReport, SourceHealth } from "../../model/source.ts";
import { WorkSlices } from "../../system/work-slices.ts";
import type { DatabaseDependencies } from "../database.ts";
import { everything, type LineProblem, parseTexthash, readTexthash, type TexthashTable } from "./parse.ts";
import { lookIntervalMs, WatchedFile } from "./watched-file.ts";

type TexthashSettings = Extract<ConnectionSettings, { driver: "texthash" }>;

const linesPerBatch = 256;
// Enough to find what is wrong; the rest is counted.
const maxTold = 10;

/** Answers lookups from a text file. */
export class TexthashDatabase implements Database {
  readonly name: string;
  readonly keyForm = "postfix";
  readonly roles: ReadonlySet<Role>;
  readonly #isPostfixTable: boolean;
  readonly #path: string;
  readonly #deps: DatabaseDependencies;
  readonly #file: WatchedFile;
  /** The version in force; `undefined` before the first that could be used. */
  #table: TexthashTable | undefined;
  /** Why the file as it is now is not in force; empty when it is. */
  #reason = "";
  readonly listing: Listing = {
    list: (signal) => this.#list(signal),
    watchChanges: (onHint) => this.#watchChanges(onHint),
  };
  /** The reading of a version that is to take its place. */
  #reading: ReturnType<typeof readTexthash> | undefined;
  readonly #watchers = new Set<() => void>();
  #looking: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Opens nothing yet. */
  constructor(name: string, { path, isPostfixTable }: TexthashSettings, deps: DatabaseDependencies) {
    this.name = name;
    this.roles = new Set(isPostfixTable ? ["address"] : ["address", "grant"]);
    this.#isPostfixTable = isPostfixTable;
    this.#path = path;
    this.#deps = deps;
    this.#file = new WatchedFile(path);
  }

  find(asks: readonly Ask[]): Cells {
    if (this.#isClosed) throw new SourceError("ERR_SOURCE_CLOSED", "the source is being closed");
    const { queries } = this.#deps.tally;
    let table: TexthashTable;
    try {
      table = this.#tableInForce();
    } catch (error) {
      queries.error++;
      throw error;
    }
    queries.ok++;
    let isFound = false;
    return asks.map(({ role, key }) => {
      if (role === "grant") return this.#cellsOf(table, everything);
      // An earlier key has answered, or it is the one of our own.
      if (isFound || (key.email === everything && !this.#isPostfixTable)) return notAsked;
      const cells = this.#cellsOf(table, key.email);
      isFound = cells.length > 0;
      return cells;
    });
  }

  async hostedDomains(): Promise<ReadonlySet<string> | undefined> {
    const table = this.#tableInForce();
    if (this.roles.has("grant") && table.values.has(everything)) return undefined;
    const domains = [...table.values.keys()].map((key) => splitAddress(key).domain);
    return new Set(domains.filter((domain) => domain !== ""));
  }

  /** Up as long as some version answers; why the present one does not is told of the file itself. */
  health(): SourceHealth {
    const isUp = this.#table !== undefined || this.#reason === "";
    const file = { endpoint: this.#path, isUp: this.#reason === "", reason: this.#reason };
    return { isUp, reason: isUp ? "" : this.#reason, hosts: [file] };
  }

  async lookAfter(): Promise<void> {
    if (this.#isClosed) return;
    this.#looking ??= setInterval(() => this.#look(), lookIntervalMs).unref();
    this.#look();
  }

  async report(): Promise<readonly QueryReport[]> {
    const table = this.#table ?? this.#look();
    if (table === undefined || this.#reason !== "") {
      return [{ query: "address", error: `${this.#path}: ${this.#reason}`, fullScans: [] }];
    }
    const notes = [...table.ignored.map(ignored), ...table.doubtful].map((problem) => this.#where(problem));
    return [{ query: "address", fullScans: [], isInMemory: true, notes }];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
  }

  /** @throws {SourceError} when there is none */
  #tableInForce(): TexthashTable {
    const table = this.#table ?? this.#look();
    if (table !== undefined) return table;
    throw new SourceError("ERR_SOURCE_UNAVAILABLE", `${this.#path}: ${this.#reason}`);
  }

  /** Takes the file if there is a new version of it that can be used. @returns the version in force */
  #look(): TexthashTable | undefined {
    const look = this.#file.look(this.#table === undefined);
    if (look.kind === "same") return this.#table;
    // What is being read is the version before.
    this.#reading = undefined;
    if (look.kind === "unreadable") this.#refuse(look.reason);
    else if (this.#table === undefined) this.#take(parseTexthash(look.bytes));
    else void this.#readBesideLookups(look.bytes);
    return this.#table;
  }

  /** Reads a version while the one in force answers; a newer one takes its turn. */
  async #readBesideLookups(bytes: Uint8Array): Promise<void> {
    const reading = readTexthash(bytes);
    this.#reading = reading;
    const slices = new WorkSlices();
    for (let step = reading.next(); !this.#isClosed && this.#reading === reading; step = reading.next()) {
      if (step.done === true) {
        this.#reading = undefined;
        this.#take(step.value);
        return;
      }
      await slices.rest();
    }
  }

  /**
   * A line that Postfix would ignore keeps a version out: it may be half written, and to leave it out would refuse an owner. Only a
   * table of Postfix is taken without such lines when the daemon starts, as smtpd takes it.
   */
  #take(table: TexthashTable): void {
    const mayIgnore = this.#isPostfixTable && this.#table === undefined;
    const [wrong] = [...table.repeated, ...(mayIgnore ? [] : table.ignored)];
    if (wrong !== undefined) {
      this.#refuse(`line ${wrong.line}: ${wrong.message}`);
      return;
    }
    const problems = [...table.ignored.map(ignored), ...table.doubtful].map((problem) => this.#where(problem));
    const more = problems.length > maxTold ? [`${problems.length - maxTold} lines more`] : [];
    if (problems.length > 0) this.#warn([...problems.slice(0, maxTold), ...more].join("; "), "text file");
    if (this.#table !== undefined) this.#deps.log.info({ source: this.name, file: this.#path }, "text file read again");
    this.#table = table;
    this.#reason = "";
    for (const onHint of this.#watchers) onHint();
  }

  async *#list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined> {
    let lines: ListedLine[] = [];
    // A version in force never changes: another one takes its place.
    for (const [key, value] of this.#tableInForce().values) {
      const line = key === everything && this.#isPostfixTable ? undefined : toListedLine([key, value]);
      if (line !== undefined) lines.push(line);
      if (lines.length < linesPerBatch) continue;
      signal.throwIfAborted();
      yield lines;
      lines = [];
    }
    signal.throwIfAborted();
    if (lines.length > 0) yield lines;
  }

  #watchChanges(onHint: () => void): ChangeWatch {
    this.#watchers.add(onHint);
    return {
      ready: Promise.resolve(),
      state: () => ({ signal: "file", advice: "" }),
      close: async () => void this.#watchers.delete(onHint),
    };
  }

  #refuse(reason: string): void {
    this.#reason = reason;
    const kept = this.#table === undefined ? "no lookup is answered from it" : "the version before stays in force";
    this.#warn(`${this.#path} ${reason}; ${kept}`, "text file not taken");
  }

  #cellsOf({ values }: TexthashTable, key: string): Cells[number] {
    const value = values.get(key);
    if (value === undefined) return [];
    return this.#isPostfixTable ? [value] : withULabels([value]);
  }

  #where({ line, message }: LineProblem): string {
    return `${this.#path} line ${line}: ${message}`;
  }

  #warn(problem: string, message: string): void {
    this.#deps.log.warn({ source: this.name, problem }, message);
  }
}

function ignored({ line, message }: LineProblem): LineProblem {
  return { line, message: `ignored, as Postfix does: ${message}` };
}
