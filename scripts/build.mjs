// Bundles src/ into few files in dist/, or in the directory given, beside what the program reads at run time.
//
// What `dependencies` of package.json lists stays outside and is installed with the program: packages with native code.
// Everything else that src/ imports is bundled (docs/decisions/0016-bundle.md).
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { copyLazyParts, lazyParts } from "./lazy-parts.mjs";
import { keepSources } from "./source-maps.mjs";
import { bundledPackages, formatNotices } from "./third-party.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = resolve(process.argv[2] ?? join(root, "dist"));
process.chdir(root);
const { dependencies, engines } = JSON.parse(readFileSync("package.json", "utf8"));

const { metafile, outputFiles } = await build({
  entryPoints: ["src/main.ts"],
  // As if it went to dist/ always, since the source maps tell the way from there to src/: the same bytes wherever they go.
  outdir: "dist",
  write: false,
  bundle: true,
  // A file for each import() and one for what several of them share: a command reads no more than it runs.
  splitting: true,
  format: "esm",
  platform: "node",
  target: `node${engines.node.replace(/^>=/, "")}`,
  external: Object.keys(dependencies),
  plugins: [lazyParts],
  // CommonJS packages call require for what Node brings.
  banner: {
    js: 'import { createRequire as createBundleRequire } from "node:module";\nconst require = createBundleRequire(import.meta.url);',
  },
  // Stack traces name our files and lines, without a second copy of the sources.
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
for (const { path, contents, text } of outputFiles) {
  writeFileSync(join(output, basename(path)), path.endsWith(".map") ? keepSources(text, "../src/") : contents);
}
writeFileSync(join(output, "third-party-licences.txt"), formatNotices(bundledPackages(metafile)));
copyLazyParts(output);

// The files of the status page lie beside the code that reads them, and with them its charting library.
const page = join(output, "page");
cpSync("src/sidecar/page", page, { recursive: true });
for (const name of ["uPlot.iife.min.js", "uPlot.min.css"]) cpSync(`node_modules/uplot/dist/${name}`, join(page, name));
cpSync("node_modules/uplot/LICENSE", join(page, "uPlot.LICENSE"));
chmodSync(join(output, "main.js"), 0o755);
