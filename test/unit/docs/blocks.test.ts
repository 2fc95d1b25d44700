/** Every block of docs/ that a reader copies is run by a test, or it is said why there is nothing to run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { indentedCode, type MarkdownBlock, readBlocks } from "../../support/docs/markdown-blocks.ts";
import { projectRoot } from "../../support/servers/daemon.ts";

interface Row {
  readonly document: string;
  /** Of the blocks that it is about; empty for those without. */
  readonly language: string;
  /** Tests that run every such block of the document, each with a word by which it is seen to read them. */
  readonly runners?: Readonly<Record<string, string>>;
  /** In place of runners: why there is nothing to run. */
  readonly nothing?: string;
}

const rows: readonly Row[] = [
  {
    document: "docs/admin-api.md",
    language: "http",
    runners: {
      "test/unit/sidecar/admin-api-doc.test.ts": "docs/admin-api.md",
      "test/e2e/operations/admin-api.test.ts": "docs/admin-api.md",
    },
  },
  {
    document: "docs/admin-api.md",
    language: "sh",
    runners: { "test/e2e/operations/admin-api.test.ts": "docs/admin-api.md" },
  },
  { document: "docs/architecture.md", language: "", nothing: "a drawing of the layers" },
  {
    document: "docs/configuration.md",
    language: "yaml",
    // The document is generated, and its one example is this constant.
    runners: { "test/unit/docs/generated-files.test.ts": "problemsOf(sampleYaml)" },
  },
  {
    document: "docs/ldap.md",
    language: "",
    runners: {
      "test/integration/docs/ldap-guides.test.ts": "docs/ldap.md",
      "test/integration/docs/ldap-guides-postfix.test.ts": "docs/ldap.md",
    },
  },
  {
    document: "docs/ldap.md",
    language: "python",
    runners: { "test/integration/docs/ldap-guides-postfix.test.ts": "docs/ldap.md" },
  },
  {
    document: "docs/ldap.md",
    language: "yaml",
    runners: { "test/integration/docs/ldap-guides.test.ts": "docs/ldap.md" },
  },
  {
    document: "docs/ldap.md",
    language: "sh",
    nothing: "serves a table file of the reader's machine until Ctrl-C, and reloads the servers of that machine",
  },
  ...["", "yaml"].map((language) => ({
    document: "docs/milter.md",
    language,
    runners: { "test/e2e/postfix/deploy-postfix.test.ts": "docs/milter.md" },
  })),
  { document: "docs/milter.md", language: "sh", nothing: "starts units and reloads the servers of a machine" },
  {
    document: "docs/enforcing.md",
    language: "sh",
    runners: {
      "test/e2e/operations/audit.test.ts": "docs/enforcing.md",
      "test/e2e/operations/doctor.test.ts": "docs/enforcing.md",
    },
  },
  {
    document: "docs/enforcing.md",
    language: "text",
    runners: { "test/e2e/operations/audit.test.ts": "docs/enforcing.md" },
  },
  {
    document: "docs/enforcing.md",
    language: "",
    runners: { "test/e2e/operations/doctor.test.ts": "docs/enforcing.md" },
  },
  {
    document: "docs/performance.md",
    language: "sh",
    runners: { "test/integration/bench/commands.test.ts": "docs/performance.md" },
  },
  { document: "docs/presets.md", language: "", runners: { "test/e2e/docs/presets-doc.test.ts": "docs/presets.md" } },
  { document: "docs/presets.md", language: "sh", runners: { "test/e2e/docs/presets-doc.test.ts": "docs/presets.md" } },
  { document: "docs/presets.md", language: "sql", runners: { "test/e2e/docs/presets-doc.test.ts": "docs/presets.md" } },
  {
    document: "docs/presets.md",
    language: "yaml",
    runners: { "test/unit/docs/presets.test.ts": 'language === "yaml"' },
  },
  ...["socketmap", "tcp_table"].map((language) => ({
    document: "docs/protocol.md",
    language,
    runners: { "test/unit/protocol/docs.test.ts": "docs/protocol.md" },
  })),
  { document: "docs/several-machines.md", language: "", nothing: "a drawing of the machines" },
  { document: "docs/several-machines.md", language: "sh", nothing: "runs a test of this project by its name" },
  {
    document: "docs/several-machines.md",
    language: "yaml",
    runners: { "test/unit/docs/several-machines.test.ts": "docs/several-machines.md" },
  },
];

/** Guides with a test of their own that goes from the first step to the last. */
const ownTests: Readonly<Record<string, string>> = {
  "docs/migration/": "test/unit/docs/migration-guides.test.ts",
};

const documents = readdirSync(join(projectRoot, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)
  .filter((name) => !Object.keys(ownTests).some((folder) => name.startsWith(folder)));
const blocks = documents.flatMap(readBlocks);

const isAbout = (row: Row, block: MarkdownBlock) => row.document === block.document && row.language === block.language;

test("every fenced block is run by a test, or there is nothing to run", () => {
  const forgotten = blocks.filter((block) => !rows.some((row) => isAbout(row, block)));
  expect(forgotten.map(({ document, line, language }) => `${document}, line ${line}: ${language}`)).toEqual([]);
  expect(blocks.length).toBeGreaterThan(40);
});

test("every row is about a block that there is", () => {
  expect(rows.filter((row) => !blocks.some((block) => isAbout(row, block)))).toEqual([]);
});

test("no code is only indented: it would be in no list", () => {
  expect(documents.flatMap(indentedCode)).toEqual([]);
});

describe("the tests that run them", () => {
  const runners = new Map(rows.flatMap(({ runners = {} }) => Object.entries(runners)));

  test.each([...runners])("%s reads %s", (runner, word) => {
    expect(readFileSync(join(projectRoot, runner), "utf8")).toContain(word);
  });

  test.each(Object.entries(ownTests))("%s has %s", (folder, runner) => {
    expect(existsSync(join(projectRoot, folder))).toBe(true);
    expect(readFileSync(join(projectRoot, runner), "utf8")).toContain(folder);
  });
});
