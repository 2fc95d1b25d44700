/** Table files answered by loginmapd's reader and by Postfix itself (`postmap -q`), on the same MariaDB. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, SourceError } from "../../../src/model/errors.ts";
import { openPostfixCf, parsePostfixCf } from "../../../src/source/postfix-cf/index.ts";
import { answerTo, ownersOf } from "../../support/fakes/open-source.ts";
import { sqlPlan } from "../../support/postfix-cf-check.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePort } from "../../support/servers/ports.ts";
import { makePostfixHome, type PostfixHome, type PostmapAnswer } from "../../support/servers/postfix.ts";
import { postmapAll } from "../../support/servers/postmap-all.ts";
import { oddKeys as keys, TableFiles } from "../../support/table-files.ts";
import { odd, rows, templates } from "./postfix-cf-cases.ts";
import { stacks } from "./stack-cases.ts";

let mariadb: Mariadb;
let postfix: PostfixHome;

beforeAll(async () => {
  mariadb = await startMariadb({ databases: ["cases", ...stacks.map(({ name }) => name)] });
  for (const { name } of stacks) {
    const file = join(import.meta.dirname, `../../../sql/${name}/example.sql`);
    await mariadb.query(`USE \`${name}\`; ${readFileSync(file, "utf8")}`);
  }
  await mariadb.query(rows);
  await mariadb.query(odd);
  await mariadb.query(
    "CREATE USER postfix@localhost IDENTIFIED BY 'it''s \\\\ secret'; GRANT ALL ON *.* TO postfix@localhost; CREATE USER postfix@'127.0.0.1' IDENTIFIED BY 'it''s \\\\ secret'; GRANT ALL ON *.* TO postfix@'127.0.0.1'",
  );
  postfix = await makePostfixHome();
});

afterEach(async () => {
  await files.close();
});

afterAll(async () => {
  await postfix.remove();
  await mariadb.remove();
});

function tableOf(lines: string, database = "cases"): string {
  return `hosts = unix:${mariadb.socket}\nuser = postfix\npassword = it's \\ secret\ndbname = ${database}\n${lines}\n`;
}

const files = new TableFiles("mysql", () => postfix, tableOf);

describe("the same keys get the same answers", () => {
  test.each(templates)("%s", async (lines) => {
    const { ours: mine, theirs } = await files.compare(lines, keys);
    expect(mine).toEqual(theirs);
  });

  test("some of them are answered at all", async () => {
    const { theirs } = await files.compare("query = SELECT v FROM t WHERE k='%s'", keys);
    expect(Object.keys(theirs).length).toBeGreaterThan(15);
  });

  test("a file with CRLF line ends", async () => {
    const { ours: mine, theirs } = await files.compare("query = SELECT v\r\n FROM t\r\n WHERE k='%s'\r", keys);
    expect(mine).toEqual(theirs);
    expect(mine["plain"]).toBe("bare");
  });
});

describe("columns that hold no text are written as Postfix gets them", () => {
  const odds = ["a@b.c", "u@b.c", "x@b.c", "y@b.c", "z@b.c"];
  const columns = [
    "zero",
    "y",
    "f",
    "d2",
    "d",
    "t",
    "dt",
    "b",
    "dec_",
    "big",
    "fz",
    "js",
    "e",
    "bl",
    "f*2",
    "d2+0",
    "NOW(3)-NOW(3)",
    "1e-13,1e-14,1e-15,1e-16,1e-17,1.5e-15,1.2345678901e-12,1.25e-14,-1e-15,99e14,-1e14",
  ];

  test.each(columns)("%s, alone and with other keys", async (column) => {
    const lines = `query = SELECT ${column} FROM odd WHERE k='%s'`;
    const { ours: mine, theirs } = await files.compare(lines, odds);
    expect(mine).toEqual(theirs);
    const database = files.open(await files.write(lines));
    await answerTo(database, "a@b.c");
    const together = await Promise.all(odds.map((key) => answerTo(database, key)));
    expect(together).toEqual(odds.map((key) => theirs[key]));
  });
});

describe("keys that share a round trip get the answers that each gets alone", () => {
  test.each(templates)("%s", async (lines) => {
    const file = await files.write(lines);
    const database = files.open(file);
    const alone: (string | undefined)[] = [];
    for (const key of keys) alone.push(await answerTo(database, key));
    expect(await Promise.all(keys.map((key) => answerTo(database, key)))).toEqual(alone);
  });

  test("most templates can share one", () => {
    const combinable = templates.filter((lines) => {
      return sqlPlan(parsePostfixCf(tableOf(lines), "t.cf")).arms(new Set()).roles.address?.isCombinable;
    });
    expect(combinable.length).toBeGreaterThan(25);
  });
});

test("of a dead inet host, a dead socket and one that lives the last answers", async () => {
  const [deadPort, gone] = [await freePort(), `${mariadb.folder}/gone.sock`];
  const lines = `query = SELECT v FROM t WHERE k='%s'\nhosts = inet:127.0.0.1:${deadPort} unix:${gone} unix:${mariadb.socket}`;
  const file = await files.write(lines);
  expect(await postfix.postmap(`mysql:${file}`, "plain")).toEqual({ kind: "found", value: "bare" });
  const database = files.open(file);
  expect(await answerTo(database, "plain")).toBe("bare");
  const states = database.health().hosts.map(({ endpoint, isUp }) => [endpoint, isUp]);
  // Sockets before the network, as Postfix tries them; the inet host is not needed and so not tried.
  expect(states).toEqual([
    [`unix:${gone}`, false],
    [`unix:${mariadb.socket}`, true],
    [`inet:127.0.0.1:${deadPort}`, true],
  ]);
});

test("of a dead socket, a dead inet host and one that lives the last answers", async () => {
  const dead = await freePort();
  const lines = `query = SELECT v FROM t WHERE k='%s'\nhosts = unix:${mariadb.folder}/gone.sock 127.0.0.1:${dead} 127.0.0.1:${mariadb.port}`;
  const file = await files.write(lines);
  expect(await answerTo(files.open(file), "plain")).toBe("bare");
});

// postmap waits a second before it ends with a fatal error, so these wait side by side.
describe("no answer there is no answer here", () => {
  test.concurrent.each([
    ["more cells than expansion_limit", "query = SELECT v FROM t WHERE k='%s'\nexpansion_limit = 3"],
    ["two columns over the limit of one", "query = SELECT 1, 2\nexpansion_limit = 1"],
    ["no result set", "query = DO 1"],
    ["a procedure without one", "query = CALL none('%s')"],
    ["a table that is not there", "query = SELECT v FROM no_such_table WHERE k='%s'"],
    ["the faulty query of the guides", "query = SELECT mail_user.email FROM t,u WHERE mail_user.email='%s'"],
  ])("%s", async (_what, lines) => {
    const file = await files.write(lines);
    const answer = await postfix.postmap(`mysql:${file}`, "a@b.c");
    expect(answer.kind).toBe("failed");
    await expect(files.answerOnce(file, "a@b.c")).rejects.toThrow(SourceError);
  });

  test("no answer to a later key does not matter where an earlier one is answered", async () => {
    const lines =
      "query = SELECT v FROM t WHERE k='%s' OR (k='a@b.c' AND '%s'='@mail.example.com')\nexpansion_limit = 1";
    const file = await files.write(lines);
    const database = files.open(file);
    await expect(answerTo(database, "@mail.example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_RESULT" });
    for (let i = 0; i < 3; i++) expect(await ownersOf(database, "u@mail.example.com")).toEqual(["u"]);
    await expect(ownersOf(database, "nobody@mail.example.com")).rejects.toMatchObject({ code: "ERR_SOURCE_RESULT" });
  });

  test("a key that the column cannot hold has no owner, and the next key is answered", async () => {
    const file = await postfix.writeTable(
      "poison.cf",
      tableOf("query = SELECT v FROM ascii_t WHERE k=CONCAT('%u', '@', d)"),
    );
    const database = files.open(file);
    expect(await answerTo(database, "日本@b.c")).toBeUndefined();
    expect(await answerTo(database, "a@b.c")).toBe("plain ascii");
    expect((await postfix.postmap(`mysql:${file}`, "日本@b.c")).kind).toBe("failed");
  });
});

describe("what Postfix refuses to open is refused", () => {
  test.concurrent.each([
    ["an invalid expansion", "query = SELECT '%x'"],
    ["a % at the end", "query = SELECT 1%"],
    ["an invalid result_format", "query = SELECT 1\nresult_format = %z"],
    ["an empty result_format", "query = SELECT 1\nresult_format ="],
    ["an empty dbname", "query = SELECT 1\ndbname ="],
    ["no whole number", "query = SELECT 1\nexpansion_limit = 1x"],
    ["a number out of range", "query = SELECT 1\nexpansion_limit = 2147483648"],
    ["neither yes nor no", "query = SELECT 1\nrequire_result_set = true"],
    ["a line without =", "query = SELECT 1\nbroken line"],
    ["a name with a blank", "que ry = SELECT 1"],
    ["the legacy form without where_field", "table = t\nselect_field = v"],
    ["no query at all", "# nothing"],
    ["an unknown port", "query = SELECT 1\nhosts = 127.0.0.1:no-such-service"],
    ["no pattern after !", "query = SELECT 1\ndomain = !"],
    ["a domain file that is not there", "query = SELECT 1\ndomain = /no/such/file"],
    ["an inline table without =", "query = SELECT 1\ndomain = inline:{ ex.com }"],
  ])("%s", async (_what, lines) => {
    const file = await files.write(lines);
    const answer: PostmapAnswer = await postfix.postmap(`mysql:${file}`, "a@b.c");
    expect(answer).toMatchObject({ kind: "failed", message: expect.stringMatching(/fatal|error/) });
    expect(() => openPostfixCf(file)).toThrow(ConfigError);
  });
});

describe("names that Postfix ignores", () => {
  test.each([
    ["an indented first line", " query = SELECT 'lost'\nquery = SELECT 'kept'"],
    ["quotes around a value", "query = SELECT 'kept'\nresult_format = '%s'"],
    ["a $name", "query = SELECT '$hosts'"],
    ["a comment behind a value", "query = SELECT v FROM t WHERE k='%s'\nresult_format = %s # note"],
  ])("%s", async (_what, lines) => {
    const file = await postfix.writeTable("odd.cf", `${lines}\n${tableOf("")}`);
    const answer = await postfix.postmap(`mysql:${file}`, "plain");
    const value = answer.kind === "found" ? answer.value : undefined;
    expect(value).toBeDefined();
    expect(await answerTo(files.open(file), "plain")).toBe(value);
  });
});

describe.each(stacks.filter(({ shipped }) => shipped !== undefined))(
  "the table that $name ships",
  ({ name, shipped, presets }) => {
    const { cf, owners } = shipped ?? { cf: "", owners: {} };
    let file: string;

    beforeAll(async () => {
      file = await postfix.writeTable(`${name}.cf`, tableOf(cf, name));
    });

    test("finds the owners that were measured with Postfix", async () => {
      const database = files.open(file);
      const found: Record<string, string> = {};
      for (const address of Object.keys(owners)) {
        found[address] = (await ownersOf(database, address)).map(localpart).join(",") || "-";
      }
      expect(found).toEqual(owners);
    });

    test("answers every single key as postmap does", async () => {
      const asked = [
        ...new Set([
          ...Object.keys(owners),
          ...presets.flatMap(({ want }) => Object.keys(want)).filter((address) => address === address.toLowerCase()),
          "@catch.test",
          "@example.com",
          "alice",
          "alice+tag@example.com",
          "o'brien@example.com",
          "%@example.com",
          "_lice@example.com",
        ]),
      ].filter((address) => !/[^\0-\x7f]/.test(address));
      expect(await files.allOurs(file, asked)).toEqual(await postmapAll(postfix, `mysql:${file}`, asked));
    });
  },
);

function localpart(login: string): string {
  return login.replace(/@.*/, "");
}
