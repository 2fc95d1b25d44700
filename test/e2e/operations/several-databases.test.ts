/**
 * One map over MariaDB, PostgreSQL and a text file, joined (`union`) and in turn (`first`): rows of all of them, and what is still
 * answered while one of them is away.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../../support/servers/daemon.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { nativeSource, type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let postgresql: Postgresql;
let stage: Stage;

// MariaDB has the rows of the demo.
const peopleRows = `
INSERT INTO domains (domain) VALUES ('example.com'), ('people.example');
INSERT INTO logins (login) VALUES ('ada@people.example'), ('boss@people.example'), ('alice@example.com');
INSERT INTO addresses (domain, localpart, login) VALUES ('example.com', 'alice', 'ada@people.example'),
  ('example.com', 'alice', 'alice@example.com'), ('people.example', 'ada', 'ada@people.example');
INSERT INTO catch_alls (domain, login) VALUES ('example.com', 'boss@people.example'), ('people.example', 'boss@people.example')`;

const mapOf = (combine: string) => ({ sources: ["mail", "people", "grants"], combine, recipient_delimiter: "+" });

beforeAll(async () => {
  postgresql = await startPostgresql({ load: [join(projectRoot, "sql/native/001-schema.pgsql.sql")], sql: peopleRows });
  await postgresql.addReader("loginmapd", "reader-password");
  const grants = join(postgresql.folder, "grants");
  await writeFile(grants, "alice@example.com post@example.com\n");
  stage = await startStage({
    config: (mariadb) => ({
      sources: {
        mail: { ...nativeSource(mariadb), listing_interval: "off" },
        people: {
          driver: "pgsql",
          hosts: [`inet:127.0.0.1:${postgresql.port}`],
          user: "loginmapd",
          password: "reader-password",
          database: postgresql.database,
          preset: "native",
          listing_interval: "off",
        },
        grants: { driver: "texthash", path: grants },
      },
      // The stage's tcp_table listener asks `senders`.
      maps: { senders: mapOf("union"), first: mapOf("first") },
    }),
  });
});

afterAll(async () => {
  await stage?.stop();
  await postgresql?.remove();
});

const ask = (map: string, key: string) => askOnce(stage.ports.socketmap, map, key);

test("union joins what each source answers by itself: rows of all, in their order, once", async () => {
  expect(await ask("senders", "alice@example.com")).toBe("OK alice@example.com,ada@people.example,post@example.com");
  expect(await ask("senders", "bob+x@example.com")).toBe("OK bob@example.com,boss@people.example");
  expect(await ask("senders", "any@catch.example")).toBe("OK erin@catch.example");
  expect(await ask("senders", "ada@people.example")).toBe("OK ada@people.example");
  expect(await ask("senders", "a@elsewhere.example")).toBe("NOTFOUND ");
});

test("first asks each key in every source: a mailbox of the first goes before the catch-all of the second", async () => {
  expect(await ask("first", "alice@example.com")).toBe("OK alice@example.com");
  expect(await ask("first", "bob+x@example.com")).toBe("OK bob@example.com");
  expect(await ask("first", "z@example.com")).toBe("OK boss@people.example");
});

describe.each([
  ["union", "senders"],
  ["first", "first"],
])("%s, while one database is away", (_, map) => {
  /** The lookup as the admin endpoint explains it. */
  async function failedSources(address: string): Promise<string[]> {
    const { asks } = (await (await stage.admin(`/v1/lookup?address=${address}&map=${map}`)).json()) as {
      asks: { source: string; state: string }[];
    };
    return [...new Set(asks.filter(({ state }) => state === "failed").map(({ source }) => source))];
  }

  test("a lookup that it could change has no answer, and any other has: PostgreSQL", async () => {
    await postgresql.kill();
    try {
      expect(await ask(map, `new-${map}@people.example`)).toMatch(/^TEMP source unavailable/);
      expect(await ask(map, `new-${map}@example.com`)).toMatch(/^TEMP source unavailable/);
      expect(await ask(map, `new-${map}@catch.example`)).toBe("OK erin@catch.example");
      expect(await ask(map, "newsletter@partner.example")).toBe("OK bob@example.com");
      expect(await ask(map, `new-${map}@elsewhere.example`)).toBe("NOTFOUND ");
      expect(await failedSources(`new-${map}@example.com`)).toEqual(["people"]);
      expect(await stage.metric("loginmapd_source_up", { source: "people" })).toBe(0);
      expect(await stage.metric("loginmapd_source_up", { source: "mail" })).toBe(1);
    } finally {
      await postgresql.start();
    }
    await waitUntil("PostgreSQL to be asked again", async () =>
      (await ask(map, `new-${map}@people.example`)).startsWith("OK boss@people.example"),
    );
  });

  test("the same: MariaDB", async () => {
    await stage.mariadb.kill();
    try {
      expect(await ask(map, `more-${map}@people.example`)).toBe("OK boss@people.example");
      expect(await ask(map, `more-${map}@catch.example`)).toMatch(/^TEMP source unavailable/);
      expect(await ask(map, `more-${map}@example.com`)).toMatch(/^TEMP source unavailable/);
      expect(await failedSources(`more-${map}@example.com`)).toEqual(["mail"]);
    } finally {
      await stage.mariadb.start();
    }
    await waitUntil("MariaDB to be asked again", async () =>
      (await ask(map, `more-${map}@catch.example`)).startsWith("OK erin@catch.example"),
    );
  });
});
