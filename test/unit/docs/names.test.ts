/** What the documents for operators name is there under that name, and has the value that they say. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AnyKey, Keys } from "../../../src/config/key.ts";
import { schema } from "../../../src/config/schema.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** Without the line breaks of the text. */
const prose = (path: string) => read(path).replace(/\s+/g, " ");
const documents = ["docs/operations.md", "docs/security.md", "docs/errors.md", "CHANGELOG.md"];
const metrics = read("docs/metrics.md");
const errors = read("docs/errors.md") + read("docs/admin-api.md");
const panels = (JSON.parse(read("deploy/grafana/loginmapd.json")) as { panels: { title: string }[] }).panels;
const source = filesBelow("src")
  .filter((path) => path.endsWith(".ts"))
  .map((path) => read(path))
  .join("\n");
const keys = new Map(flatten(schema, ""));

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

function flatten(node: Keys, prefix: string): [string, AnyKey][] {
  return Object.entries(node).flatMap(([name, key]): [string, AnyKey][] => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (key.kind === "section") return [[path, key], ...flatten(key.keys, path)];
    if (key.kind === "namedSections") return [[path, key], ...flatten(key.keys, `${path}.*`)];
    return key.kind === "sectionList" ? [[path, key], ...flatten(key.keys, `${path}[]`)] : [[path, key]];
  });
}

describe.each(documents)("%s", (path) => {
  const text = read(path);

  test("names keys that the configuration has", () => {
    const named = [...text.matchAll(/`((?:limits|admin|maps|sources|cache|log)\.[A-Za-z_.]*[a-z_])(?:: [^`]*)?`/g)];
    const unknown = named
      .map(([, key = ""]) => key.replace(/^(maps|sources)\.[A-Za-z]+/, "$1.*"))
      .filter((key) => !keys.has(key));
    expect(unknown).toEqual([]);
  });

  test("names metrics that are exposed", () => {
    const named = [...text.matchAll(/`(loginmapd_\w+)/g)].map(([, metric = ""]) => metric);
    // A file of the package, or a list of metrics that begins so.
    const unknown = named.filter((metric) => metric !== "loginmapd_VERSION_ARCH" && !metrics.includes(metric));
    expect(unknown).toEqual([]);
  });

  test("names error codes that are documented", () => {
    const named = [...text.matchAll(/`(ERR_[A-Z_]+)`/g)].map(([, code = ""]) => code);
    expect(named.filter((code) => !errors.includes(`\`${code}\``))).toEqual([]);
  });
});

describe("docs/operations.md", () => {
  test.each([
    "max_connections is reached",
    "database host is down",
    "lookup failed",
    "message deferred",
    "message refused",
    "a login was refused for many addresses",
    "name server not reachable",
    "source cannot be listed",
  ])("tells what to look for in the log: %s", (message) => {
    expect(prose("docs/operations.md")).toContain(message);
    expect(source).toContain(message);
  });

  test.each([
    ["cache.ttl", "60s", "within `cache.ttl` (60 s)"],
    ["cache.negative_ttl", "30s", "within `cache.negative_ttl` (30 s)"],
    ["cache.stale_if_error", "1h", "up to `cache.stale_if_error` (1 h) old"],
    ["limits.lookup_timeout", "10s", "within `limits.lookup_timeout` (10 s)"],
  ])("tells the default of %s", (key, value, sentence) => {
    expect(prose("docs/operations.md")).toContain(sentence);
    expect((keys.get(key) as { readonly fallback?: string }).fallback).toBe(value);
  });

  test("names panels that the dashboard has", () => {
    const named = [...prose("docs/operations.md").matchAll(/panels? "(\w+)"/g)].map(([, title]) => title);
    expect(named).toEqual(["Sources", "Processor", "Versions"]);
    expect(panels.map(({ title }) => title)).toEqual(expect.arrayContaining(named));
  });

  test("names kinds of protocol errors that are counted", () => {
    const kinds = ["not_a_query", "framing", "too_large", "frame_timeout", "write_timeout"];
    expect(kinds.filter((kind) => !prose("docs/operations.md").includes(`\`${kind}\``))).toEqual([]);
    expect(kinds.filter((kind) => !metrics.includes(`\`${kind}\``))).toEqual([]);
  });

  test.each([
    ["src/daemon/snapshots.ts", "intervalMs = 5 * 60_000", "every five minutes"],
    ["src/daemon/snapshots.ts", "rewriteMs = 10_000", "ten seconds after a flush"],
    ["src/source/database.ts", "lookAfterIntervalMs = 3000", "every 3 s while no lookup does"],
    ["src/service/milter-log.ts", "manyAddresses = 10", "ten or more different addresses within an hour"],
  ])("%s has %s: %s", (file, code, sentence) => {
    expect(prose("docs/operations.md")).toContain(sentence);
    expect(read(file)).toContain(code);
  });
});

test("CHANGELOG.md: a list of domains may take the minute that is said", () => {
  expect(prose("CHANGELOG.md")).toContain("is read on a connection of its own, for up to a minute");
  expect(read("src/daemon/map-chain.ts")).toContain("domainsTimeoutMs = 60_000");
});
