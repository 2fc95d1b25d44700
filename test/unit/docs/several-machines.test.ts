import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { parse } from "../config/support.ts";

const document = "docs/several-machines.md";
const blocks = readBlocks(document);

test("the configuration of each machine is one", () => {
  const [yaml] = blocks.filter(({ language }) => language === "yaml");
  const file = { text: "0123456789abcdef", mode: 0o600 };
  const files = { "/etc/loginmapd/admin-token": file, "/etc/loginmapd/mysql-password": file };
  const { settings, warnings } = parse(yaml?.text ?? "", { files });
  expect(warnings).toEqual([]);
  expect(settings.cache.snapshotFile).toBe("/var/lib/loginmapd/cache");
  expect(settings.sources["mail"]?.connection).toMatchObject({ driver: "mysql", database: "vmail" });
});

test("the test that it names is there", () => {
  const [sh] = blocks.filter(({ language }) => language === "sh");
  const [, file = "", name = ""] = /(test\/\S+\.ts) -t "([^"]+)"/.exec(sh?.text ?? "") ?? [];
  expect(readFileSync(join(projectRoot, file), "utf8")).toContain(`test("${name}`);
});
