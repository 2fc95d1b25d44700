/**
 * Reads the text of a table as Postfix's `texthash:` does: dict_thash.c and readlline.c, Postfix 3.7. Pure.
 *
 * One extension: the key `*`, which Postfix never asks for, names who may send as any address.
 */
import { isUtf8 } from "node:buffer";
import { foldKey } from "../../model/address.ts";
import { foldCase } from "../../model/fold-case.ts";
import { eachLogicalLine } from "../postfix-cf/lines.ts";

// Some 0.2 ms of work.
const linesAtOnce = 32;

/** The key of those who may send as any address. */
export const everything = "*";

/** What is wrong with a line, or worth knowing of it. */
export interface LineProblem {
  /** Where the logical line begins, 1-based. */
  readonly line: number;
  /** One sentence without the line's number and without what it holds beyond its key. */
  readonly message: string;
}

/** A table that was read. */
export interface TexthashTable {
  /** Folded key, the domain as A-label, → the value as it stands: owners separated by commas and white space. */
  readonly values: ReadonlyMap<string, string>;
  /** Lines that repeat a key. smtpd then takes the whole table out of service; nobody can tell which line is meant. */
  readonly repeated: readonly LineProblem[];
  /** Lines that Postfix ignores with a warning. */
  readonly ignored: readonly LineProblem[];
  /** Lines that are read, and may not mean what they seem to. */
  readonly doubtful: readonly LineProblem[];
}

/** Reads the bytes of a file. Never fails: what cannot be used is told by line. */
export function parseTexthash(bytes: Uint8Array): TexthashTable {
  const reading = readTexthash(bytes);
  for (;;) {
    const { done, value } = reading.next();
    if (done === true) return value;
  }
}

/** The same in small pieces, so that the caller can let others work in between: 100,000 lines take half a second. */
export function* readTexthash(bytes: Uint8Array): Generator<undefined, TexthashTable> {
  const reader = new Reader();
  // One character per byte, since lines end and blanks are found in bytes; each line is decoded by itself.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const lines = eachLogicalLine(text, {
    warn: (_name, _message, line = 0) => reader.ignore(line, "begins with white space and continues nothing"),
  });
  let count = 0;
  for (const { text: line, line: number } of lines) {
    reader.read(line, number);
    if (++count % linesAtOnce === 0) yield;
  }
  return reader.table();
}

class Reader {
  readonly #values = new Map<string, string>();
  readonly #lines = new Map<string, number>();
  readonly #repeated: LineProblem[] = [];
  readonly #ignored: LineProblem[] = [];
  readonly #doubtful: LineProblem[] = [];

  ignore(line: number, message: string): void {
    this.#ignored.push({ line, message });
  }

  read(latin1: string, line: number): void {
    const bytes = Buffer.from(latin1, "latin1");
    if (!isUtf8(bytes)) {
      this.ignore(line, "is not UTF-8");
      return;
    }
    // A C string ends at its first NUL.
    const [text = ""] = bytes.toString("utf8").split("\0", 1);
    const end = endOfKey(text);
    if (end === undefined) {
      this.ignore(line, 'has a " without its counterpart');
      return;
    }
    const key = text.slice(0, end);
    const value = text.slice(end).replace(outerBlanks, "");
    if (key === "" || value === "") this.ignore(line, "expected a key, white space and a value");
    else this.#add(key, value, line);
  }

  table(): TexthashTable {
    // A line that continues nothing is found when the next begins.
    const byLine = (a: LineProblem, b: LineProblem) => a.line - b.line;
    return {
      values: this.#values,
      repeated: this.#repeated,
      ignored: this.#ignored.toSorted(byLine),
      doubtful: this.#doubtful,
    };
  }

  #add(written: string, value: string, line: number): void {
    const key = foldKey(written) ?? foldCase(written);
    const earlier = this.#lines.get(key);
    if (earlier !== undefined) {
      this.#repeated.push({ line, message: `the key ${shown(written)} is that of line ${earlier}` });
      return;
    }
    this.#doubt(written, value, line);
    this.#lines.set(key, line);
    this.#values.set(key, value);
  }

  #doubt(key: string, value: string, line: number): void {
    const doubt = (message: string) => this.#doubtful.push({ line, message });
    if (key.startsWith("\ufeff")) doubt("a byte order mark is part of the key, as Postfix reads it");
    if (key.endsWith(":")) doubt(`the colon is part of the key ${shown(key)}: is this an alias file?`);
    if (/(?:^|[\s,])#/.test(value)) doubt("the # and what follows are owners: a comment needs a line of its own");
    if (isBareDomain(key)) doubt(`${shown(key)} is no catch-all: that is written @${shown(key)}`);
  }
}

// isspace() of the C locale.
const blank = /[ \t\n\v\f\r]/;
const outerBlanks = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;

/** Where the key ends: at the first blank outside of quotes. @returns `undefined` when a quote is left open */
function endOfKey(text: string): number | undefined {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === "\\") at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && blank.test(character)) return at;
  }
  return isQuoted ? undefined : text.length;
}

/** `example.com`: at least two labels, and a top-level domain that no login looks like. */
function isBareDomain(key: string): boolean {
  return /^(?:[a-z0-9-]+\.)+[a-z]{2,}$/i.test(key);
}

const maxShown = 64;

/** A key as a message may show it. */
function shown(key: string): string {
  const printable = key.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff]/g, "?");
  return printable.length > maxShown ? `${printable.slice(0, maxShown)}…` : printable;
}
