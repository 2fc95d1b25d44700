/** `serve --postfix-cf` beside a daemon that is installed already, and has the admin endpoint. */

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";

let directory: TestDirectory;
let table: string;
let socket: string;

beforeAll(async () => {
  directory = await makeDirectory("trial");
  table = join(directory.path, "senders.cf");
  socket = join(directory.path, "socketmap");
  const database = new Database(join(directory.path, "senders.sqlite"));
  database.exec(
    "CREATE TABLE senders (address TEXT, owner TEXT); INSERT INTO senders VALUES ('alice@example.com', 'alice')",
  );
  database.close();
  const query = "SELECT owner FROM senders WHERE address = '%s'";
  await writeFile(table, `dbpath = ${directory.path}/senders.sqlite\nquery = ${query}\n`);
});
afterAll(() => directory.remove());

// Holds port 9100 for the program that it becomes. In a network of its own, where that may be had, so that the other tests
// keep the port; the loopback interface there is up by ioctl(SIOCSIFFLAGS, IFF_UP | IFF_RUNNING). Elsewhere it is either
// free, and then held here, or another test has it: taken it is in both cases.
const holdAdminPort = `
use IO::Socket::INET;
$^F = 9;
socket my $any, 2, 2, 0 or die;
my $up = pack "a16 s x22", "lo", 0x41;
ioctl $any, 0x8914, $up if shift eq "alone";
my $holder = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 9100, Listen => 1);
exec @ARGV or die`;

async function holder(): Promise<string[]> {
  const isPermitted = (await run("unshare", ["--net", "true"])).code === 0;
  return isPermitted
    ? ["unshare", "--net", "perl", "-e", holdAdminPort, "alone"]
    : ["perl", "-e", holdAdminPort, "shared"];
}

const ask = () => loginmapd(["query", "senders", "alice@example.com", "--server", `unix:${socket}`]);

test("goes on without the admin endpoint that nobody asked for, and says so; a reload changes nothing in it", async () => {
  const daemon: Daemon = await startDaemon({
    prefix: await holder(),
    args: ["--postfix-cf", table, "--listen", `unix:${socket}`, "--recipient-delimiter", "+"],
    env: { LOGINMAPD_ADMIN__ENDPOINT: undefined },
    listening: [socket],
  });
  try {
    await waitUntil("it to be ready", () => daemon.logLines().some(({ msg }) => msg === "ready"));
    const warnings = daemon.logLines().filter((line) => line["level"] === "warn");
    expect(warnings).toMatchObject([{ endpoint: "inet:127.0.0.1:9100" }]);
    expect(warnings[0]?.msg).toMatch(
      /another program listens there \(admin\.endpoint\); going on without metrics and health$/,
    );
    expect(await ask()).toMatchObject({ code: 0, stdout: "alice\n" });
    daemon.signal("SIGHUP");
    await waitUntil("the reload", () => daemon.logLines().some(({ msg }) => msg === "configuration reloaded"));
    expect(await ask()).toMatchObject({ code: 0, stdout: "alice\n" });
  } finally {
    await daemon.stop();
  }
});

test("an admin endpoint that was asked for has to be had: exit 69", async () => {
  const port = await freePort();
  const taken: Server = createServer().listen(port, "127.0.0.1");
  await once(taken, "listening");
  try {
    const outcome = await loginmapd(["serve", "--postfix-cf", table, "--listen", `unix:${socket}`], {
      env: { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${port}` },
    });
    expect(outcome.code).toBe(69);
    expect(outcome.stderr).toContain(`127.0.0.1:${port}`);
  } finally {
    taken.close();
  }
});
