/** /readyz and loginmapd_source_up tell the truth of the sources while nobody looks anything up. */
import { copyFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let directory: TestDirectory;

beforeAll(async () => {
  directory = await makeDirectory("readiness");
});

afterAll(() => directory.remove());

/** What a load balancer and Prometheus see at this moment. */
async function seen(admin: number): Promise<{ status: number; up: boolean; reason: string; metric: number }> {
  const readyz = await fetch(`http://127.0.0.1:${admin}/readyz`);
  const { sources } = (await readyz.json()) as { sources: { up: boolean; reason: string }[] };
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const metric = Number(/^loginmapd_source_up\{[^}]*\} (\d)$/m.exec(metrics)?.[1]);
  return { status: readyz.status, up: sources[0]?.up ?? false, reason: sources[0]?.reason ?? "", metric };
}

const becomes = (admin: number, status: number) =>
  waitUntil(`/readyz to be ${status}`, async () => (await seen(admin)).status === status);

describe("without a lookup", () => {
  let daemon: Daemon | undefined;

  afterEach(() => daemon?.kill());

  test("a table file whose database refuses connections is down from READY on, which it does not delay", async () => {
    const [socketmap, admin, nobody] = (await freePorts(3)) as [number, number, number];
    const file = join(directory.path, "senders.cf");
    const lines = ["user = u", "password = p", "dbname = d", "query = SELECT owner FROM t WHERE address='%s'"];
    await writeFile(file, `hosts = inet:127.0.0.1:${nobody}\n${lines.join("\n")}\n`);
    daemon = await startDaemon({
      args: ["--postfix-cf", file, "--listen", `inet:127.0.0.1:${socketmap}`],
      env: { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}` },
      listening: [socketmap, admin],
    });
    await waitUntil("READY", () => daemon?.logLines().some(({ msg }) => msg === "ready"), 2_000);
    expect(await seen(admin)).toMatchObject({ status: 503, up: false, metric: 0 });
    expect((await seen(admin)).reason).toContain("connection refused");
  });

  test("a database file that is moved away is down, and up when it is back", async () => {
    const [socketmap, admin] = (await freePorts(2)) as [number, number];
    const file = join(directory.path, "users.sqlite");
    const database = new Sqlite(file);
    database.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT); INSERT INTO m VALUES ('alice@example.com', 'alice')");
    database.close();
    daemon = await startDaemon({
      config: {
        listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` }],
        admin: { endpoint: `inet:127.0.0.1:${admin}` },
        maps: { senders: { source: "mail" } },
        sources: { mail: { driver: "sqlite", path: file, queries: { address: "SELECT o FROM m WHERE a = :email" } } },
      },
      listening: [socketmap, admin],
    });
    await waitUntil("READY", () => daemon?.logLines().some(({ msg }) => msg === "ready"));
    expect(await seen(admin)).toMatchObject({ status: 200, up: true, metric: 1 });
    await rename(file, `${file}.away`);
    await becomes(admin, 503);
    expect(await seen(admin)).toMatchObject({ up: false, metric: 0 });
    expect((await seen(admin)).reason).toContain("ENOENT");
    await rename(`${file}.away`, file);
    await becomes(admin, 200);
    expect(await seen(admin)).toMatchObject({ up: true, reason: "", metric: 1 });
    await copyFile(file, `${file}.good`);
    await writeFile(`${file}.bad`, "this is no database".repeat(1000));
    await rename(`${file}.bad`, file);
    await becomes(admin, 503);
    expect((await seen(admin)).reason).toContain("SQLITE_NOTADB");
    await rename(`${file}.good`, file);
    await becomes(admin, 200);
    expect(daemon.logLines().filter(({ msg }) => msg === "database file is readable again")).toHaveLength(2);
  });
});

describe("a MariaDB behind an idle daemon", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ config: { cache: { stale_if_error: "0s" } } });
    await becomes(stage.ports.admin, 200);
  });

  afterAll(() => stage.stop());

  test("that is stopped is down, and up when it is back", async () => {
    await stage.mariadb.stop();
    await becomes(stage.ports.admin, 503);
    expect(await seen(stage.ports.admin)).toMatchObject({ up: false, metric: 0 });
    await stage.mariadb.start();
    await becomes(stage.ports.admin, 200);
    expect(await seen(stage.ports.admin)).toMatchObject({ up: true, reason: "", metric: 1 });
  });

  test("that hangs is down, and up when it goes on", async () => {
    stage.mariadb.pause();
    try {
      await becomes(stage.ports.admin, 503);
    } finally {
      stage.mariadb.resume();
    }
    await becomes(stage.ports.admin, 200);
  });

  test("that was restarted answers the first lookup, even before it counts as up again", async () => {
    await stage.mariadb.stop();
    await becomes(stage.ports.admin, 503);
    await stage.mariadb.start();
    expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe("OK alice@example.com");
  });
});
