/** Postfix's own table files: turned into a configuration that gives the same answers, or asked as they are. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePlace, type Place, runHere } from "./support.ts";

let place: Place;
let file: string;
beforeEach(async () => {
  place = await makePlace();
  file = join(place.path, "table.cf");
  await table("query = SELECT login FROM senders WHERE address = '%s'\nnonsense = 1");
});
afterEach(() => place.remove());

const table = (lines: string) => writeFile(file, `dbpath = ${place.database}\n${lines}\n`, { mode: 0o600 });
const flags = () => ["--postfix-cf", `sqlite:${file}`, "--recipient-delimiter", "+", "--local-domain", "example.com"];

test("what is printed is a configuration with the same owners; what Postfix ignores is said", async () => {
  const { code, stdout, stderr } = await runHere("import", `sqlite:${file}`);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^loginmapd: nonsense: unknown to Postfix, .*table\.cf line 3\)\n$/);
  const imported = join(place.path, "imported.yaml");
  await writeFile(imported, stdout, { mode: 0o600 });
  const asked = await runHere("lookup", "sales+spring@example.com", "--json", "-c", imported);
  expect(asked.code).toBe(0);
  expect(JSON.parse(asked.stdout)).toMatchObject({ outcome: "ok", owners: ["alice", "bob"] });
});

test("a file that is not there is a wrong configuration", async () => {
  const gone = join(place.path, "gone.cf");
  expect(await runHere("import", `sqlite:${gone}`)).toMatchObject({
    code: 78,
    stdout: "",
    stderr: expect.stringContaining(`${gone}: no such file`),
  });
});

test("asked as it is, it has the same owners", async () => {
  const { code, stdout } = await runHere("lookup", "sales+spring@example.com", "--json", ...flags());
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: "ok", owners: ["alice", "bob"] });
});

test("a query that the database refuses is named by the line of the table file", async () => {
  await table("query = SELECT absent FROM senders WHERE address = '%s'");
  const { code, stdout } = await runHere("check", "--connect", ...flags());
  expect(code).toBe(78);
  expect(stdout).toMatch(/^ {2}address {2}ERROR .*no such column: absent.* \(\S+table\.cf line 2\)$/m);
});
