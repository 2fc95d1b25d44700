/** How host names become addresses, against name servers that answer, refuse, or say nothing. */
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dial } from "../../../src/source/pool/socket-session.ts";
import { HostNames, type NamePlaces } from "../../../src/system/host-names.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type NameAnswer, type NameServer, startNameServer } from "../../support/fakes/name-server.ts";
import { waitUntil, within } from "../../support/wait.ts";

interface PerFamily {
  readonly 4: NameAnswer;
  readonly 6: NameAnswer;
}

let directory: TestDirectory;
let database: Server;
let port: number;
let nameServer: NameServer;
let places: NamePlaces;
let answers: Record<string, NameAnswer | PerFamily>;

function isPerFamily(answer: NameAnswer | PerFamily): answer is PerFamily {
  return typeof answer === "object" && "4" in answer;
}

beforeAll(async () => {
  directory = await makeDirectory("names");
  database = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => database.listen(0, "127.0.0.1", resolve));
  ({ port } = database.address() as { port: number });
  nameServer = await startNameServer((name, family) => {
    const answer = answers[name] ?? "no such name";
    return isPerFamily(answer) ? answer[family] : answer;
  });
  const hostsFile = join(directory.path, "hosts");
  const resolverFile = join(directory.path, "resolv.conf");
  writeFileSync(hostsFile, "127.0.0.1 written.test\n");
  writeFileSync(resolverFile, "search corp.test\n");
  places = { hostsFile, resolverFile, servers: [nameServer.address] };
});

afterAll(async () => {
  await nameServer.close();
  await new Promise((resolve) => database.close(resolve));
  await directory.remove();
});

/** Connects as drivers do. @returns the address that it came to */
async function connect(names: HostNames, host: string, connectMs = 60_000): Promise<string> {
  const socket = dial({ kind: "inet", host, port }, names, { connectMs, loginMs: connectMs });
  try {
    return await within(
      `a connection to ${host}`,
      new Promise<string>((resolve, reject) => {
        socket.once("connect", () => resolve(socket.remoteAddress ?? ""));
        socket.once("error", reject);
      }),
    );
  } finally {
    socket.destroy();
  }
}

test.each<[string, string, typeof answers]>([
  ["by DNS", "db.test", { "db.test": ["127.0.0.1"] }],
  ["that the hosts file has without asking DNS", "written.test", { "written.test": "silence" }],
  ["of a search domain", "db", { "db.corp.test": ["127.0.0.1"] }],
  ["with IPv4 alone", "db.test", { "db.test": { 4: ["127.0.0.1"], 6: [] } }],
  ["whose other family no name server answers", "db.test", { "db.test": { 4: ["127.0.0.1"], 6: "silence" } }],
  ["whose other family a name server fails for", "db.test", { "db.test": { 4: ["127.0.0.1"], 6: "failure" } }],
  ["of several addresses, at the first that takes the connection", "db.test", { "db.test": ["::1", "127.0.0.1"] }],
])("a host %s is reached", async (_what, host, said) => {
  answers = said;
  expect(await connect(new HostNames(places), host)).toBe("127.0.0.1");
});

test("a name that nobody knows is said to be so", async () => {
  answers = {};
  await expect(connect(new HostNames(places), "nobody.invalid")).rejects.toMatchObject({ code: /ENOTFOUND|EAI_AGAIN/ });
});

test.each(["silence", "failure"] as const)("a name server's %s is no answer: the name may be there", async (kind) => {
  answers = { "db.test": kind };
  await expect(connect(new HostNames(places), "db.test", 400)).rejects.toMatchObject({ code: "EAI_AGAIN" });
});

test("while no name server answers, a host is reached where it was last", async () => {
  const names = new HostNames(places);
  answers = { "db.test": ["127.0.0.1"] };
  expect(await connect(names, "db.test")).toBe("127.0.0.1");
  answers = { "db.test": "silence" };
  expect(await connect(names, "db.test", 2000)).toBe("127.0.0.1");
  answers = { "db.test": "failure" };
  expect(await connect(names, "db.test", 2000)).toBe("127.0.0.1");
});

test("where a host was last counts no more once DNS says that it is not there", async () => {
  const names = new HostNames(places);
  answers = { "db.invalid": ["127.0.0.1"] };
  expect(await connect(names, "db.invalid")).toBe("127.0.0.1");
  answers = {};
  await expect(connect(names, "db.invalid")).rejects.toThrow();
  answers = { "db.invalid": "silence", "db.invalid.corp.test": "silence" };
  await expect(connect(names, "db.invalid", 400)).rejects.toMatchObject({ code: "EAI_AGAIN" });
});

test("a second name server is asked within the time when the first says nothing", async () => {
  const silent = await startNameServer(() => "silence");
  answers = { "db.test": ["127.0.0.1"] };
  const names = new HostNames({ ...places, servers: [silent.address, nameServer.address] });
  expect(await connect(names, "db.test", 4000)).toBe("127.0.0.1");
  expect(silent.asked).toContain("db.test");
  await silent.close();
});

test("a question that is given up ends at once, whatever its time limit", async () => {
  answers = { "db.test": "silence" };
  const wanted = new AbortController();
  const before = nameServer.asked.length;
  const lookup = new HostNames(places).lookupWithin(600_000, wanted.signal);
  const ended = new Promise((resolve) => lookup("db.test", { all: true }, resolve));
  await waitUntil("the question", () => nameServer.asked.length > before);
  wanted.abort();
  expect(await within("its end", ended)).toMatchObject({ code: "EAI_AGAIN" });
});

test("a socket that is given up gives up its question", async () => {
  let isWanted: AbortSignal | undefined;
  const names = new HostNames(places);
  const lookupWithin = names.lookupWithin.bind(names);
  names.lookupWithin = (limitMs, signal) => {
    isWanted = signal;
    return lookupWithin(limitMs, signal);
  };
  answers = { "db.test": "silence" };
  const socket = dial({ kind: "inet", host: "db.test", port }, names, { connectMs: 600_000, loginMs: 600_000 });
  socket.on("error", () => {});
  expect(isWanted?.aborted).toBe(false);
  socket.destroy();
  await waitUntil("the question to be given up", () => isWanted?.aborted);
});
