// Prints debian/copyright (machine-readable format 1.0) for the program, what is bundled with it and every module beside it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPackage } from "./third-party.mjs";

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
  const { name, version, license, holder } = readPackage(path);
  return [
    `Files: ${path.slice(program.length + 1)}/*`,
    `Copyright: ${holder}`,
    `License: ${license}`,
    `Comment: ${name} ${version}; its own licence file, where it has one, lies beside it.`,
  ].join("\n");
}

// A further line of a field begins with a blank; an empty one has a dot.
const asField = (text) => text.split("\n").map((line) => (line.trim() === "" ? " ." : ` ${line}`));

const own = ["Files: *", "Copyright: 2026 the loginmapd authors", "License: MIT", ...asField(licence.trim())].join(
  "\n",
);
const notices = readFileSync(join(program, "dist/third-party-licences.txt"), "utf8").trim();
const licences = [...notices.matchAll(/^-{76}\n\S+ \S+ \((.+)\)$/gm)].map(([, name]) => name);
const bundled = [
  "Files: dist/*.js",
  "Copyright: 2026 the loginmapd authors, and the authors of the packages below",
  `License: ${[...new Set(["MIT", ...licences])].join(" and ")}`,
  ...asField(notices),
].join("\n");
const head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: loginmapd";
const chart = "Files: dist/page/uPlot*\nCopyright: 2022 Leon Sorokin\nLicense: MIT";
process.stdout.write(
  `${[head, own, bundled, chart, ...modulesBelow(join(program, "node_modules")).map(paragraph)].join("\n\n")}\n`,
);
