/** The commands that ask a map straight at its source: check, list, lookup and audit, on SQLite. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makePlace, type Place, runHere } from "./support.ts";

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

const here = (...args: readonly string[]) => runHere(...args, "-c", place.configFile);
const printed = (stdout: string) => ({ code: 0, stdout, stderr: "" });

/** The configuration with other queries. */
function withQueries(queries: Readonly<Record<string, string>>) {
  const { mail } = place.config.sources;
  return { ...place.config, sources: { mail: { ...mail, queries: { ...mail.queries, ...queries } } } };
}

describe("check", () => {
  test("prints the configuration, and with --connect what each query says", async () => {
    const plain = await here("check");
    expect(plain).toMatchObject({ code: 0, stderr: "" });
    expect(plain.stdout).toContain(`    path: ${place.database}\n`);
    const { code, stdout } = await here("check", "--connect");
    expect(code).toBe(0);
    expect(stdout.startsWith(plain.stdout)).toBe(true);
    expect(stdout.slice(plain.stdout.length).replace(/\d+\.\d\d s/, "N s")).toBe(
      "\nsource mail:\n  address  ok, uses indexes\n  domains  ok, uses indexes\n" +
        "  listing  ok, 4 lines in N s\n  changes  ok, seen at once by data_version\n",
    );
  });

  test("a query that the database refuses: its words, the line of the file, and 78", async () => {
    const file = await place.write("refused.yaml", withQueries({ address: "SELECT absent FROM senders" }));
    const { code, stdout } = await runHere("check", "--connect", "-c", file);
    expect(code).toBe(78);
    expect(stdout).toMatch(/^ {2}address {2}ERROR .*no such column: absent.* \(\S+refused\.yaml line \d+\)$/m);
    expect(stdout).not.toMatch(/listing {2}/);
  });

  test("a database that is not there: no connection, and 69", async () => {
    await rename(place.database, `${place.database}.away`);
    const { code, stdout } = await here("check", "--connect");
    expect(code).toBe(69);
    expect(stdout).toMatch(/\nsource mail:\n {2}no connection: .+\n$/);
  });
});

describe("list", () => {
  test("the whole map, a login, a domain", async () => {
    const all =
      "alice@example.com\talice\taddress\nsales@example.com\talice\taddress\n" +
      "sales@example.com\tbob\taddress\ntwo words@example.com\tbob\taddress\n";
    expect(await here("list")).toEqual(printed(all));
    expect(await here("list", "alice")).toEqual(printed("alice@example.com\taddress\nsales@example.com\taddress\n"));
    expect(await here("list", "--domain", "@EXAMPLE.com")).toEqual(printed(all));
    expect(await here("list", "--domain", "example.org")).toEqual(printed(""));
  });

  test("as JSON, and as a table that Postfix reads", async () => {
    const { stdout } = await here("list", "--format", "json", "bob");
    expect(JSON.parse(stdout)).toEqual([
      { key: "sales@example.com", login: "bob", kind: "address" },
      { key: "two words@example.com", login: "bob", kind: "address" },
    ]);
    expect(await here("list", "--format", "texthash")).toEqual(
      printed('alice@example.com\talice\nsales@example.com\talice,bob\n"two words"@example.com\tbob\n'),
    );
  });

  test("a database that is not there prints no empty list", async () => {
    await rename(place.database, `${place.database}.away`);
    const { code, stdout, stderr } = await here("list");
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(/^loginmapd: .+\n$/);
  });
});

