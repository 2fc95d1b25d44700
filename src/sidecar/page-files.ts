/** The files of the status page, read once and held in memory: a closed list, so no path of a request reaches the disk. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One file as it is sent. */
export interface PageFile {
  /** Path of the URL. */
  readonly url: string;
  readonly mediaType: string;
  readonly content: Buffer;
  /** Changes with the content (RFC 9110 section 8.8.3). */
  readonly etag: string;
}

const mediaTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const own = [
  "colors.css",
  "page.css",
  "parts.css",
  "forms.css",
  "page.js",
  "charts.js",
  "numbers.js",
  "state.js",
  "tables.js",
  "errors.js",
  "messages.js",
  "forms.js",
  "api.js",
  "elements.js",
  "explanation.js",
  "icon.svg",
];
// scripts/build.mjs copies them beside the page; a checkout that runs from src/ has them in node_modules.
const uplot = ["uPlot.iife.min.js", "uPlot.min.css"];

/**
 * Reads the page: `/` and what it links to under `/page/`.
 *
 * @throws when a file is missing: the program was built wrong
 */
export function readPageFiles(): readonly PageFile[] {
  return [
    toPageFile("/", "index.html", beside("page/index.html")),
    ...own.map((name) => toPageFile(`/page/${name}`, name, beside(`page/${name}`))),
    ...uplot.map((name) => {
      const built = beside(`page/${name}`);
      return toPageFile(
        `/page/${name}`,
        name,
        existsSync(built) ? built : beside(`../../node_modules/uplot/dist/${name}`),
      );
    }),
  ];
}

function toPageFile(url: string, name: string, path: string): PageFile {
  const content = readFileSync(path);
  const etag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
  const mediaType = mediaTypes[name.slice(name.lastIndexOf(".") + 1)];
  if (mediaType === undefined) throw new Error(`no media type for ${name}`);
  return { url, mediaType, content, etag };
}

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
