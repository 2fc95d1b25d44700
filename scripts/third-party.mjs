// The packages whose code a bundle holds, and the notices that their licences want to go along with it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// The innermost package of a path: node_modules/a/node_modules/@b/c/lib/x.js is of @b/c.
const packageOf = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Reads the packages of a bundle, by name, from esbuild's list of the files that went into it. */
export function bundledPackages({ inputs }) {
  const folders = new Set(Object.keys(inputs).flatMap((path) => packageOf.exec(path)?.[1] ?? []));
  return [...folders].map(readPackage).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Reads who wrote the package in a folder and what its licence says.
 *
 * Throws when it names none: what must not be passed on must not be bundled.
 */
export function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`${name} names no licence`);
  const holder = typeof author === "string" ? author : (author?.name ?? `the authors of ${name}`);
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  const text = file === undefined ? `${license}, ${holder}` : readFileSync(join(folder, file), "utf8").trim();
  return { name, version, license, holder: holder.replaceAll("\n", " "), text };
}

/** Writes the notices of packages into one text. */
export function formatNotices(packages) {
  const notices = packages.map(
    ({ name, version, license, text }) => `${"-".repeat(76)}\n${name} ${version} (${license})\n\n${text}\n`,
  );
  return `The program files of loginmapd hold code of these packages.\n\n${notices.join("\n")}`;
}
