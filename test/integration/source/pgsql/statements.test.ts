/** Statements on a session of PostgreSQL: kept under a name, whatever became of the run before. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ParameterTypes } from "../../../../src/source/pgsql/parameter-types.ts";
import { pgsqlSessions } from "../../../../src/source/pgsql/session.ts";
import type { StatementSession } from "../../../../src/source/session.ts";
import { HostNames } from "../../../../src/system/host-names.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";

let server: Postgresql;
let session: StatementSession;

beforeAll(async () => {
  server = await startPostgresql({
    sql: "CREATE TABLE people (id int PRIMARY KEY, owner text, note text); INSERT INTO people VALUES (7, 'alice', NULL), (8, 'bob', '')",
  });
  await server.addReader("reader", "r");
  await server.query("GRANT INSERT ON people TO reader");
});

beforeEach(async () => {
  const login = { user: "reader", password: "r", database: "vmail", tls: undefined, queryTimeoutMs: 20_000 };
  const open = pgsqlSessions({ ...login, names: new HostNames() }, new ParameterTypes());
  const endpoint = { kind: "inet", host: "127.0.0.1", port: server.port } as const;
  session = await open(endpoint, { connectMs: 20_000, loginMs: 20_000 });
});

afterEach(() => session.end());

afterAll(() => server.remove());

const kept = async () => {
  const { rows } = await session.run(
    "SELECT statement FROM pg_prepared_statements WHERE statement NOT LIKE '%pg\\_%' ORDER BY prepare_time",
    [],
  );
  return rows.flat();
};

test("is parsed once, and its columns are known at every run", async () => {
  const sql = "SELECT owner, note FROM people WHERE id = $1";
  for (let i = 0; i < 3; i++) {
    expect(await session.run(sql, ["7"])).toEqual({
      columns: ["owner", "note"],
      rows: [["alice", null]],
      resultSetCount: 1,
    });
    expect(await session.run(sql, ["8"])).toMatchObject({ columns: ["owner", "note"], rows: [["bob", ""]] });
    expect(await session.run(sql, ["9"])).toEqual({ columns: ["owner", "note"], rows: [], resultSetCount: 1 });
  }
  expect(await kept()).toEqual([sql]);
});

test("that failed for its key runs for the next", async () => {
  const sql = "SELECT owner FROM people WHERE id = $1";
  for (let i = 0; i < 2; i++) {
    await expect(session.run(sql, ["seven"])).rejects.toMatchObject({ kind: "key" });
    expect((await session.run(sql, ["7"])).rows).toEqual([["alice"]]);
  }
  expect(await kept()).toEqual([sql]);
});

test("that the server did not take is not kept, and may be taken later", async () => {
  const sql = "SELECT owner FROM later WHERE id = $1";
  await expect(session.run(sql, ["7"])).rejects.toMatchObject({ kind: "statement" });
  await server.query("CREATE VIEW later AS SELECT * FROM people; GRANT SELECT ON later TO reader");
  expect((await session.run(sql, ["7"])).rows).toEqual([["alice"]]);
  expect((await session.run(sql, ["8"])).rows).toEqual([["bob"]]);
});

test.each([
  ["without a result set", "SET application_name = 'x'"],
  ["without any text", ";"],
])("%s has no columns, however often it runs", async (_, sql) => {
  for (let i = 0; i < 2; i++) expect(await session.run(sql, [])).toEqual({ columns: [], rows: [], resultSetCount: 0 });
});

test.each(["COPY people FROM STDIN", "COPY people TO STDOUT"])("%s ends, and the session goes on", async (sql) => {
  await session.run(sql, []).catch(() => undefined);
  expect((await session.run("SELECT owner FROM people WHERE id = $1", ["7"])).rows).toEqual([["alice"]]);
});
