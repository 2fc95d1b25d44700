/** Listings of a real MariaDB, whatever the connection: all rows, in order, and nothing in place of rows that did not come. */
import { describe, expect, test } from "vitest";
import type { Endpoint } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { waitUntil } from "../../../support/wait.ts";
import { useMysql } from "./support.ts";

const mysql = useMysql();

const address = "SELECT owner FROM latin WHERE address = :email";
const rowCount = 20_000;
// More than one read of a socket gives.
const longOwner = "alice,".repeat(20_000);
const listing = `SELECT CONCAT('user', seq, '@example.com'), IF(seq = 7777, REPEAT('alice,', 20000), 'alice')
  FROM seq_1_to_${rowCount} ORDER BY seq`;

async function list(database: Database): Promise<(readonly [key: string, owner: string | undefined])[]> {
  const lines: (readonly [string, string | undefined])[] = [];
  for await (const batch of database.listing?.list(new AbortController().signal) ?? []) {
    for (const { key, owner } of batch) lines.push([key, owner]);
  }
  return lines;
}

describe("a listing", () => {
  const tls = { caFile: undefined, certFile: undefined, keyFile: undefined, verify: false };
  test.each<[string, () => Endpoint, typeof tls | undefined]>([
    ["a unix socket", () => mysql.unix(), undefined],
    ["TCP", () => mysql.inet(), undefined],
    ["TLS", () => mysql.inet(), tls],
  ])("over %s has every row, in order, long ones whole", async (_way, endpoint, encryption) => {
    const database = mysql.source({ hosts: [endpoint()], ...(encryption && { tls: encryption }), address, listing });
    const lines = await list(database);
    expect(lines).toHaveLength(rowCount);
    expect(lines.map(([key]) => key)).toEqual(Array.from({ length: rowCount }, (_, i) => `user${i + 1}@example.com`));
    expect(lines[7776]?.[1]).toBe(longOwner);
    expect(lines.every(([, owner], i) => i === 7776 || owner === "alice")).toBe(true);
  });

  test("without a row is empty", async () => {
    expect(await list(mysql.source({ address, listing: "SELECT address, owner FROM latin WHERE 1 = 0" }))).toEqual([]);
  });

  test("that the server does not take is a failure of the statement", async () => {
    const database = mysql.source({ address, listing: "SELECT address, owner FROM not_there" });
    await expect(list(database)).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
  });

  test("that fails after its first rows is a failure", async () => {
    const failing = `SELECT CONCAT('user', seq), IF(seq = ${rowCount}, (SELECT 1 UNION SELECT 2), 'alice') FROM seq_1_to_${rowCount}`;
    await expect(list(mysql.source({ address, listing: failing }))).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
  });

  test("whose connection is cut in its middle is a failure", async () => {
    const endless = "SELECT CONCAT('user', a.seq, '-', b.seq), 'alice' FROM seq_1_to_100000 a, seq_1_to_100000 b";
    const database = mysql.source({ address, listing: endless });
    const batches = database.listing?.list(new AbortController().signal);
    expect((await batches?.next())?.done).toBe(false);
    const [row] = await mysql.server.query(
      "SELECT id FROM information_schema.processlist WHERE user = 'loginmapd' AND info LIKE '%seq_1_to_100000%'",
    );
    await mysql.server.query(`KILL ${row?.["id"] ?? row?.["ID"]}`);
    await expect(
      (async () => {
        while ((await batches?.next())?.done === false) {
          // Until it is cut.
        }
      })(),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SOURCE_/) });
  });

  test("that nobody reads to its end leaves no connection", async () => {
    const endless = "SELECT CONCAT('user', a.seq, '-', b.seq), 'alice' FROM seq_1_to_100000 a, seq_1_to_100000 b";
    const database = mysql.source({ address, listing: endless });
    for await (const batch of database.listing?.list(new AbortController().signal) ?? []) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await waitUntil("the end of every connection", async () => (await mysql.connections()) === 0);
  });
});
