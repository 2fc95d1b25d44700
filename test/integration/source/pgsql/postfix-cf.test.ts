/** Files of pgsql_table(5) answered by loginmapd's reader and by Postfix itself (`postmap -q`), on the same PostgreSQL. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import { parsePostfixCf } from "../../../../src/source/postfix-cf/index.ts";
import { answerTo } from "../../../support/fakes/open-source.ts";
import { sqlPlan } from "../../../support/postfix-cf-check.ts";
import { freePort } from "../../../support/servers/ports.ts";
import { makePostfixHome, type PostfixHome } from "../../../support/servers/postfix.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";
import { oddKeys, TableFiles } from "../../../support/table-files.ts";

let server: Postgresql;
let postfix: PostfixHome;

beforeAll(async () => {
  server = await startPostgresql({ databases: ["cases"], sql: rows });
  await server.addReader("postfix", "it''s \\ secret");
  await server.query("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO postfix");
  postfix = await makePostfixHome();
  await speakUtf8(postfix);
});

afterEach(async () => {
  await files.close();
});

afterAll(async () => {
  await postfix.remove();
  await server.remove();
});

/**
 * Gives this Postfix a copy of its pgsql: tables that speaks UTF-8: before 3.8 they are LATIN1 whatever the file says, so that a
 * key beyond ASCII could not be compared.
 */
async function speakUtf8(home: PostfixHome): Promise<void> {
  const folder = join(home.etc, "utf8");
  await mkdir(folder);
  const library = await readFile("/usr/lib/postfix/postfix-pgsql.so", "latin1");
  const file = join(folder, "postfix-pgsql.so");
  await writeFile(file, library.replace("\0LATIN1\0", "\0UTF8\0\0\0"), "latin1");
  await writeFile(join(folder, "dynamicmaps.cf"), `pgsql ${file} dict_pgsql_open\n`);
  await home.setParameter("meta_directory", folder);
}

const rows = `
CREATE EXTENSION citext;
CREATE TYPE pair AS (n int, v text);
CREATE TABLE t (k text NOT NULL, v text, w text, n int, folded citext);
INSERT INTO t (k, v, w, n) VALUES
  ('a@b.c', 'x@y.z', 'w1', 1), ('a@b.c', 'plain', NULL, 2), ('a@b.c', '@dom', '', 3), ('a@b.c', 'x@', 'w4', 4),
  ('u@mail.example.com', 'u', 'v', 1), ('@example.com', 'catch', NULL, 1), ('@mail.example.com', 'mailcatch', NULL, 1),
  ('plain', 'bare', NULL, 1), ('u', 'justu', NULL, 1), ('o''brien@b.c', 'quote', NULL, 1), ('a\\b@b.c', 'backslash', NULL, 1),
  ('"two words"@b.c', 'quoted', NULL, 1), ('two words@b.c', 'unquoted', NULL, 1), ('ü@b.c', 'umlaut', NULL, 1),
  ('日本@b.c', 'nihon', NULL, 1), ('%@b.c', 'percent', NULL, 1), ('_@b.c', 'underscore', NULL, 1), ('null@b.c', NULL, NULL, 1),
  ('empty@b.c', 'e', '', 1), ('list@b.c', 'a,b c', ' d , e ', 1), ('x''u''@b.c', 'odd', NULL, 1), ('x"u"@b.c', 'odd2', NULL, 1),
  ('com.example', 'labels', NULL, 1), ('u+tag@b.c', 'tagged', NULL, 1), ('A@B.C', 'upper', NULL, 1);
UPDATE t SET folded = upper(k);
CREATE TABLE typed (
  k text, b bool, num numeric, big bigint, list text[], bytes bytea, pair pair, span interval, at timestamptz, day date,
  padded char(6), address inet, uuid uuid, f real, j jsonb, m money);
INSERT INTO typed VALUES ('a@b.c', true, 1000000.10, 9007199254740993, ARRAY['a', 'b c', NULL], 'ra', (1, 'alice'),
  '1 day 1 hour', '2026-01-02 03:04:05+00', '2026-01-02', 'ab', '10.0.0.1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 0.1,
  '{"a": [1, null]}', 12.5), ('u', false, 0, 0, '{}', '', NULL, '0', NULL, NULL, '', '::1', NULL, -0.0, 'null', NULL);
CREATE FUNCTION owners(p text) RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT v FROM t WHERE k = p';
CREATE FUNCTION owners(localpart text, domain text) RETURNS TABLE (login text) LANGUAGE sql STABLE
  AS 'SELECT v FROM t WHERE k = localpart || ''@'' || domain';
CREATE FUNCTION one(p text) RETURNS text LANGUAGE sql STABLE AS 'SELECT max(v) FROM t WHERE k = p';
`;

const keys = [...oddKeys, "$1", "$$", "a'||'b@b.c"];

