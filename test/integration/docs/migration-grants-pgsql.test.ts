/** "On PostgreSQL" of the guides in docs/migration/, on a real one: the account's columns are enough, and each is needed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Database } from "../../../src/model/source.ts";
import type { PresetOptions } from "../../../src/source/presets/preset.ts";
import { presetNamed, presetNames } from "../../../src/source/presets/stacks.ts";
import { blocksUnder, readGuides } from "../../support/docs/guides.ts";
import { pgsqlConnection } from "../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../support/fakes/open-source.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";

const guides = readGuides().filter(({ blocks }) => blocks.some(({ section }) => section === "On PostgreSQL"));

let server: Postgresql;

beforeAll(async () => {
  server = await startPostgresql({ databases: ["modoboa", "vmail", "postfix", "loginmapd"] });
});
afterAll(() => server.remove());

test("every stack that can be on PostgreSQL has the section", () => {
  const there = presetNames().filter((name) => name !== "native" && presetNamed(name)?.drivers.includes("pgsql"));
  expect(guides.map(({ name }) => name)).toEqual(there.toSorted());
});

const optionSets: readonly PresetOptions[] = [
  { include_catchall: true, include_list_members: true, alias_depth: 2, extra_owners: ["boss@example.com"] },
  { include_alias: false, include_alias_domain: false, include_catchall: false },
];

/** Opens the preset as the account; the caller closes it. */
function openPreset(database: string, preset: string, password: string, options: PresetOptions): Database {
  return openSource({
    connection: pgsqlConnection({
      hosts: [{ kind: "unix", path: server.socketFolder }],
      user: "loginmapd",
      password,
      database,
      poolSize: 1,
    }),
    queries: { kind: "preset", preset, options },
  });
}

describe.each(guides)("$name", (guide) => {
  const [yaml] = blocksUnder(guide, /^On PostgreSQL/, "yaml");
  const { database, preset } = (parse(yaml?.text ?? "") as { sources: { mail: { database: string; preset: string } } })
    .sources.mail;

  beforeAll(async () => {
    const example = (name: string) => readFileSync(join(projectRoot, "sql", guide.name, name), "utf8");
    const rows = example("example.sql");
    await server.query(`${example("example.pgsql.sql")} ${rows.slice(rows.indexOf("\nINSERT"))}`, database);
    const [sql] = blocksUnder(guide, /^On PostgreSQL/, "sql");
    await server.query("DROP ROLE IF EXISTS loginmapd").catch(() => undefined);
    await server.query((sql?.text ?? "").replace(/<the content of [^>]*>/, "secret"), database);
  });
  afterAll(() => server.query("DROP OWNED BY loginmapd; DROP ROLE loginmapd", database));

  async function told(): Promise<string[]> {
    const found: string[] = [];
    for (const options of optionSets) {
      const source = openPreset(database, preset, "secret", options);
      try {
        for (const { query, error } of await source.report(performance.now() + 20_000))
          found.push(`${query}: ${error ?? "ok"}`);
        for await (const _ of source.listing?.list(new AbortController().signal) ?? []) break;
        found.push(`owner: ${await ownersOf(source, "alice@example.com")}`);
      } catch (error) {
        found.push(`refused: ${(error as Error).message}`);
      } finally {
        await source.close();
      }
    }
    return found;
  }

  test("its configuration is one", () => {
    const head =
      'listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\nmaps: { senders: { source: mail } }\n';
    const { settings } = parseConfig({
      text: `${head}${yaml?.text}`,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: presetNames(),
      readSecretFile: () => ({ text: "0123456789abcdef\n", mode: 0o400 }),
    });
    expect(Object.keys(settings.sources)).toEqual(["mail"]);
  });

  test("with the columns granted every query and the listing run, and nothing else can be read", async () => {
    const lines = await told();
    expect(lines.filter((line) => !/: ok$|^owner: alice@example\.com/.test(line))).toEqual([]);
    const others = await server.query(
      "SELECT count(*)::int AS n FROM information_schema.column_privileges WHERE grantee = 'loginmapd' AND (privilege_type <> 'SELECT' OR column_name ~ 'password')",
      database,
    );
    expect(others).toEqual([{ n: 0 }]);
  });

  test("without any one of them something is refused", async () => {
    const granted = await server.query(
      "SELECT table_name AS t, column_name AS c FROM information_schema.column_privileges WHERE grantee = 'loginmapd'",
      database,
    );
    expect(granted.length).toBeGreaterThan(5);
    for (const { t, c } of granted) {
      await server.query(`REVOKE SELECT (${c}) ON ${t} FROM loginmapd`, database);
      expect((await told()).join("\n"), `without ${t}.${c}`).toContain("permission denied");
      await server.query(`GRANT SELECT (${c}) ON ${t} TO loginmapd`, database);
    }
  });
});

test("our own schema: the account of sql/grants.pgsql.sql can read what is asked, and do nothing else", async () => {
  for (const file of ["native/001-schema.pgsql.sql", "demo/rows.sql", "grants.pgsql.sql"])
    await server.load(join(projectRoot, "sql", file), "loginmapd");
  const source = openPreset("loginmapd", "native", "change-me", {});
  try {
    const reports = await source.report(performance.now() + 20_000);
    expect(reports.map(({ query, error }) => [query, error])).toContainEqual(["address", undefined]);
    expect(reports.filter(({ error }) => error !== undefined)).toEqual([]);
    for await (const _ of source.listing?.list(new AbortController().signal) ?? []) break;
    expect(await ownersOf(source, "alice@example.com")).toEqual(["alice@example.com"]);
  } finally {
    await source.close();
  }
  const held = await server.query(
    "SELECT DISTINCT privilege_type AS held FROM information_schema.table_privileges WHERE grantee = 'loginmapd'",
    "loginmapd",
  );
  expect(held).toEqual([{ held: "SELECT" }]);
  await server.query("DROP OWNED BY loginmapd; DROP ROLE loginmapd", "loginmapd");
});
