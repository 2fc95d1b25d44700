/**
 * A source that is followed when something is wrong: lookups stay as they are, it is told where an administrator looks, and the source
 * is listed anew when it can be. `cache.ttl` is ten minutes, so that no answer here is another because the old one expired.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

const addresses = 2000;
// A listing of two parts, the second of which can be made to wait. Lookups ask the table, the listing asks a view of it, so that a
// grant can be missing for one and not for the other.
const schema = `
  CREATE TABLE owners (address VARCHAR(190) PRIMARY KEY, owner VARCHAR(190) NOT NULL);
  CREATE VIEW listed AS SELECT address, owner FROM owners;
  CREATE TABLE slow (seconds INT);
  CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'r';
  GRANT SELECT ON owners TO reader@'127.0.0.1'; GRANT SELECT ON listed TO reader@'127.0.0.1'; GRANT SELECT ON slow TO reader@'127.0.0.1';`;
const rows = `
  INSERT INTO owners SELECT CONCAT('user', seq, '@x.test'), CONCAT('login', seq) FROM seq_1_to_${addresses};`;
const queries = {
  address: "SELECT owner FROM owners WHERE address = :email",
  listing: "SELECT address, owner FROM listed UNION ALL SELECT 'slow@x.test', SLEEP(seconds) FROM slow",
};

let primary: Mariadb;
let standby: Mariadb;
let daemon: Daemon;
let client: WireClient;
let admin: number;

beforeAll(async () => {
  [primary, standby] = (await Promise.all([1, 2].map(() => startMariadb({ sql: schema + rows })))) as [
    Mariadb,
    Mariadb,
  ];
});

afterAll(async () => {
  await primary?.remove();
  await standby?.remove();
});

afterEach(async () => {
  client?.close();
  await daemon?.kill();
});

/** Starts a daemon that follows these hosts, and waits until every address is in memory. */
async function follow(hosts: readonly Mariadb[]): Promise<void> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  admin = adminPort;
  daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      maps: { senders: { source: "mail" } },
      sources: {
        mail: {
          driver: "mysql",
          hosts: hosts.map((host) => `inet:127.0.0.1:${host.port}`),
          user: "reader",
          password: "r",
          database: "vmail",
          queries,
          listing_interval: "1s",
        },
      },
      cache: { ttl: "10m", negative_ttl: "10m" },
    },
    listening: [port, admin],
  });
  client = await WireClient.open(port);
  const [row] = await (hosts[0] as Mariadb).query("SELECT COUNT(*) AS n FROM owners");
  await waitUntil("every address to be in memory", async () => {
    return (await metric('loginmapd_cache_entries{map="senders",kind="positive"}')) === Number(row?.["n"]);
  });
}

async function metric(series: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.split(" ").at(-1));
}

/** What is told of the source, with the words of the database and without them. */
async function told() {
  const [readyz, status] = await Promise.all(
    ["readyz", "v1/status"].map(async (path) => {
      const body = (await (await fetch(`http://127.0.0.1:${admin}/${path}`)).json()) as {
        sources: { following: { failing: boolean; reason?: string } }[];
      };
      return body.sources[0]?.following;
    }),
  );
  return { readyz, status };
}

/** Waits until a listing fails, and that it is told in log, metric, /readyz and the page's status, for a reason. */
async function isTold(reason: RegExp): Promise<void> {
  await waitUntil("the failure to be told", async () => (await told()).readyz?.failing === true);
  const { readyz, status } = await told();
  expect(readyz?.reason).toMatch(reason);
  expect(status?.failing).toBe(true);
  expect(await metric('loginmapd_source_listing_failures_total{source="mail"}')).toBeGreaterThanOrEqual(1);
  const warnings = daemon.logLines().filter(({ msg }) => msg?.startsWith("source cannot be listed"));
  expect(warnings.at(-1)?.["reason"]).toMatch(reason);
}

async function isFollowedAgain(): Promise<void> {
  await waitUntil("the source to be followed again", async () => (await told()).readyz?.failing === false);
}

async function answers(numbers: readonly number[]): Promise<string[]> {
  const replies: string[] = [];
  for (const number of numbers) replies.push(await client.ask("senders", `user${number}@x.test`));
  return replies;
}

const some = [1, 2, 500, 1999];
const asBefore = some.map((number) => `OK login${number}`);

test("a listing that is refused for a missing grant leaves lookups as they are, until there is the grant", async () => {
  await follow([primary]);
  await primary.query("REVOKE SELECT ON listed FROM reader@'127.0.0.1'");
  await isTold(/denied/);
  await primary.query("UPDATE owners SET owner = 'another' WHERE address = 'user3@x.test'");
  expect(await answers(some)).toEqual(asBefore);
  expect(await client.ask("senders", "nobody@x.test")).toBe("NOTFOUND ");
  await primary.query("GRANT SELECT ON listed TO reader@'127.0.0.1'");
  await isFollowedAgain();
  await waitUntil("the change to be seen", async () => (await answers([3]))[0] === "OK another");
});

test("a listing that is cut in its middle is taken for nothing, and made anew", async () => {
  await follow([primary]);
  const removed = 'loginmapd_source_changes_total{source="mail",kind="removed"}';
  await primary.query("INSERT INTO slow VALUES (600)");
  const listing = await waitUntil("a listing to be in its middle", async () => {
    const [row] = await primary.query(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'reader' AND STATE = 'User sleep'",
    );
    return row?.["ID"];
  });
  await primary.query(`DELETE FROM slow; KILL CONNECTION ${listing}`);
  await waitUntil("the failure to be counted", async () => {
    return (await metric('loginmapd_source_listing_failures_total{source="mail"}')) >= 1;
  });
  expect(await answers(some)).toEqual(asBefore);
  await isFollowedAgain();
  expect(await metric(removed)).toBe(0);
  await primary.query("DELETE FROM owners WHERE address = 'user4@x.test'");
  await waitUntil("a revocation to be seen", async () => (await answers([4]))[0] === "NOTFOUND ");
});

test("tables that are dropped and restored from a dump leave lookups as they are, and are then listed anew", async () => {
  await follow([primary]);
  await primary.query("DROP TABLE owners");
  await isTold(/ER_VIEW_INVALID/);
  expect(await answers(some)).toEqual(asBefore);
  await primary.query(
    `CREATE TABLE owners (address VARCHAR(190) PRIMARY KEY, owner VARCHAR(190) NOT NULL); ${rows}
     UPDATE owners SET owner = 'restored' WHERE address = 'user5@x.test'; DELETE FROM owners WHERE address = 'user6@x.test'`,
  );
  await isFollowedAgain();
  await waitUntil("the restored rows to count", async () => {
    const [changed, gone] = await answers([5, 6]);
    return changed === "OK restored" && gone === "NOTFOUND ";
  });
  expect(await answers(some)).toEqual(asBefore);
});

test("another host that takes over is listed anew: what it has is what counts", async () => {
  await follow([standby, primary]);
  // The primary has changes of the tests before that the standby never saw.
  await primary.query("UPDATE owners SET owner = 'moved' WHERE address = 'user7@x.test'");
  expect(await answers([7])).toEqual(["OK login7"]);
  await standby.kill();
  await waitUntil("the other host's rows to count", async () => (await answers([7]))[0] === "OK moved");
  expect(await answers(some)).toEqual(asBefore);
});
