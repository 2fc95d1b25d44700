import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Resolver } from "../../../../src/lookup/resolver.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { TexthashDatabase } from "../../../../src/source/texthash/database.ts";
import { type FakeLog, fakeClock, fakeLog } from "../../../support/fakes/fakes.ts";
import { waitUntil } from "../../../support/wait.ts";

const rules = { recipientDelimiter: "+", localDomains: new Set(["local.example"]) };

let folder: string;
let path: string;
let log: FakeLog;
let tally: ReturnType<typeof sourceTally>;
let database: TexthashDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "texthash-"));
  path = join(folder, "grants");
  log = fakeLog();
  tally = sourceTally();
  database = open();
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(isPostfixTable = false): TexthashDatabase {
  const deps = { clock: fakeClock(), log, tally, maxWaitingLookups: 1 };
  return new TexthashDatabase("grants", { driver: "texthash", path, isPostfixTable }, deps);
}

async function ownersOf(key: string): Promise<string> {
  const answer = await new Resolver(database, rules).ownersOf(key, 0);
  return answer.kind === "ok" ? answer.owners.text : answer.because;
}

function problems(): unknown[] {
  return log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["problem"]);
}

describe("a text file", () => {
  test("answers in Postfix's order of keys, and * may send as anything on top", async () => {
    writeFileSync(path, "alice@x alice\nbob+t@x carol\nbob@x bob\nroot admin\n@x boss\n* post\n");
    expect(await ownersOf("alice@x")).toBe("alice,post");
    expect(await ownersOf("bob+t@x")).toBe("carol,post");
    expect(await ownersOf("bob+u@x")).toBe("bob,post");
    expect(await ownersOf("z@x")).toBe("boss,post");
    expect(await ownersOf("root@local.example")).toBe("admin,post");
    expect(await ownersOf("z@elsewhere.example")).toBe("post");
    expect(await ownersOf("*@x")).toBe("boss,post");
    expect(await database.hostedDomains()).toBeUndefined();
    expect(tally.queries.ok).toBeGreaterThan(6);
  });

  test("as a table of Postfix has no owner by *", async () => {
    writeFileSync(path, "@x boss@xn--exmple-cua.com\n* post\n");
    database = open(true);
    expect(await ownersOf("z@elsewhere.example")).toBe("absent");
    expect(await ownersOf("*")).toBe("post");
    expect(await ownersOf("a@x")).toBe("boss@xn--exmple-cua.com");
    expect(await database.hostedDomains()).toEqual(new Set(["x"]));
  });

  test("hosts the domains of its keys", async () => {
    writeFileSync(path, "alice@X a\n@y b\nroot c\nä@exämple.com d\n");
    expect(await database.hostedDomains()).toEqual(new Set(["x", "y", "xn--exmple-cua.com"]));
  });

  test("answers owners with an A-label in both forms", async () => {
    writeFileSync(path, "a@x anna@xn--exmple-cua.com\n");
    expect(await ownersOf("a@x")).toBe("anna@xn--exmple-cua.com,anna@exämple.com");
  });

  test("that is not there has no answer, and is up once it is", async () => {
    await expect(ownersOf("alice@x")).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
      message: `${path}: no such file`,
    });
    await expect(database.hostedDomains()).rejects.toMatchObject({ code: "ERR_SOURCE_UNAVAILABLE" });
    expect(database.health()).toMatchObject({ isUp: false, reason: "no such file" });
    expect(tally.queries.error).toBe(1);
    writeFileSync(path, "alice@x alice\n");
    expect(await ownersOf("alice@x")).toBe("alice");
    expect(database.health()).toEqual({
      isUp: true,
      reason: "",
      hosts: [{ endpoint: path, isUp: true, reason: "" }],
    });
  });

  test.each([
    ["a folder", () => mkdirSync(path), "it is no regular file"],
    ["a device", () => symlinkSync("/dev/zero", path), "it is no regular file"],
    [
      "a huge file",
      () => {
        writeFileSync(path, "");
        truncateSync(path, 65 * 1024 * 1024);
      },
      "it is larger than 67108864 bytes",
    ],
    ["a circle of links", () => symlinkSync(path, path), "too many symbolic links"],
  ])("cannot be %s", async (_what, make, reason) => {
    make();
    await expect(ownersOf("alice@x")).rejects.toMatchObject({ message: `${path}: ${reason}` });
    expect(problems()).toEqual([`${path} ${reason}; no lookup is answered from it`]);
  });

  test("with a repeated key is out of service, as for smtpd, and the lines are named", async () => {
    writeFileSync(path, "alice@x alice\nbob@x bob\nALICE@x eve\n");
    await expect(ownersOf("bob@x")).rejects.toMatchObject({ message: expect.stringContaining("line 3") });
    const [report] = await database.report();
    expect(report?.error).toBe(`${path}: line 3: the key ALICE@x is that of line 1`);
  });

  test.each([
    ["no value", "bob@x", "expected a key, white space and a value"],
    ["an open quote", '"bob d@x e', 'has a " without its counterpart'],
    ["bytes that are not UTF-8", Buffer.from("b\xf6b@x bob", "latin1"), "is not UTF-8"],
  ])(
    "that was broken before the start has no answer, by its line with %s, until it is mended",
    async (_, line, reason) => {
      writeFileSync(path, Buffer.concat([Buffer.from("alice@x alice\n"), Buffer.from(line), Buffer.from("\n")]));
      await database.lookAfter();
      expect(database.health()).toMatchObject({ isUp: false, reason: `line 2: ${reason}` });
      for (const key of ["alice@x", "bob@x"]) {
        await expect(ownersOf(key)).rejects.toMatchObject({ message: `${path}: line 2: ${reason}` });
      }
      expect(problems()).toEqual([`${path} line 2: ${reason}; no lookup is answered from it`]);
      writeFileSync(path, "alice@x alice\n");
      await waitUntil("the file to be in force", () => database.health().isUp);
      expect(await ownersOf("alice@x")).toBe("alice");
    },
  );

  test("as a table of Postfix is answered without the lines that Postfix ignores, and they are named", async () => {
    writeFileSync(path, "alice@x alice\nbob@x\nexample.com eve\n");
    database = open(true);
    expect(await ownersOf("alice@x")).toBe("alice");
    const told = [
      `${path} line 2: ignored, as Postfix does: expected a key, white space and a value`,
      `${path} line 3: example.com is no catch-all: that is written @example.com`,
    ];
    expect(problems()).toEqual([told.join("; ")]);
    expect(await database.report()).toEqual([{ query: "address", fullScans: [], isInMemory: true, notes: told }]);
  });

  test("is listed whole", async () => {
    writeFileSync(path, "alice@x alice,bob\n@x boss\n* post\n");
    const lines = [];
    for await (const batch of database.listing.list(new AbortController().signal)) lines.push(...batch);
    expect(lines).toEqual([
      { key: "alice@x", owner: "alice,bob", kind: "address" },
      { key: "@x", owner: "boss", kind: "catch-all" },
      { key: "*", owner: "post", kind: "grant" },
    ]);
    rmSync(path);
    database = open();
    await expect(database.listing.list(new AbortController().signal).next()).rejects.toMatchObject({
      code: "ERR_SOURCE_UNAVAILABLE",
    });
  });

  test("that is closed has no answers", async () => {
    writeFileSync(path, "alice@x alice\n");
    await database.close();
    await database.lookAfter();
    await expect(ownersOf("alice@x")).rejects.toMatchObject({ code: "ERR_SOURCE_CLOSED" });
  });
});

