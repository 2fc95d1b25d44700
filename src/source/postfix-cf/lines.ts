/**
 * Reads a Postfix configuration file: from the disk, into its logical lines, and those into names and values.
 *
 * readlline.c and split_nameval.c, Postfix 3.7: the rules that main.cf and every table file share.
 */
import { readFileSync } from "node:fs";
import type { TableReport } from "./report.ts";

/** Physical lines that Postfix takes for one. */
export interface LogicalLine {
  /** Without newlines; the white space that begins a continued line is kept. */
  readonly text: string;
  /** Where it begins, 1-based. */
  readonly line: number;
}

/** One `name = value`. */
export interface Assignment {
  readonly name: string;
  /** Trimmed; may be empty. */
  readonly value: string;
  readonly line: number;
}

// isspace() of the C locale. Not \s: a no-break space is part of a value.
const blank = " \\t\\n\\v\\f\\r";
const startsBlank = new RegExp(`^[${blank}]`);
const blankOrComment = new RegExp(`^[${blank}]*(?:#|$)`);
const nameAndEquals = new RegExp(`^([^=${blank}]+)[${blank}]*=`);

/** Joins physical lines into logical ones; see `eachLogicalLine`. */
export function logicalLines(text: string, report: Pick<TableReport, "warn">): LogicalLine[] {
  return [...eachLogicalLine(text, report)];
}

/**
 * Joins physical lines into logical ones, one after the other.
 *
 * A line that begins with white space continues the one before. Blank lines and lines whose first character is `#` are
 * dropped wherever they stand: they do not end a logical line. Text that continues nothing is ignored with a warning.
 */
export function* eachLogicalLine(text: string, report: Pick<TableReport, "warn">): Generator<LogicalLine> {
  let parts: string[] = [];
  let start = 0;
  const join = (): LogicalLine[] => {
    const joined = parts.join("");
    parts = [];
    if (joined === "") return [];
    if (!startsBlank.test(joined)) return [{ text: joined, line: start }];
    report.warn("", "ignored, as Postfix does: the line begins with white space and continues nothing", start);
    return [];
  };
  let number = 0;
  for (const physical of physicalLines(text)) {
    number++;
    if (blankOrComment.test(physical)) continue;
    if (!startsBlank.test(physical)) yield* join();
    if (parts.length === 0) start = number;
    parts.push(physical);
  }
  yield* join();
}

function* physicalLines(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}

/**
 * Splits logical lines into names and values.
 *
 * A line without `=` after its first word is fatal to Postfix, and so it is here. Quotes, backslashes and `#` have no meaning.
 */
export function assignments(text: string, report: TableReport): Assignment[] {
  const found: Assignment[] = [];
  for (const { text: joined, line } of logicalLines(text, report)) {
    if (joined.includes("\0")) {
      report.fail("", "holds a NUL byte", line);
      continue;
    }
    const [head, name] = nameAndEquals.exec(joined) ?? [];
    if (head !== undefined && name !== undefined)
      found.push({ name, value: trimBlank(joined.slice(head.length)), line });
    else report.fail("", `expected "name = value"${bomHint(joined)}`, line);
  }
  return found;
}

function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && startsBlank.test(text.charAt(start))) start++;
  while (end > start && startsBlank.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function bomHint(text: string): string {
  return text.startsWith("\ufeff") ? ": the file begins with a byte order mark, which Postfix takes for text" : "";
}

/**
 * Reads a file as text.
 *
 * @returns bytes that are not UTF-8 as U+FFFD: they do no harm in a comment, and a value that holds one is refused
 * @throws when it cannot be read
 */
export type ReadFile = (path: string) => string;

/** Reads from the disk; synchronous, since it happens at start and at reload only. A byte order mark is kept. */
export const readFromDisk: ReadFile = (path) => readFileSync(path).toString("utf8");