function tableOf(lines: string): string {
  return `hosts = unix:${server.socketFolder}\nuser = postfix\npassword = it's \\ secret\ndbname = cases\n${lines}\n`;
}

const files = new TableFiles("pgsql", () => postfix, tableOf);

const templates = [
  "query = SELECT v FROM t WHERE k='%s'",
  "query = SELECT v, w FROM t WHERE k='%s'",
  "query = SELECT * FROM t WHERE k='%s'",
  "query = SELECT v FROM t WHERE k='%S' ORDER BY n DESC",
  "query = SELECT v FROM t WHERE k='%u'",
  "query = SELECT v FROM t WHERE k='@%d'",
  "query = SELECT v FROM t WHERE k='%u@%d'",
  "query = SELECT v FROM t WHERE k='%1.%2'",
  "query = SELECT v FROM t WHERE k = '%u' || '@' || '%d'",
  "query = SELECT v FROM t WHERE k = CONCAT('%u', '@', '%d')",
  "query = SELECT concat_ws('/', '%1', '%2')",
  "query = SELECT '%s'",
  "query = SELECT '<' || '%s' || '>', length('%u') FROM t WHERE k='%s'",
  "query = SELECT v FROM t WHERE folded = '%s'",
  "query = SELECT v FROM t WHERE k = ANY (ARRAY['%s', '@%d']::text[])",
  "query = SELECT v FROM t WHERE k IN ('%s', '@%d') ORDER BY k",
  "query = SELECT COALESCE(w, v) FROM t WHERE k='%s' AND n::text = '1'",
  "query = SELECT CASE WHEN k = '%s' THEN v END FROM t WHERE k LIKE '%u%%' ORDER BY n, k",
  "query = SELECT v FROM t WHERE lower(k) = lower('%s') ORDER BY n, v",
  "query = SELECT v FROM t WHERE k ~ ('^' || 'zz' || '$') OR k='%s'",
  "query = SELECT v FROM t WHERE k LIKE '%%@%d' ORDER BY k, n",
  "query = SELECT v FROM t WHERE k LIKE '\\%%@%d' ORDER BY k, n",
  "query = SELECT v FROM t WHERE k='x''%u''@b.c'",
  "query = SELECT v FROM t WHERE k=$$x\"u\"@b.c$$ AND '%u' = 'u'",
  "query = SELECT v FROM t WHERE k=E'\\x61\\u0040b.c' AND k = '%s'",
  "query = SELECT string_agg(v, ' ' ORDER BY n) FROM t WHERE k='%s'",
  "query = SELECT v FROM t WHERE k='%s';",
  "query = SELECT v FROM t WHERE k='%s' -- the end",
  "query = SELECT v /* in /* and in */ */ FROM t WHERE k='%s'/**/",
  "query = SELECT v FROM t\n\n# note\n   WHERE k='%s'\n\tAND n < 3",
  "query = SELECT n FROM t WHERE k='%s'",
  "query = SELECT n/3, n*1.5, n=1, NULL, DATE '2020-01-02', TRUE FROM t WHERE k='%s'",
  "query = SELECT * FROM typed WHERE k='%s'",
  "query = SELECT b FROM typed WHERE k='%s'",
  "query = SELECT padded FROM typed WHERE k='%s'",
  "query = SELECT address FROM typed WHERE k='%s'",
  "query = SELECT list FROM typed WHERE k='%s'",
  "query = SELECT at FROM typed WHERE k='%s'",
  "query = SELECT typed FROM typed WHERE k='%s'",
  "query = SELECT v FROM t WHERE k='%s' UNION SELECT w FROM t WHERE k='%s' ORDER BY 1",
  "query = WITH a AS (SELECT v FROM t WHERE k='%s' ORDER BY n) SELECT v FROM a",
  "query = SELECT owners('%s')",
  "query = SELECT login FROM owners('%u', '%d')",
  "query = VALUES ('%u')",
  "query = SET application_name = 'x'",
  "select_function = owners",
  "select_function = one\ntable = t\nselect_field = w\nwhere_field = k",
  "select_function = nosuch\nquery = SELECT v FROM t WHERE k='%s'",
  "table = t\nselect_field = v, w\nwhere_field = k\nadditional_conditions = AND k LIKE '%%@b.c' ORDER BY n",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = %u|%d|%S|%U|%D|%1",
  "query = SELECT v FROM t WHERE k='%s'\ndomain = b.c, ex.com",
  "query = SELECT v FROM t WHERE k='%s'\nexpansion_limit = 10",
  "query = SELECT '$hosts' FROM t WHERE k='%s' AND k::text = k AND NOT (k = ':email')",
];

