/** Files of ldap_table(5) answered by loginmapd's reader and by Postfix itself (`postmap -q`), on the same slapd. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../../src/config/parse.ts";
import { SourceError } from "../../../../src/model/errors.ts";
import type { SourceSettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { toYaml } from "../../../../src/source/postfix-cf/to-yaml.ts";
import { answerTo, openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { siteLdif } from "../../../support/ldap-site.ts";
import { ldapKeys, ldapTables } from "../../../support/ldap-tables.ts";
import { makePostfixHome, type PostfixHome } from "../../../support/servers/postfix.ts";
import { postmapAll } from "../../../support/servers/postmap-all.ts";
import { run } from "../../../support/servers/processes.ts";
import { type Slapd, startSlapd, suffix } from "../../../support/servers/slapd.ts";

let server: Slapd;
let postfix: PostfixHome;
const opened: Database[] = [];

beforeAll(async () => {
  server = await startSlapd({ ldif: siteLdif });
  postfix = await makePostfixHome();
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await postfix?.remove();
  await server?.remove();
});

let tables = 0;

async function tableFile(lines: string): Promise<string> {
  const host = lines.includes("server_host") ? "" : `server_host = ${server.uri}\n`;
  return postfix.writeTable(`case-${tables++}.cf`, `${host}${lines}\n`);
}

function open(file: string): Database {
  const overrides = { poolSize: 2, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
  const database = openSource({
    connection: undefined,
    queries: { kind: "postfix_cf", file: `ldap:${file}`, overrides },
  });
  opened.push(database);
  return database;
}

/** The values of an answer in an order of their own: LDAP promises none (tables of several entries). */
function sorted(answer: string): string {
  return answer.split(",").sort().join(",");
}

/** What each answers to every key; an answer of Postfix that is a failure is `TEMP`. */
async function compare(lines: string, keys: readonly string[]) {
  const file = await tableFile(lines);
  const database = open(file);
  const ours: Record<string, string> = {};
  const failing: string[] = [];
  for (const key of keys) {
    const answer = await answerTo(database, key).catch((error: unknown) => {
      expect(error).toBeInstanceOf(SourceError);
      failing.push(key);
      return "TEMP";
    });
    if (answer !== undefined) ours[key] = sorted(answer);
  }
  const others = keys.filter((key) => !failing.includes(key));
  const answered = others.length === 0 ? {} : await postmapAll(postfix, `ldap:${file}`, others);
  const theirs = Object.fromEntries(Object.entries(answered).map(([key, answer]) => [key, sorted(answer)]));
  for (const key of failing) theirs[key] = await alone(file, key);
  return { theirs, ours };
}

/** One key by a postmap of its own, whose failure ends it. */
async function alone(file: string, key: string): Promise<string> {
  const { stdout, stderr } = await run("postmap", ["-c", postfix.etc, "-q", key, `ldap:${file}`]);
  return /fatal|error/i.test(stderr) ? "TEMP" : sorted(stdout.trim());
}

describe("answers as Postfix does", () => {
  test.each(Object.entries(ldapTables))("%s", async (_, lines) => {
    const { theirs, ours } = await compare(lines, ldapKeys);
    expect(ours).toEqual(theirs);
  });

  test("the files of YunoHost and Univention find the people and the aliases of these sites, and no one else", async () => {
    const keys = ["y@yuno.example", "yann@yuno.example", "office@ucs.example", "ute@elsewhere.example"];
    const answered = async (name: string) => (await compare(ldapTables[name] as string, keys)).theirs;
    expect(await answered("yunohost")).toEqual({ "y@yuno.example": "yves" });
    expect(await answered("univention")).toEqual({ "office@ucs.example": "ute@ucs.example,uwe@ucs.example" });
  });

  test("most tables find somebody", async () => {
    const found = await Promise.all(
      Object.values(ldapTables).map(async (lines) => {
        const database = open(await tableFile(lines));
        const answers = await Promise.all(ldapKeys.map((key) => answerTo(database, key).catch(() => undefined)));
        return answers.filter((answer) => answer !== undefined).length;
      }),
    );
    expect(found.filter((count) => count > 0).length).toBeGreaterThanOrEqual(Object.keys(ldapTables).length - 1);
  });
});

/** What both answer to one key each of many tables, by the name of the row: at once, since a failing postmap takes a second. */
async function compareRows(rows: readonly (readonly [name: string, lines: string, key?: string])[]) {
  const compared = await Promise.all(
    rows.map(async ([name, lines, key = "alice@example.com"]) => {
      const { theirs, ours } = await compare(lines, [key]);
      return [name, { theirs: theirs[key], ours: ours[key] }] as const;
    }),
  );
  return Object.fromEntries(compared);
}

function both(answer: string) {
  return { theirs: answer, ours: answer };
}

const groups = `search_base = ${suffix}\nquery_filter = (mail=%s)\nresult_attribute = uid\n`;
const members = `${groups}special_result_attribute = member\n`;
const urls = `${groups}special_result_attribute = memberUrl\n`;
const many = `search_base = ou=people,${suffix}\nquery_filter = (mail=*%d)\nresult_attribute = uid\n`;

