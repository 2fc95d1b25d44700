/**
 * The `domain` filter: keys of other domains are not looked up.
 *
 * match_list.c, match_ops.c and string_list.c, Postfix 3.7: the first pattern that matches decides, subdomains do not count,
 * and only an address with a domain can match.
 */

import { foldDomain } from "../../model/address.ts";
import { splitList } from "../../model/postfix-list.ts";
import { fileReason } from "../../system/errno.ts";
import type { ReadFile } from "./lines.ts";
import { logicalLines } from "./lines.ts";
import type { TableReport } from "./report.ts";

/** One pattern of the list, files already read in. */
interface Pattern {
  /** The answer when it matches; `!` in front makes it false. */
  readonly isWanted: boolean;
  matches(domain: string): boolean;
}

// A file may name files; one that names itself would make Postfix run out of memory.
const maxFileDepth = 10;

/**
 * Makes the filter of a list.
 *
 * Patterns are domains, `/file` names, `static:`, `inline:` and `texthash:` tables, each with `!` before it to turn the
 * answer round; blanks within braces do not separate. Other tables cannot be evaluated here and are refused.
 *
 * @returns `undefined` when the list is empty and everything passes; else whether a folded domain passes
 */
export function domainFilter(
  list: string,
  readFile: ReadFile,
  report: TableReport,
  line?: number,
): ((domain: string) => boolean) | undefined {
  if (list === "") return undefined;
  const patterns: Pattern[] = [];
  const reader = new ListReader(patterns, readFile, report, line);
  reader.read(list, true, 0);
  return (domain) => patterns.find((pattern) => pattern.matches(domain))?.isWanted ?? false;
}

class ListReader {
  readonly #patterns: Pattern[];
  readonly #readFile: ReadFile;
  readonly #report: TableReport;
  readonly #line: number | undefined;

  constructor(patterns: Pattern[], readFile: ReadFile, report: TableReport, line: number | undefined) {
    this.#patterns = patterns;
    this.#readFile = readFile;
    this.#report = report;
    this.#line = line;
  }

  read(list: string, isWanted: boolean, depth: number): void {
    for (const item of splitList(list)) {
      if (item.startsWith("#")) {
        this.#report.warn(
          "domain",
          "a comment at the end of the list is not supported; the rest is ignored",
          this.#line,
        );
        return;
      }
      const pattern = item.replace(/^!+/, "");
      const isNegated = (item.length - pattern.length) % 2 === 1;
      this.#add(pattern, isWanted !== isNegated, depth);
    }
  }

  #add(pattern: string, isWanted: boolean, depth: number): void {
    if (pattern === "") this.#fail("expected a pattern after !");
    else if (pattern.startsWith("/")) this.#addFile(pattern, isWanted, depth);
    else if (pattern.includes(":") && !pattern.startsWith("[")) this.#addTable(pattern, isWanted);
    else this.#addKeys([pattern], isWanted);
  }

  #addFile(path: string, isWanted: boolean, depth: number): void {
    if (depth >= maxFileDepth) {
      this.#fail(`${path}: files that name files, more than ${maxFileDepth} deep`);
      return;
    }
    const text = this.#readOrFail(path);
    for (const physical of text.split("\n")) {
      if (!physical.startsWith("#")) this.read(physical, isWanted, depth + 1);
    }
  }

  #addTable(pattern: string, isWanted: boolean): void {
    const colon = pattern.indexOf(":");
    const type = pattern.slice(0, colon);
    const name = pattern.slice(colon + 1);
    if (type === "static") this.#patterns.push({ isWanted, matches: () => true });
    else if (type === "inline") this.#addKeys(this.#inlineKeys(name), isWanted);
    else if (type === "texthash") {
      const lines = logicalLines(this.#readOrFail(name), this.#report);
      this.#addKeys(
        lines.map(({ text }) => text.split(/[ \t\r]/)[0] as string),
        isWanted,
      );
    } else {
      this.#fail(
        `cannot look into a ${type}: table; name the domains, or a /file of them, or use texthash: or inline:`,
      );
    }
  }

  #inlineKeys(name: string): string[] {
    const inner = /^\{([\s\S]*)\}$/.exec(name)?.[1];
    if (inner === undefined) this.#fail("expected inline:{ domain=value, … }");
    const keys = splitList(inner ?? "").map((item) => /^\{?\s*([^\s=}]+)\s*=/.exec(item)?.[1]);
    if (keys.includes(undefined)) this.#fail("expected domain=value, or {domain = value}, in inline:{ }");
    return keys.filter((key) => key !== undefined);
  }

  #addKeys(keys: readonly string[], isWanted: boolean): void {
    // The key's domain is an A-label; a pattern in another spelling means the same domain.
    const folded = new Set(keys.map((key) => foldDomain(key) ?? key.toLowerCase()));
    this.#patterns.push({ isWanted, matches: (domain) => folded.has(domain) });
  }

  #readOrFail(path: string): string {
    try {
      return this.#readFile(path);
    } catch (error) {
      this.#fail(`${path}: ${fileReason(error)}`);
      return "";
    }
  }

  #fail(message: string): void {
    this.#report.fail("domain", message, this.#line);
  }
}