describe("the same keys get the same answers", () => {
  test.each(templates)("%s", async (lines) => {
    const { ours: mine, theirs } = await files.compare(lines, keys);
    expect(mine).toEqual(theirs);
  });

  test("most of them are answered at all", async () => {
    const { theirs } = await files.compare("query = SELECT v FROM t WHERE k='%s'", keys);
    expect(Object.keys(theirs).length).toBeGreaterThan(15);
  });
});

test("keys that share a round trip get the answers that each gets alone", async () => {
  for (const lines of templates) {
    const file = await files.write(lines);
    const database = files.open(file);
    const alone: (string | undefined)[] = [];
    for (const key of keys) alone.push(await answerTo(database, key));
    expect(await Promise.all(keys.map((key) => answerTo(database, key))), lines).toEqual(alone);
    await files.close();
  }
  const combinable = templates.filter(
    (lines) =>
      sqlPlan(parsePostfixCf(tableOf(lines), "t.cf", { type: "pgsql" })).arms(new Set()).roles.address?.isCombinable,
  );
  expect(combinable.length).toBeGreaterThan(15);
});

describe("where we differ on purpose", () => {
  test.each([
    ["an E'…' string, into which a key can be injected in Postfix itself", "query = SELECT v FROM t WHERE k=E'%s'"],
    ["a $$…$$ string, likewise", "query = SELECT v FROM t WHERE k=$$%s$$"],
  ])("%s, holds the key as it is", async (_rule, lines) => {
    const file = await files.write(lines);
    const { theirs } = await files.compare("query = SELECT v FROM t WHERE k='%s'", keys);
    expect(await files.allOurs(file, keys)).toEqual(theirs);
  });

  test("an injection that Postfix lets through is a key like any other", async () => {
    const file = await files.write("query = SELECT v FROM t WHERE k=E'%s'");
    const key = "\\' OR n = 1 --";
    expect((await postfix.postmap(`pgsql:${file}`, key)).kind).toBe("found");
    expect(await answerTo(files.open(file), key)).toBeUndefined();
  });
});

// postmap waits a second before it ends with a fatal error, so these wait side by side.
describe("no answer there is no answer here", () => {
  test.concurrent.each([
    ["more cells than expansion_limit", "query = SELECT v FROM t WHERE k='%s'\nexpansion_limit = 3"],
    ["a table that is not there", "query = SELECT v FROM no_such_table WHERE k='%s'"],
    ["a function that is not there", "select_function = nosuch"],
    ["text where a number is wanted", "query = SELECT v FROM t WHERE n='%u'"],
    ["a division by zero", "query = SELECT n / 0 FROM t WHERE k='%s'"],
    ["a wrong password", "query = SELECT v FROM t WHERE k='%s'\npassword = wrong"],
    ["a database that is not there", "query = SELECT v FROM t WHERE k='%s'\ndbname = nosuch"],
    ["a host that is not there", "query = SELECT v FROM t WHERE k='%s'\nhosts = unix:/no/such/folder"],
  ])("%s", async (_what, lines) => {
    const file = await files.write(lines);
    const answer = await postfix.postmap(`pgsql:${file}`, "a@b.c");
    expect(answer.kind).toBe("failed");
    await expect(files.answerOnce(file, "a@b.c")).rejects.toThrow(SourceError);
  });

  test("a key that is no pattern is no answer there, nor here, and costs no other key its own", async () => {
    const file = await files.write("query = SELECT v FROM t WHERE k LIKE '%s'");
    expect((await postfix.postmap(`pgsql:${file}`, "\\")).kind).toBe("failed");
    await expect(answerTo(files.open(file), "\\")).rejects.toThrow(SourceError);
    expect(await answerTo(files.open(file), "plain")).toBe("bare");
  });

  test("one key that fails costs no other its answer, and no host its name", async () => {
    const file = await files.write("query = SELECT v FROM t WHERE n='%u' AND k LIKE '%%'");
    const database = files.open(file);
    const asked = ["1@b.c", "alice@b.c", "4@b.c", "日本@b.c"].map((key) => answerTo(database, key).catch(() => "TEMP"));
    const [one, alice, four, nihon] = await Promise.all(asked);
    expect([alice, four, nihon]).toEqual(["TEMP", "x@", "TEMP"]);
    expect(one).toContain("x@y.z");
    expect(database.health().isUp).toBe(true);
  });
});

test("of a dead host and one that lives the second answers, by a URI too", async () => {
  const dead = await freePort();
  const uri = `postgresql://postfix:it's%20%5C%20secret@127.0.0.1:${server.port}/cases`;
  for (const hosts of [`inet:127.0.0.1:${dead} 127.0.0.1:${server.port}`, uri]) {
    const lines = `query = SELECT v FROM t WHERE k='%s'\nhosts = ${hosts}`;
    const file = await files.write(lines);
    expect(await postfix.postmap(`pgsql:${file}`, "plain")).toEqual({ kind: "found", value: "bare" });
    expect(await answerTo(files.open(file), "plain")).toBe("bare");
  }
});
