/** Connections to a real MariaDB: how many, to which host, under TLS, and when the server refuses, is full, hangs or goes away. */
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { TlsSettings } from "../../../../src/model/settings.ts";
import { ownersOf } from "../../../support/fakes/open-source.ts";
import { Lag } from "../../../support/lag.ts";
import { startMariadb } from "../../../support/servers/mariadb.ts";
import { nativeSchema } from "../../../support/servers/stage.ts";
import { waitUntil } from "../../../support/wait.ts";
import { alice, useMysql } from "./support.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

const mysql = useMysql();

describe("connections", () => {
  test("are no more than pool_size, and none is left after close", async () => {
    const database = mysql.source({ poolSize: 3 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => ownersOf(database, `new${i}@example.com`)));
    expect(await mysql.connections()).toBeLessThanOrEqual(3);
    await database.close();
    await waitUntil("the end of every connection", async () => (await mysql.connections()) === 0);
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_CLOSED" });
  });

  test("that the server ended are replaced without a lookup noticing", async () => {
    const database = mysql.source({ poolSize: 2 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => ownersOf(database, `new${i}@example.com`)));
    const rows = await mysql.server.query("SELECT id FROM information_schema.processlist WHERE user = 'loginmapd'");
    expect(rows.length).toBeGreaterThan(0);
    for (const { id } of rows) await mysql.server.query(`KILL ${id}`).catch(() => {});
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("go to the next host when the first cannot be reached", async () => {
    const database = mysql.source({
      hosts: [{ kind: "unix", path: join(mysql.server.folder, "nobody.sock") }, mysql.inet()],
    });
    // The first lookup finds the first host dead; it waits for the second within its deadline.
    expect(await alice(database)).toEqual(["alice@example.com"]);
    expect(database.health()).toMatchObject({ isUp: true, hosts: [{ isUp: false }, { isUp: true }] });
  });

  test("go to the next host when the first takes no more statements, and its state is told", async () => {
    const other = await startMariadb({
      load: nativeSchema,
      sql: "UPDATE addresses SET active = active;",
    });
    await other.addReader("loginmapd", "secret");
    const database = mysql.source({ hosts: [mysql.inet(), { kind: "inet", host: "127.0.0.1", port: other.port }] });
    expect(await alice(database)).toEqual(["alice@example.com"]);
    const [row] = await mysql.server.query("SELECT @@GLOBAL.max_prepared_stmt_count AS most");
    await mysql.server.query("SET GLOBAL max_prepared_stmt_count = 0");
    try {
      expect(await ownersOf(database, "sales@example.com")).toEqual(["alice@example.com", "bob@example.com"]);
      const [first, second] = database.health().hosts;
      expect(first).toMatchObject({ isUp: false, reason: expect.stringContaining("max_prepared_stmt_count") });
      expect(second?.isUp).toBe(true);
      const alone = mysql.source();
      await expect(alice(alone)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
      expect(alone.health()).toMatchObject({ isUp: false });
    } finally {
      await mysql.server.query(`SET GLOBAL max_prepared_stmt_count = ${row?.["most"]}`);
    }
    await waitUntil("the first host to be up again", () => database.health().hosts[0]?.isUp);
    await database.close();
    await other.remove();
  });

  test("prefer the unix socket, wherever it stands in the list", async () => {
    const database = mysql.source({ hosts: [mysql.inet(), mysql.unix()] });
    expect(await alice(database)).toEqual(["alice@example.com"]);
    const [row] = await mysql.server.query("SELECT host FROM information_schema.processlist WHERE user = 'loginmapd'");
    expect(row?.["host"] ?? row?.["HOST"]).toBe("localhost");
  });

  test("with a wrong password are a source that is down, and the message does not repeat it", async () => {
    const database = mysql.source({ password: "wrong-password" });
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(database.health().isUp).toBe(false);
    expect(database.health().reason).not.toContain("wrong-password");
    await expect(database.report(performance.now() + 5000)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
  });

  test("that the server has no room for are a failure, and are there again when it has", async () => {
    const others = Array.from({ length: 6 }, () => mysql.source({ poolSize: 4 }));
    const all = others.flatMap((database) =>
      Array.from({ length: 40 }, (_, i) => ownersOf(database, `new${i}@catch.example`)),
    );
    for (const result of await Promise.allSettled(all)) {
      if (result.status === "fulfilled") expect(result.value).toEqual(["erin@catch.example"]);
      else expect(result.reason).toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    }
    await mysql.close();
    expect(await alice(mysql.source())).toEqual(["alice@example.com"]);
  });
});

describe("TLS", () => {
  const settings = (changes: Partial<TlsSettings> = {}): TlsSettings => ({
    caFile: mysql.server.caFile,
    certFile: undefined,
    keyFile: undefined,
    verify: true,
    ...changes,
  });

  test("to a server whose certificate the authority signed is used", async () => {
    await mysql.server.query("CREATE USER IF NOT EXISTS 'tlsonly'@'127.0.0.1' REQUIRE SSL");
    expect(await alice(mysql.source({ tls: settings() }))).toEqual(["alice@example.com"]);
  });

  test("to a server whose certificate nobody vouches for is refused, unless verify is off", async () => {
    const unknown = mysql.source({ tls: settings({ caFile: undefined }) });
    await expect(alice(unknown)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(await alice(mysql.source({ tls: settings({ caFile: undefined, verify: false }) }))).toEqual([
      "alice@example.com",
    ]);
  });

  test("to a server whose certificate is another host's is refused, unless verify is off", async () => {
    // The certificate is for 127.0.0.1 and localhost.
    const relay = createServer((socket) => {
      const onward = connect(mysql.server.port, "127.0.0.1");
      for (const one of [socket, onward]) one.on("error", () => one.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.2", resolve));
    const { port } = relay.address() as { port: number };
    const hosts = [{ kind: "inet", host: "127.0.0.2", port }] as const;
    const tls = { caFile: mysql.server.caFile, certFile: undefined, keyFile: undefined };
    await expect(alice(mysql.source({ hosts, tls: { ...tls, verify: true } }))).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
    });
    expect(await alice(mysql.source({ hosts, tls: { ...tls, verify: false } }))).toEqual(["alice@example.com"]);
    relay.close();
  });

  test("with files that cannot be read is a configuration that cannot be used, every file named", async () => {
    const missing = join(mysql.server.folder, "missing.pem");
    expect(() => mysql.source({ tls: settings({ caFile: missing, certFile: missing, keyFile: missing }) })).toThrow(
      /sources\.mail\.tls\.ca_file: cannot read .*: no such file\n.*cert_file.*\n.*key_file/,
    );
    await expect(readFile(missing)).rejects.toThrow("ENOENT");
  });
});

// Last: they end the server.
describe("a server that goes away", () => {
  test("fails lookups at once and never with an answer, and is back within a second of its return", async () => {
    const database = mysql.source();
    await alice(database);
    await mysql.server.kill();
    await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    const begun = performance.now();
    for (let i = 0; i < 100; i++)
      await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(1000);
    await mysql.server.start();
    const back = performance.now();
    await waitUntil("an answer", () => alice(database).then(() => true));
    console.log(`answered again ${Math.round(performance.now() - back)} ms after the database greeted`);
  });

  test("was restarted in between: the lookup after it does not notice", async () => {
    const database = mysql.source();
    await alice(database);
    await mysql.server.stop();
    await mysql.server.start();
    expect(await alice(database)).toEqual(["alice@example.com"]);
  });

  test("hangs: lookups end in time, then fail at once, and are answered when it goes on", async () => {
    const database = mysql.source({ queryTimeoutMs: 1500 });
    await alice(database);
    mysql.server.pause();
    try {
      await expect(alice(database)).rejects.toMatchObject({ name: "SourceError" });
      await waitUntil("the host to be out", () => !database.health().isUp);
      const begun = performance.now();
      await expect(alice(database)).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
      expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(500);
    } finally {
      mysql.server.resume();
    }
    await waitUntil("an answer", () => alice(database).then(() => true));
  });
});
