/** docs/ldap.md, cut into the blocks that its readers copy. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../servers/daemon.ts";

/** The whole text. */
export const ldapGuide = readFileSync(join(projectRoot, "docs/ldap.md"), "utf8");

/** The fenced blocks of a section; of the whole document without a heading. */
export function ldapGuideBlocks(language: string, heading?: string): string[] {
  const section =
    heading === undefined ? ldapGuide : (ldapGuide.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "");
  const fences = section.matchAll(/^```(\S*)\n(.*?)^```$/gms);
  return Array.from(fences, ([, found, body = ""]) => (found === language ? body : "")).filter((body) => body !== "");
}
