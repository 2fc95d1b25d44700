/** A name server that says nothing: it holds up neither other hosts, nor the return of its own, nor the end. One rule for all drivers. */
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Endpoint, SourceSettings } from "../../../src/model/settings.ts";
import type { Database } from "../../../src/model/source.ts";
import { sourceTally } from "../../../src/model/tally.ts";
import { openDatabase } from "../../../src/source/open.ts";
import { HostNames } from "../../../src/system/host-names.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";
import { type NameServer, startNameServer } from "../../support/fakes/name-server.ts";
import { ownersOf } from "../../support/fakes/open-source.ts";
import { waitUntil, within } from "../../support/wait.ts";

type Connection = NonNullable<SourceSettings["connection"]>;
type At = (endpoint: Endpoint, connectTimeoutMs: number) => SourceSettings;

let nameServer: NameServer;
let isSilent: boolean;
let listener: Server;
let connections: Socket[];
let source: Database | undefined;

beforeEach(async () => {
  isSilent = true;
  connections = [];
  nameServer = await startNameServer(() => (isSilent ? "silence" : ["127.0.0.1"]));
  // Takes connections as a database does, and says nothing: that it is reached is all that is asked here.
  listener = createServer((socket) => {
    socket.on("error", () => {});
    connections.push(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await source?.close();
  for (const socket of connections) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
  await nameServer.close();
});

const account = { user: "reader", password: "secret", database: "vmail", tls: undefined } as const;
const sql = { kind: "queries", sql: { address: "SELECT :email" } } as const;
const pool = { poolSize: 1, queryTimeoutMs: 1000 } as const;
const filters = {
  kind: "filters",
  searchBase: "o=x",
  scope: "sub",
  filters: { address: "(mail=:email)" },
  resultAttribute: ["uid"],
  loginAttribute: "uid",
  memberAttribute: [],
  domainAttribute: [],
} as const;

const drivers: readonly (readonly [string, At])[] = [
  [
    "mysql",
    (host, connectTimeoutMs) => ({
      connection: {
        driver: "mysql",
        hosts: hostsFrom(host),
        ...account,
        charset: undefined,
        ...pool,
        connectTimeoutMs,
      },
      queries: sql,
    }),
  ],
  [
    "pgsql",
    (host, connectTimeoutMs) => ({
      connection: { driver: "pgsql", hosts: hostsFrom(host), ...account, ...pool, connectTimeoutMs },
      queries: sql,
    }),
  ],
  [
    "ldap",
    (host, connectTimeoutMs) => {
      const servers = hostsFrom(host).map((endpoint) => ({ endpoint, isTls: false }));
      const login = { startTls: false, bind: undefined, tls: undefined } as const;
      const connection: Connection = { driver: "ldap", servers, ...login, ...pool, connectTimeoutMs };
      return { connection, queries: filters };
    },
  ],
];

function port(): number {
  return (listener.address() as { port: number }).port;
}

/** The host by its name, then one by its address. */
function hostsFrom(first: Endpoint): Endpoint[] {
  return [first, { kind: "inet", host: "127.0.0.1", port: port() }];
}

function open(at: At, connectTimeoutMs: number): Database {
  source = openDatabase("mail", at({ kind: "inet", host: "db.test", port: port() }, connectTimeoutMs), {
    clock: { nowMs: () => performance.now() },
    log: fakeLog(),
    tally: sourceTally(),
    maxWaitingLookups: 10,
    names: new HostNames({ hostsFile: "/dev/null", resolverFile: "/dev/null", servers: [nameServer.address] }),
  });
  return source;
}

describe.each(drivers)("driver %s", (_name, at) => {
  test("asks the next host when the name of the first is not told in time", async () => {
    const database = open(at, 200);
    const lookup = ownersOf(database, "alice@example.com").catch(() => undefined);
    await waitUntil("the question for the name", () => nameServer.asked.includes("db.test"));
    await waitUntil("a connection to the second host", () => connections.length > 0);
    const [host] = database.health().hosts;
    expect(host?.isUp).toBe(false);
    // The second where this process was kept from running for the last tenth of the time.
    expect(host?.reason).toMatch(/^(name server not reachable|no answer in time)$/);
    await database.close();
    await lookup;
  });

  test("reaches the host by its name as soon as it is told again", async () => {
    const database = open(at, 600_000);
    void database.lookAfter();
    await waitUntil("the question for the name", () => nameServer.asked.length > 0);
    expect(connections).toHaveLength(0);
    isSilent = false;
    // Long before the time limit: the name server is asked again.
    await waitUntil("a connection", () => connections.length > 0);
  });

  test("is closed at once while a name is asked for, however long that may take", async () => {
    const database = open(at, 600_000);
    const looking = database.lookAfter();
    await waitUntil("the question for the name", () => nameServer.asked.length > 0);
    await within("the end", database.close());
    await within("the connection to be given up", looking);
  });
});
