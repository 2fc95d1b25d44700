/** The triggers of sql/notify.pgsql.sql on a real PostgreSQL, and who hears them. */
import { getEventListeners } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { ChangeWatch } from "../../../../src/model/listing.ts";
import type { Endpoint } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { pgsqlConnection } from "../../../support/fakes/connections.ts";
import { openSource } from "../../../support/fakes/open-source.ts";
import { startPgbouncer } from "../../../support/servers/pgbouncer.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";
import { waitUntil } from "../../../support/wait.ts";

const sql = (path: string) => join(import.meta.dirname, "../../../../sql", path);

let server: Postgresql;
const opened: { readonly database: Database; readonly watch: ChangeWatch }[] = [];

beforeAll(async () => {
  server = await startPostgresql({ databases: ["native", "bare", "modoboa"], settings: ["wal_level = replica"] });
  for (const database of ["native", "bare"]) await server.load(sql("native/001-schema.pgsql.sql"), database);
  await server.load(sql("modoboa/example.pgsql.sql"), "modoboa");
  await server.query(
    "ALTER TABLE core_user ADD COLUMN last_login timestamptz; INSERT INTO core_user (username, email) VALUES ('a', 'a@x.test')",
    "modoboa",
  );
  // Twice: an upgrade runs it again.
  for (const database of ["native", "modoboa", "native"]) await server.load(sql("notify.pgsql.sql"), database);
  for (const database of ["native", "bare", "modoboa"]) await server.addReader("reader", "r", database);
});

afterEach(async () => {
  for (const { database, watch } of opened.splice(0)) {
    await watch.close();
    await database.close();
  }
});

afterAll(() => server.remove());

/** Watches a database; counts the hints. */
async function watch(
  database: string,
  host: Endpoint = { kind: "unix", path: server.socketFolder },
  preset = "native",
) {
  const source = openSource({
    connection: pgsqlConnection({
      hosts: [host],
      password: "r",
      database,
    }),
    queries: { kind: "preset", preset, options: {} },
  });
  const hints = { count: 0 };
  const watching = source.listing?.watchChanges(() => {
    hints.count++;
  });
  if (watching === undefined) throw new Error("a preset can be listed");
  opened.push({ database: source, watch: watching });
  await watching.ready;
  return { hints, state: () => watching.state() };
}

test("a commit is heard, once for a transaction, whatever it does; a rollback is not", async () => {
  const { hints, state } = await watch("native");
  expect(state()).toEqual({ signal: "notify", advice: "" });
  await server.query("BEGIN; INSERT INTO domains (domain) VALUES ('rolled.test'); ROLLBACK", "native");
  for (const [i, statement] of [
    "INSERT INTO domains (domain) VALUES ('a.test'), ('b.test'); INSERT INTO logins (login) VALUES ('alice')",
    "UPDATE logins SET active = 0",
    "DELETE FROM domains",
    "TRUNCATE send_as_grants",
  ].entries()) {
    await server.query(`BEGIN; ${statement}; COMMIT`, "native");
    await waitUntil(`the hint of ${statement}`, () => hints.count > i);
    expect(hints.count).toBe(i + 1);
  }
});

test("a login that Modoboa notes is no change", async () => {
  const { hints } = await watch("modoboa", undefined, "modoboa");
  await server.query("UPDATE core_user SET last_login = now()", "modoboa");
  await server.query("UPDATE core_user SET is_active = false", "modoboa");
  await waitUntil("the change to be heard", () => hints.count > 0);
  expect(hints.count).toBe(1);
});

test("a connection that was lost is opened again, counts as a change and leaves nothing behind", async () => {
  const listening = vi.spyOn(EventTarget.prototype, "addEventListener");
  const { hints, state } = await watch("native");
  const signals = new Set(listening.mock.contexts.filter((target) => target instanceof AbortSignal));
  listening.mockRestore();
  const held = () => Math.max(...[...signals].map((signal) => getEventListeners(signal, "abort").length));
  const heldAtFirst = held();
  await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loginmapd'");
  await waitUntil("the hint of a new connection", () => hints.count > 0);
  await waitUntil("it to listen again", async () => {
    const before = hints.count;
    await server.query("UPDATE logins SET active = 1", "native");
    return hints.count > before;
  });
  expect(state().signal).toBe("notify");
  expect(held()).toBe(heldAtFirst);
});

test("without triggers there is no signal, until somebody sends one", async () => {
  const { hints, state } = await watch("bare");
  expect(state()).toMatchObject({ signal: undefined, advice: expect.stringContaining("sql/notify.pgsql.sql") });
  await server.query("NOTIFY loginmapd", "bare");
  await waitUntil("the message to be heard", () => hints.count > 0);
  expect(state().signal).toBe("notify");
});

test("behind a pooler and on a standby nothing can be heard, and it is said", async () => {
  const pooler = await startPgbouncer(server, { reader: "r" });
  const pooled = await watch("native", { kind: "inet", host: "127.0.0.1", port: pooler.port });
  expect(pooled.state()).toMatchObject({ signal: undefined, advice: expect.stringContaining("pooler") });
  const standby = await startPostgresql({ standbyOf: server });
  const behind = await watch("native", { kind: "unix", path: standby.socketFolder });
  expect(behind.state()).toMatchObject({ signal: undefined, advice: expect.stringContaining("standby") });
  for (const { database, watch: open } of opened.splice(0)) {
    await open.close();
    await database.close();
  }
  await standby.remove();
  await pooler.remove();
});