describe("a change", () => {
  beforeEach(async () => {
    writeFileSync(path, "alice@x alice\n");
    await database.lookAfter();
    expect(await ownersOf("alice@x")).toBe("alice");
  });

  const becomes = (owners: string) =>
    waitUntil(`alice@x belongs to ${owners}`, async () => (await ownersOf("alice@x")) === owners);

  test.each([
    ["in place", () => writeFileSync(path, "alice@x bob\n")],
    [
      "by rename",
      () => {
        writeFileSync(`${path}.new`, "alice@x bob\n");
        renameSync(`${path}.new`, path);
      },
    ],
  ])("%s is read by itself", async (_how, change) => {
    change();
    await becomes("bob");
    expect(log.lines.map(({ message }) => message)).toEqual(["text file read again"]);
  });

  test.each([
    ["a repeated key", "alice@x bob\nalice@x carol\n", "line 2: the key alice@x is that of line 1"],
    ["a line without a value", "alice@x bob\ncarol@x\n", "line 2: expected a key, white space and a value"],
    ["a quote that is left open", 'alice@x bob\n"carol d@x e\n', 'line 2: has a " without its counterpart'],
  ])("to a file with %s leaves the version before in force, until it is mended", async (_what, text, reason) => {
    writeFileSync(path, text);
    await waitUntil("the broken file was told", () => problems().length > 0);
    expect(problems()).toEqual([`${path} ${reason}; the version before stays in force`]);
    expect(await ownersOf("alice@x")).toBe("alice");
    expect(database.health()).toEqual({ isUp: true, reason: "", hosts: [{ endpoint: path, isUp: false, reason }] });
    expect((await database.report())[0]?.error).toBe(`${path}: ${reason}`);
    writeFileSync(path, "alice@x dave\n");
    await becomes("dave");
    expect(database.health().hosts[0]).toEqual({ endpoint: path, isUp: true, reason: "" });
  });

  test("that takes the file away leaves what it said in force, and says so", async () => {
    rmSync(path);
    await waitUntil("the missing file was told", () => problems().length > 0);
    expect(problems()).toEqual([`${path} no such file; the version before stays in force`]);
    expect(await ownersOf("alice@x")).toBe("alice");
  });

  test("is signalled to whoever follows the source", async () => {
    let hints = 0;
    const watch = database.listing.watchChanges(() => hints++);
    await watch.ready;
    expect(watch.state()).toEqual({ signal: "file", advice: "" });
    writeFileSync(path, "alice@x bob\n");
    await waitUntil("a hint", () => hints > 0);
    expect(await ownersOf("alice@x")).toBe("bob");
    await watch.close();
    writeFileSync(path, "alice@x carol\n");
    await becomes("carol");
    expect(hints).toBe(1);
  });

  test("back to what it was before a broken edit counts too", async () => {
    chmodSync(path, 0o644);
    writeFileSync(path, "alice@x\n");
    await waitUntil("the broken file was told", () => problems().length > 0);
    writeFileSync(path, "alice@x alice\n");
    await waitUntil("the file is in force again", () => database.health().hosts[0]?.isUp === true);
  });
});