describe("lookup", () => {
  test("owners, and what Postfix says to a login", async () => {
    const { code, stdout } = await here("lookup", "sales@example.com", "--login", "carol");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^owners: {2}alice, bob$/m);
    expect(stdout).toMatch(
      /reject_authenticated_sender_login_mismatch +553 5\.7\.1 <sales@example\.com>: Sender address rejected: not owned by user carol$/m,
    );
    expect((await here("lookup", "sales@example.com", "--login", "bob")).stdout).not.toContain("553");
  });

  test("nobody is an answer, and a client that is not logged in may not use what somebody owns", async () => {
    const { code, stdout } = await here("lookup", "nobody@example.com", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ map: "senders", outcome: "notfound", owners: [] });
    expect((await here("lookup", "sales@example.com", "--login", "")).stdout).toMatch(
      /reject_unauthenticated_sender_login_mismatch +553 5\.7\.1 .*not logged in/,
    );
  });

  test("a message is judged by its From", async () => {
    const message = join(place.path, "mail.eml");
    const judge = () => here("lookup", "alice@example.com", "--login", "alice", "--message", message, "--json");
    await writeFile(message, "From: Sales <sales@example.com>\r\n\r\nHello\r\n");
    expect(JSON.parse((await judge()).stdout)).toMatchObject({ result: "accept" });
    await writeFile(message, 'From: two words <"two words"@example.com>\r\n\r\nHello\r\n');
    expect(JSON.parse((await judge()).stdout)).toMatchObject({ result: "reject" });
  });

  test("a message that is not there ends with 64", async () => {
    const { code, stderr } = await here("lookup", "--login", "alice", "--message", join(place.path, "none.eml"));
    expect(code).toBe(64);
    expect(stderr).toMatch(/^loginmapd: --message: ENOENT: .+none\.eml/);
  });

  test("a database that is not there is no answer: 69", async () => {
    await rename(place.database, `${place.database}.away`);
    const { code, stdout } = await here("lookup", "sales@example.com", "--json");
    expect(code).toBe(69);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "temp", owners: [] });
  });
});

describe("audit", () => {
  const at = "Nov  8 11:08:48 mx1 postfix/submission/";
  const sent = (id: string, login: string, sender: string) => [
    `${at}smtpd[1]: ${id}: client=c[203.0.113.9], sasl_method=PLAIN, sasl_username=${login}`,
    `${at}qmgr[2]: ${id}: from=<${sender}>, size=284, nrcpt=1 (queue active)`,
  ];
  const log = (name: string, lines: readonly string[]) => {
    const text = `${lines.join("\n")}\n`;
    return writeFile(join(place.path, name), name.endsWith(".gz") ? gzipSync(text) : text);
  };

  test("pairs that the map refuses, most messages first, and 1", async () => {
    await log("mail.log.1.gz", [
      ...sent("A1", "alice", "sales@example.com"),
      ...sent("A2", "alice", "ceo@example.org"),
    ]);
    await log("mail.log", [
      ...sent("B1", "carol", "sales@example.com"),
      ...sent("B2", "carol", "sales@example.com"),
      ...sent("B3", "bob", ""),
    ]);
    const files = ["mail.log", "mail.log.1.gz"].map((name) => join(place.path, name));
    const { code, stdout, stderr } = await here("audit", "--json", ...files);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ map: "senders", lines: 10, messages: 4, logins: 2, nullSenders: 1 });
    expect(report.refusals).toMatchObject([
      {
        login: "carol",
        sender: "sales@example.com",
        messages: 2,
        owners: ["alice", "bob"],
        reason: "owned by alice, bob",
      },
      { login: "alice", sender: "ceo@example.org", messages: 1, owners: [] },
    ]);
    const text = (await here("audit", ...files)).stdout;
    expect(text).toMatch(/^carol as sales@example\.com: 2 messages, last .+\n {4}owned by alice, bob\n/);
    expect(text).toMatch(/^3 messages of 2 logins would be refused: 2 pairs of login and sender\.$/m);
  });

  test("everybody sends as what is theirs: 0", async () => {
    await log("mail.log", sent("A1", "alice", "ALICE@example.com"));
    const { code, stdout } = await here("audit", join(place.path, "mail.log"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 message of 1 login in 2 lines of 1 file, .+\nNone would be refused\.\n$/);
  });

  test("a log or a database that is not there: 69, and nothing looks like an answer", async () => {
    const missing = await here("audit", join(place.path, "none.log"));
    expect(missing).toMatchObject({ code: 69, stdout: "" });
    expect(missing.stderr).toMatch(/^loginmapd: \S+none\.log: ENOENT/);
    await log("mail.log", sent("A1", "alice", "alice@example.com"));
    await rename(place.database, `${place.database}.away`);
    const silent = await here("audit", join(place.path, "mail.log"));
    expect(silent).toMatchObject({ code: 69, stdout: "" });
    expect(silent.stderr).toMatch(/^loginmapd: mail: no answer, so nobody can be judged: /);
  });
});
