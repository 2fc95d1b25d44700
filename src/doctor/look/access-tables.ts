/** Looks into the access tables that smtpd asks before the map: their rules, and what they say of the null sender. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loginServices } from "../logins.ts";
import type { Observations, Rule } from "../observations.ts";
import type { PostfixConfig } from "../postfix.ts";
import { restrictionLists, stepsIn } from "../restrictions.ts";
import { environment } from "./postconf.ts";

// Tables on this machine answer in milliseconds; a database that does not is not waited for.
const timeoutMs = 5000;
const maxOutputBytes = 16 * 1024 * 1024;

/** Where Postfix's configuration is; `undefined` = that of the system. */
type Directory = string | undefined;

/** Looks into each once. A table that cannot be listed has no rules here, so that nobody takes it for an empty one. */
export function lookAtTables(
  postfix: PostfixConfig,
  directory: Directory,
): Pick<Observations, "accessTables" | "nullSenderAnswers"> {
  const accessTables = new Map<string, readonly Rule[]>();
  const nullSenderAnswers = new Map<string, string | undefined>();
  const steps = loginServices(postfix).flatMap((service) => restrictionLists.flatMap((list) => stepsIn(service, list)));
  for (const { name, argument } of steps) {
    if (argument === undefined || !/^check_.*_access$|^access$/.test(name)) continue;
    // Their rules are in the configuration itself.
    if (/^(inline|static):/.test(argument)) continue;
    const rules = accessTables.get(argument) ?? readRules(argument, directory);
    if (rules !== undefined) accessTables.set(argument, rules);
    if (name === "check_sender_access" && !nullSenderAnswers.has(argument)) {
      nullSenderAnswers.set(argument, answerForNullSender(argument, directory));
    }
  }
  return { accessTables, nullSenderAnswers };
}

function readRules(table: string, directory: Directory): Rule[] | undefined {
  const [, type = "", file = ""] = /^(?:proxy:)*(\w+):(.*)$/s.exec(table) ?? [];
  switch (type) {
    case "hash":
    case "btree":
    case "lmdb":
    case "cdb":
    case "dbm":
    case "sdbm":
      return listRules(`${type}:${file}`, directory);
    case "texthash":
    case "cidr":
    case "regexp":
    case "pcre":
      return parseRules(file);
    default:
      return undefined;
  }
}

/** `postmap -s` prints a rule a line: the key, a tab, the answer. */
function listRules(table: string, directory: Directory): Rule[] | undefined {
  const { status, stdout } = postmap(["-s", table], directory);
  if (status !== 0) return undefined;
  return stdout.split("\n").flatMap((line) => {
    const [key = "", answer = ""] = line.split("\t");
    return key === "" ? [] : [{ key, answer }];
  });
}

/** Reads the rules of a text table; one whose rules depend on others (`if`) is listed with every rule in it. */
function parseRules(file: string): Rule[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Not there, not readable, or its rules are in braces: nobody looked at it, which the caller says.
    return undefined;
  }
  const lines = text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\n[ \t]+(?=\S)/g, " ");
  return lines.split("\n").flatMap((line) => {
    const [, key, answer] = /^(!?\/(?:\\.|[^\\/])*\/\w*|\S+)\s+(.*\S)\s*$/.exec(line) ?? [];
    return key === undefined || answer === undefined || /^(?:if|endif)$/i.test(key) ? [] : [{ key, answer }];
  });
}

/** What proxymap(8) would ask is asked directly: without a running Postfix, postmap would wait for it. */
function answerForNullSender(table: string, directory: Directory): string | undefined {
  const { status, stdout } = postmap(["-q", "<>", table.replace(/^(?:proxy:)+/, "")], directory);
  return status === 0 ? stdout.trim() : undefined;
}

function postmap(args: readonly string[], directory: Directory): { status: number | null; stdout: string } {
  const all = [...(directory === undefined ? [] : ["-c", directory]), ...args];
  const { status, stdout } = spawnSync("postmap", all, {
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: maxOutputBytes,
    env: environment(),
  });
  return { status, stdout: stdout ?? "" };
}
