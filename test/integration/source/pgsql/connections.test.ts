/** The way to a real PostgreSQL: sockets, hosts and accounts, TLS, a pooler between. */
import { describe, expect, test } from "vitest";
import { ownersOf } from "../../../support/fakes/open-source.ts";
import { startPgbouncer } from "../../../support/servers/pgbouncer.ts";
import { freePort } from "../../../support/servers/ports.ts";
import { startPostgresql } from "../../../support/servers/postgresql.ts";
import { alice, inet, plain, rows, usePgsql } from "./support.ts";

const pgsql = usePgsql();

describe("the way to the server", () => {
  test("a unix socket is named by its folder or by itself, with its port", async () => {
    for (const path of [pgsql.server.socketFolder, `${pgsql.server.socketFolder}/.s.PGSQL.${pgsql.server.port}`]) {
      expect(await alice(pgsql.open(plain, { hosts: [{ kind: "unix", path }] })), path).toEqual(["alice"]);
    }
  });

  test("a dead host is passed over; when all are, each one's reason is told", async () => {
    const dead = await freePort();
    expect(await alice(pgsql.open(plain, { hosts: [inet(dead), inet(pgsql.server.port)] }))).toEqual(["alice"]);
    const hopeless = pgsql.open(plain, { hosts: [inet(dead)], password: "wrong" });
    await expect(alice(hopeless)).rejects.toThrow(`inet:127.0.0.1:${dead}: connection refused`);
    const unwelcome = pgsql.open(plain, { password: "wrong" });
    await expect(alice(unwelcome)).rejects.toThrow('password authentication failed for user "reader"');
    await expect(alice(pgsql.open(plain, { database: "nosuch" }))).rejects.toThrow('database "nosuch" does not exist');
  });

  test("an empty password is one, whatever the environment says", async () => {
    process.env["PGPASSWORD"] = "r";
    try {
      await expect(alice(pgsql.open(plain, { password: "" }))).rejects.toMatchObject({
        code: "ERR_SOURCE_UNAVAILABLE",
      });
    } finally {
      delete process.env["PGPASSWORD"];
    }
  });

  test("an account that may open one connection is served by one", async () => {
    await pgsql.server.query("ALTER ROLE reader CONNECTION LIMIT 1");
    const database = pgsql.open(plain, { poolSize: 4 });
    const asked = Array.from({ length: 50 }, (_, i) => ownersOf(database, `p${i + 1}@example.com`));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, i) => [`o${i + 1}`]));
    expect(database.health().isUp).toBe(true);
  });
});

describe("TLS", () => {
  const tls = (changes: object = {}) => ({
    caFile: pgsql.server.caFile,
    certFile: undefined,
    keyFile: undefined,
    verify: true,
    ...changes,
  });
  const encrypted = () =>
    pgsql.server.query(
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'loginmapd'",
    );

  test("is used, and the certificate checked, by address and by name", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const database = pgsql.open(plain, { hosts: [inet(pgsql.server.port, host)], tls: tls() });
      expect(await alice(database), host).toEqual(["alice"]);
      expect(await encrypted()).toContainEqual({ ssl: true });
    }
  });

  test("a certificate of an unknown authority or for another name is refused", async () => {
    await expect(alice(pgsql.open(plain, { tls: tls({ caFile: undefined }) }))).rejects.toThrow(
      /certificate|SELF_SIGNED|UNABLE/,
    );
    const misnamed = pgsql.open(plain, { hosts: [inet(pgsql.server.port, "127.0.0.2")], tls: tls() });
    await expect(alice(misnamed)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    const unnamed = pgsql.open(plain, { tls: tls({ verifyName: false }) });
    expect(await alice(unnamed)).toEqual(["alice"]);
  });

  test("whoever believes any certificate says so", async () => {
    expect(await alice(pgsql.open(plain, { tls: tls({ caFile: undefined, verify: false }) }))).toEqual(["alice"]);
  });

  test("where it is optional a server without it will do, and one with it uses it", async () => {
    const optional = tls({ caFile: undefined, verify: false, isOptional: true });
    expect(await alice(pgsql.open(plain, { tls: optional }))).toEqual(["alice"]);
    expect(await encrypted()).toEqual([{ ssl: true }]);
    const bare = await startPostgresql({ sql: rows });
    try {
      await bare.addReader("reader", "r");
      expect(await alice(pgsql.open(plain, { hosts: [inet(bare.port)], tls: optional }))).toEqual(["alice"]);
      await expect(alice(pgsql.open(plain, { hosts: [inet(bare.port)], tls: tls() }))).rejects.toThrow(
        "does not support SSL",
      );
    } finally {
      await bare.remove();
    }
  });
});

describe("PgBouncer in transaction mode", () => {
  test("answers many lookups of many shapes over few backends, and leaves nothing behind", async () => {
    const pooler = await startPgbouncer(pgsql.server, { reader: "r", root: "" });
    try {
      const database = pgsql.open(
        {
          ...plain,
          domain: "SELECT owner FROM people WHERE address = CONCAT('@', :domain)",
          grant: "SELECT 'boss' WHERE :user = 'p7'",
        },
        { hosts: [inet(pooler.port)], poolSize: 4 },
      );
      for (let round = 0; round < 3; round++) {
        const asked = Array.from({ length: 100 }, (_, i) => ownersOf(database, `p${i + 1}+x@example.com`));
        const want = Array.from({ length: 100 }, (_, i) => (i === 6 ? ["o7", "boss"] : [`o${i + 1}`]));
        expect(await Promise.all(asked)).toEqual(want);
      }
      const [report] = await database.report(performance.now() + 10_000);
      expect(report?.notes).toEqual([expect.stringContaining("a pooler stands between")]);
      const left = await pgsql.server.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'reader'");
      expect(left[0]?.["n"]).toBeLessThanOrEqual(2);
      const pinned = pgsql.open(
        { address: "SELECT current_setting('statement_timeout') || ' ' || current_setting('enable_seqscan')" },
        { hosts: [inet(pooler.port)] },
      );
      expect(await alice(pinned)).toEqual(["0", "on"]);
      const prepared = pgsql.open(
        { address: "SELECT count(*)::text FROM pg_prepared_statements WHERE :email <> ''" },
        { hosts: [inet(pooler.port)] },
      );
      expect(await alice(prepared)).toEqual(["0"]);
    } finally {
      await pgsql.close();
      await pooler.remove();
    }
  });

  test("strings that are read in the old way, which cannot be changed there, are refused with what to do", async () => {
    await pgsql.server.query("ALTER ROLE reader SET standard_conforming_strings = off");
    const pooler = await startPgbouncer(pgsql.server, { reader: "r" });
    try {
      const database = pgsql.open(plain, { hosts: [inet(pooler.port)] });
      await expect(alice(database)).rejects.toThrow("ALTER ROLE … SET standard_conforming_strings = on");
    } finally {
      await pgsql.close();
      await pooler.remove();
    }
  });
});
