/**
 * Reads what a MySQL option file (my.cnf) says to clients.
 *
 * Postfix hands `option_file` to the client library, which reads [client] and then `option_group`. Only what a connection
 * needs is taken from it here.
 */
import { fileReason } from "../../system/errno.ts";
import type { ReadFile } from "./lines.ts";
import type { TableReport } from "./report.ts";

/** Options by name, with `-` for `_`; the last group that sets one wins. */
export type ClientOptions = ReadonlyMap<string, string>;

// What the MariaDB client library reads by itself, in front of the group that was asked for.
const clientGroups = ["client", "client-server", "client-mariadb"];

/**
 * Reads the groups of clients, and `group`, from an option file.
 *
 * @param group `option_group`; the empty string reads only the groups of all clients
 */
export function readOptionFile(path: string, group: string, readFile: ReadFile, report: TableReport): ClientOptions {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    report.fail("option_file", `${path}: ${fileReason(error)}`);
    return new Map();
  }
  const wanted = new Set([...clientGroups, group]);
  const options = new Map<string, string>();
  let current = "";
  for (const [index, physical] of text.split("\n").entries()) {
    const line = physical.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) {
      current = header.trim();
    } else if (line.startsWith("!")) {
      report.warn("option_file", `${path} line ${index + 1}: !include is not followed`);
    } else if (wanted.has(current)) {
      const [, name = "", value = ""] = /^([^=\s]+)\s*(?:=\s*(.*))?$/.exec(withoutComment(line)) ?? [];
      if (name !== "") options.set(name.replaceAll("_", "-"), unquote(value.trim()));
    }
  }
  return options;
}

function withoutComment(line: string): string {
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (character === "\\") i++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === "#") return line.slice(0, i).trim();
  }
  return line;
}

const escapes: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", r: "\r", s: " ", "\\": "\\" };

function unquote(value: string): string {
  const inner = /^(["'])([\s\S]*)\1$/.exec(value)?.[2] ?? value;
  return inner.replace(/\\([\\btnrs])/g, (_, letter: string) => escapes[letter] as string);
}
