/** SIGHUP reads again every file that a source is made of, not only the configuration. */
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, startDaemon } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { nativeSchema } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let mariadb: Mariadb;
let other: Mariadb;
let directory: TestDirectory;
let daemon: Daemon;
let ports: [socketmap: number, admin: number];

beforeAll(async () => {
  directory = await makeDirectory("reload-files");
  ports = (await freePorts(2)) as typeof ports;
  // The other one is there for the certificate of its authority, which did not sign that of the first.
  [mariadb, other] = await Promise.all([startMariadb({ load: nativeSchema, tls: true }), startMariadb({ tls: true })]);
  await mariadb.addReader("loginmapd", "password-1");
  await writeFile(place("domains"), "example.com\n");
  await copyFile(mariadb.caFile, place("ca.pem"));
  await writeTable("password-1");
  daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${ports[0]}` }],
      admin: { endpoint: `inet:127.0.0.1:${ports[1]}` },
      maps: { senders: { source: "mail" } },
      sources: { mail: { postfix_cf: place("senders.cf") } },
      cache: { ttl: "10ms", negative_ttl: "10ms", stale_if_error: "0s" },
    },
    listening: ports,
  });
});

afterAll(async () => {
  await daemon?.kill();
  await Promise.all([mariadb?.remove(), other?.remove()]);
  await directory.remove();
});

const place = (name: string) => join(directory.path, name);
const ask = (key: string) => askOnce(ports[0], "senders", key);

function writeTable(password: string): Promise<void> {
  const lines = [
    `hosts = inet:127.0.0.1:${mariadb.port}`,
    "user = loginmapd",
    `password = ${password}`,
    `dbname = ${mariadb.database}`,
    "query = SELECT '%s'",
    `domain = ${place("domains")}`,
    `tls_CAfile = ${place("ca.pem")}`,
    "tls_verify_cert = yes",
  ];
  return writeFile(place("senders.cf"), `${lines.join("\n")}\n`, { mode: 0o600 });
}

async function reload(): Promise<void> {
  const reloads = () => daemon.logLines().filter(({ msg }) => msg === "configuration reloaded").length;
  const before = reloads();
  daemon.signal("SIGHUP");
  await waitUntil("the reload", () => reloads() === before + 1);
}

test("a changed list of domains counts", async () => {
  expect(await ask("a@example.com")).toBe("OK a@example.com");
  expect(await ask("a@example.net")).toBe("NOTFOUND ");
  await writeFile(place("domains"), "example.net\n");
  await reload();
  expect(await ask("a@example.com")).toBe("NOTFOUND ");
  expect(await ask("a@example.net")).toBe("OK a@example.net");
});

test("a rotated password of the table file is used", async () => {
  await mariadb.query("ALTER USER loginmapd@127.0.0.1 IDENTIFIED BY 'password-2'");
  await writeTable("password-2");
  await reload();
  await mariadb.query("KILL USER loginmapd").catch(() => undefined);
  expect(await ask("b@example.net")).toBe("OK b@example.net");
  expect(daemon.log()).not.toContain("password-");
});

test("a changed certificate is used, a wrong one too", async () => {
  await copyFile(other.caFile, place("ca.pem"));
  await reload();
  expect(await ask("c@example.net")).toMatch(/^TEMP /);
  await copyFile(mariadb.caFile, place("ca.pem"));
  await reload();
  expect(await ask("c@example.net")).toBe("OK c@example.net");
});

test("a file that is gone is a reload that says so, and changes nothing", async () => {
  await writeFile(place("senders.cf"), "");
  daemon.signal("SIGHUP");
  await waitUntil("the refusal", () => daemon.log().includes("configuration not reloaded"));
  expect(await ask("d@example.net")).toBe("OK d@example.net");
});
