// Prints debian/copyright (machine-readable format 1.0) for the program and every module that the package brings along.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const program = process.argv[2];
const licence = existsSync("LICENSE") ? readFileSync("LICENSE", "utf8") : "MIT";

function modulesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      if (name.startsWith("@")) return modulesBelow(path);
      if (!existsSync(join(path, "package.json"))) return [];
      return [path, ...modulesBelow(join(path, "node_modules"))];
    });
}

function paragraph(path) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`${name} names no licence`);
  const holder = typeof author === "string" ? author : (author?.name ?? `the authors of ${name}`);
  return [
    `Files: ${path.slice(program.length + 1)}/*`,
    `Copyright: ${holder.replaceAll("\n", " ")}`,
    `License: ${license}`,
    `Comment: ${name} ${version}; its own licence file, where it has one, lies beside it.`,
  ].join("\n");
}

const own = [
  "Files: *",
  "Copyright: 2026 the loginmapd authors",
  "License: MIT",
  ...licence
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? " ." : ` ${line}`)),
].join("\n");
const head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: loginmapd";
const chart = "Files: dist/sidecar/page/uPlot*\nCopyright: 2022 Leon Sorokin\nLicense: MIT";
process.stdout.write(
  `${[head, own, chart, ...modulesBelow(join(program, "node_modules")).map(paragraph)].join("\n\n")}\n`,
);