test("follows groups as far as Postfix does, and fails where it fails", async () => {
  expect(
    await compareRows([
      ["members of members, without one that is not there", members, "team@example.com"],
      ["an URL names a search and attributes, its host does not count", urls, "urls@example.com"],
      ["terminal attributes end it", `${members}terminal_result_attribute = maildrop`, "end@example.com"],
      ["a circle", members, "circle@example.com"],
      ["a malformed URL", urls, "badurl@example.com"],
      ["more values than the expansion limit", `${members}expansion_limit = 2`, "team@example.com"],
      ["as many values as the expansion limit", `${members}expansion_limit = 3`, "team@example.com"],
      ["deeper than the recursion limit", `${members}recursion_limit = 2`, "team@example.com"],
      ["as deep as the recursion limit", `${members}recursion_limit = 3`, "team@example.com"],
      ["more entries than the size limit", `${many}size_limit = 2`, "x@example.com"],
      [
        "more entries than the expansion limit, which is the size limit too",
        `${many}expansion_limit = 2`,
        "x@example.com",
      ],
    ]),
  ).toEqual({
    "members of members, without one that is not there": both("alice,bob,carol"),
    "an URL names a search and attributes, its host does not count": both("alice,bob,erin"),
    "terminal attributes end it": both("final@example.com"),
    "a circle": both("TEMP"),
    "a malformed URL": both("TEMP"),
    "more values than the expansion limit": both("TEMP"),
    "as many values as the expansion limit": both("alice,bob,carol"),
    "deeper than the recursion limit": both("TEMP"),
    "as deep as the recursion limit": both("alice,bob,carol"),
    "more entries than the size limit": both("TEMP"),
    "more entries than the expansion limit, which is the size limit too": both("TEMP"),
  });
});

const query = `search_base = ${suffix}\nquery_filter = (mail=%s)\nresult_attribute = uid\n`;

test("a failure is never an answer", async () => {
  const rows: [string, string][] = [
    ["a base that is not there", "search_base = dc=nowhere\nquery_filter = (mail=%s)"],
    ["a password that is wrong", `${query}bind_dn = cn=reader,${suffix}\nbind_pw = wrong`],
    ["a DN without password", `${query}bind_dn = cn=reader,${suffix}`],
    ["a server that is not there", `server_host = ldap://127.0.0.1:1\n${query}`],
    ["StartTLS with a certificate of nobody known", `${query}start_tls = yes\ntls_require_cert = yes`],
    ["ldaps: with a certificate of nobody known", `server_host = ${server.secureUri}\n${query}tls_require_cert = yes`],
    ["ldaps: where TLS is not spoken", `server_host = ldaps://127.0.0.1:${server.port}\n${query}tls_require_cert = no`],
  ];
  expect(await compareRows(rows)).toEqual(Object.fromEntries(rows.map(([name]) => [name, both("TEMP")])));
});

describe("reaches the directory", () => {
  const bind = `bind_dn = cn=reader,${suffix}\nbind_pw = reader\n`;

  test.each([
    ["by StartTLS", () => `${query}start_tls = yes\ntls_require_cert = yes\ntls_ca_cert_file = ${server.caFile}`],
    [
      "by ldaps:",
      () => `server_host = ${server.secureUri}\n${query}tls_require_cert = yes\ntls_ca_cert_file = ${server.caFile}`,
    ],
    ["by ldaps: believing any server", () => `server_host = ${server.secureUri}\n${query}tls_require_cert = no`],
    ["by ldapi:", () => `server_host = ${server.socketUri}\n${query}`],
    ["by name and port", () => `server_host = 127.0.0.1:${server.port}\n${query}`],
    ["by server_port", () => `server_host = 127.0.0.1\nserver_port = ${server.port}\n${query}`],
    ["past a server that is gone", () => `server_host = ldap://127.0.0.1:1 ${server.uri}\n${query}`],
    ["with a password", () => `${query}${bind}`],
    ["as nobody, whatever bind_dn says", () => `${query}bind = none\nbind_dn = cn=reader,${suffix}\nbind_pw = wrong`],
    ["following aliases only when told", () => `${query}dereference = 3`],
  ])("%s", async (_, lines) => {
    const { theirs, ours } = await compare(lines(), ["alice@example.com", "nobody@example.com"]);
    expect(ours).toEqual({ "alice@example.com": "alice" });
    expect(theirs).toEqual(ours);
  });
});

describe("import writes filters that answer as the table does", () => {
  const addresses = ldapKeys.filter((key) => /^[^@ ]+@[^@ ]+$/.test(key) || key.startsWith("two words"));

  test.each(Object.entries(ldapTables))("%s", async (name, lines) => {
    const file = await tableFile(lines);
    const { yaml } = toYaml([`ldap:${file}`]);
    const { settings } = parseConfig({
      text: yaml,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: [],
      readSecretFile: () => ({ text: "password\n", mode: 0o400 }),
    });
    const [source] = Object.values(settings.sources);
    expect(source?.queries.kind).toBe(kept.has(name) ? "postfix_cf" : "filters");
    const [theirs, ours] = [open(file), openSource(source as SourceSettings)];
    opened.push(ours);
    const told = async (database: Database) =>
      Object.fromEntries(
        await Promise.all(
          addresses.map(
            async (key) => [key, [...(await ownersOf(database, key).catch(() => ["TEMP"]))].sort()] as const,
          ),
        ),
      );
    expect(await told(ours)).toEqual(await told(theirs));
  });

  /** Whose file says what filters cannot. */
  const kept = new Set(["kolab-aliases", "terminal-attribute", "result-format", "labels", "limits"]);
});
