/**
 * Keys that one column of a query cannot hold and another can, on a real MariaDB: an owner in the second is found, and the
 * first has none.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../../src/model/source.ts";
import { mysqlConnection } from "../../../support/fakes/connections.ts";
import { answerTo, openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { type Mariadb, startMariadb } from "../../../support/servers/mariadb.ts";

const tables = `
CREATE TABLE latin (address VARCHAR(190) PRIMARY KEY, domain VARCHAR(190), owner VARCHAR(190)) CHARSET=latin1 COLLATE=latin1_general_ci;
CREATE TABLE three (address VARCHAR(190) PRIMARY KEY, owner VARCHAR(190)) CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;
CREATE TABLE wide (address VARCHAR(190) PRIMARY KEY, owner VARCHAR(190)) CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE other (address VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY);
INSERT INTO latin VALUES ('alice@example.com', 'example.com', 'alice'), ('jörg@example.com', 'example.com', 'joerg');
INSERT INTO three VALUES ('日本@example.com', 'nihon3');
INSERT INTO wide VALUES ('日本@example.com', 'nihon'), ('😀@example.com', 'smile'), ('jörg@example.com', 'joerg4'), ('@example.com', 'catch');
INSERT INTO other VALUES ('alice@example.com'), ('日本@example.com');
`;

let mariadb: Mariadb;
const opened: Database[] = [];

beforeAll(async () => {
  mariadb = await startMariadb({ sql: tables });
  await mariadb.addReader("reader", "secret");
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => mariadb.remove());

function open(address: string): Database {
  const database = openSource({
    connection: mysqlConnection({
      hosts: [{ kind: "unix", path: mariadb.socket }],
      password: "secret",
      database: mariadb.database,
    }),
    queries: { kind: "queries", sql: { address } },
  });
  opened.push(database);
  return database;
}

const union = ["latin", "three", "wide"]
  .map((table) => `SELECT owner FROM ${table} WHERE address = :email`)
  .join(" UNION ALL ");

describe("a key that one column cannot hold is compared with the others", () => {
  test.each([
    ["three tables in a UNION", union, "日本@example.com", ["nihon3", "nihon"], ["alice"]],
    ["the widest of them alone", union, "😀@example.com", ["smile"], ["alice"]],
    ["two that hold the key", union, "jörg@example.com", ["joerg", "joerg4"], ["alice"]],
    ["none of them", union, "日@example.com", [], ["alice"]],
    [
      "a table whose row would stand against it",
      "SELECT owner FROM wide WHERE address = :email AND NOT EXISTS (SELECT 1 FROM latin WHERE address = :email)",
      "日本@example.com",
      ["nihon"],
      [],
    ],
    [
      "the address put together",
      "SELECT w.owner FROM wide AS w WHERE w.address = CONCAT(:user, '@', :domain) UNION SELECT l.owner FROM latin AS l WHERE l.address = CONCAT(:user, '@', :domain)",
      "日本@example.com",
      ["nihon"],
      ["alice"],
    ],
    [
      "the domain of the key, which is left as it is",
      "SELECT 'host' FROM latin WHERE :email LIKE CONCAT('%@', domain) GROUP BY domain",
      "日本@example.com",
      ["host"],
      ["host"],
    ],
    [
      "both columns in one comparison",
      "SELECT w.owner FROM wide AS w JOIN latin AS l ON l.address = 'alice@example.com' WHERE :email IN (w.address, l.address)",
      "日本@example.com",
      ["nihon"],
      ["catch", "joerg4", "nihon", "smile"],
    ],
  ])("%s", async (_what, sql, address, owners, ofAlice) => {
    const database = open(sql);
    expect([...(await ownersOf(database, "alice@example.com"))].sort()).toEqual(ofAlice);
    // At once, so that they share a statement which fails as a whole; and once more, when the source has learned about it.
    for (let round = 0; round < 2; round++) {
      const both = await Promise.all([ownersOf(database, address), ownersOf(database, `x${address}`)]);
      expect(both[0]).toEqual(owners);
    }
    expect(database.health().isUp).toBe(true);
  });

  test("in a table file of Postfix too", async () => {
    const file = join(mariadb.folder, "union.cf");
    await writeFile(
      file,
      `hosts = unix:${mariadb.socket}\nuser = reader\npassword = secret\ndbname = ${mariadb.database}\nquery = ${union.replaceAll(":email", "'%s'")}\n`,
    );
    const overrides = { poolSize: 2, connectTimeoutMs: 5000, queryTimeoutMs: 5000 };
    const database = openSource({ connection: undefined, queries: { kind: "postfix_cf", file, overrides } });
    opened.push(database);
    expect(await answerTo(database, "日本@example.com")).toBe("nihon3,nihon");
    expect(await ownersOf(database, "日@example.com")).toEqual(["catch"]);
  });
});

describe("where there is no telling who owns an address, there is no answer", () => {
  test.each([
    [
      "a query that gives out the key",
      "SELECT CONCAT(:user, '@', domain) FROM latin WHERE address = 'alice@example.com'",
      "日本@example.com",
    ],
    [
      "columns of two collations compared with each other",
      "SELECT w.owner FROM wide AS w JOIN other AS o ON o.address = w.address WHERE w.address = :email",
      "日本@example.com",
    ],
    [
      "the same, for a key in ASCII",
      "SELECT w.owner FROM wide AS w JOIN other AS o ON o.address = w.address WHERE w.address = :email",
      "alice@example.com",
    ],
  ])("%s", async (_what, sql, address) => {
    const database = open(sql);
    await expect(ownersOf(database, address)).rejects.toMatchObject({ code: "ERR_SOURCE_SQL" });
    expect(database.health().isUp).toBe(true);
  });
});
