/** The milter while its database, its daemon or its configuration go: a failure is a 451, never an accept. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, startDaemon, writeConfig } from "../../support/servers/daemon.ts";
import { type MilterStage, startMilterStage } from "../../support/servers/milter-stage.ts";
import { run } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";
import { mail, packet, packetsIn, postfixOffer } from "../../support/wire/milter-wire.ts";

const [alice, bob] = ["alice@example.com", "bob@example.com"];
const users = { [alice]: "pw-alice", [bob]: "pw-bob" };

let milter: MilterStage;
/** The daemon that runs now: the stage's own, then those that take its place. */
let daemon: Daemon;

beforeAll(async () => {
  milter = await startMilterStage({ users, config: { cache: { ttl: "60s" }, limits: { drain_timeout: "30s" } } });
  daemon = milter.stage.daemon;
});
afterAll(async () => {
  if (daemon !== milter?.stage.daemon) await daemon.stop();
  await milter?.stop();
});

async function startAgain(): Promise<void> {
  daemon = await startDaemon({ config: milter.stage.config, listening: Object.values(milter.ports) });
}

/** One message in a session of its own. */
async function send(smtpd: "reject" | "log", login: string, from: string): Promise<string> {
  const session = await milter.session(smtpd, login);
  const { code, enhanced, text } = await session.send(login, [`From: ${from}`]);
  await session.quit();
  return `${code} ${enhanced} ${code === 250 ? "" : text}`.trim();
}

test("while the database is away: what memory knows is answered, everything else is 451, and action: log lets all through", async () => {
  expect(await send("reject", alice, alice)).toBe("250 2.0.0");
  await milter.stage.mariadb.stop();
  try {
    expect(await send("reject", alice, alice)).toBe("250 2.0.0");
    expect(await send("reject", bob, bob)).toBe("451 4.3.0 Temporary lookup failure");
    expect(await send("log", bob, bob)).toBe("250 2.0.0");
  } finally {
    await milter.stage.mariadb.start();
  }
  await waitUntil("the database to be asked again", async () => (await send("reject", bob, bob)) === "250 2.0.0");
  expect(
    await milter.stage.metric("loginmapd_messages_total", { result: "would_reject", reason: "lookup_failed" }),
  ).toBe(1);
  expect(daemon.logLines().some(({ msg, reason }) => msg === "message deferred" && reason === "lookup_failed")).toBe(
    true,
  );
});

test("while the database hangs a message is deferred at the deadline", async () => {
  milter.stage.mariadb.pause();
  try {
    expect(await send("reject", alice, "sales@example.com")).toBe("451 4.3.0 Temporary lookup failure");
  } finally {
    milter.stage.mariadb.resume();
  }
  await waitUntil("the first answer", async () => (await send("reject", alice, "sales@example.com")) === "250 2.0.0");
});

async function reload(config: Record<string, unknown>): Promise<void> {
  const reloads = () => milter.stage.metric("loginmapd_config_reloads_total", { outcome: "ok" });
  const before = await reloads();
  await writeConfig(daemon.configFile as string, config);
  daemon.signal("SIGHUP");
  await waitUntil("the reload", async () => (await reloads()) > before);
}

test("a reload turns log into reject for sessions that are open", async () => {
  const session = await milter.session("log", alice);
  expect(await session.send(alice, [`From: ${bob}`])).toMatchObject({ code: 250 });
  const listeners = milter.stage.config["listeners"] as { action?: string }[];
  const rejecting = listeners.map((listener) =>
    listener.action === "log" ? { ...listener, action: "reject" } : listener,
  );
  await reload({ ...milter.stage.config, listeners: rejecting });
  expect(await session.send(alice, [`From: ${bob}`])).toMatchObject({ code: 550 });
  await reload(milter.stage.config);
  expect(await session.send(alice, [`From: ${bob}`])).toMatchObject({ code: 250 });
  await session.quit();
});

test.each([
  ["a command out of order", postfixOffer + mail(bob, bob) + packet("B", "x"), "ERR_MILTER_ORDER", ["O", "c"]],
  ["an unknown command", `${postfixOffer}${packet("x", "y")}`, "ERR_MILTER_COMMAND", ["O"]],
  ["a length of nothing", `${postfixOffer}\0\0\0\0`, "ERR_MILTER_LENGTH", ["O"]],
  ["a length of gigabytes", `${postfixOffer}\xff\xff\xff\xff`, "ERR_MILTER_TOO_LARGE", ["O"]],
  ["what is no milter at all", "EHLO client.example\r\n", "ERR_MILTER_TOO_LARGE", []],
])("%s ends the connection with one log line; others go on", async (_, wire, code, answered) => {
  const session = await milter.session("reject", alice);
  const replies: Buffer[] = [];
  const socket = connect(milter.ports.reject, "127.0.0.1");
  socket.on("data", (bytes) => replies.push(bytes));
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  const told = () => daemon.logLines().filter((line) => String(line["code"]).startsWith("ERR_MILTER_"));
  const before = told().length;
  socket.write(Buffer.from(wire, "latin1"));
  await closed;
  const answers = packetsIn(Buffer.concat(replies).toString("latin1")).map(({ command }) => command);
  expect(answers).toEqual(answered);
  expect(
    told()
      .slice(before)
      .map((line) => line["code"]),
  ).toEqual([code]);
  expect(await session.send(alice, [`From: ${alice}`])).toMatchObject({ code: 250 });
  await session.quit();
});

test("an idle connection is closed where idle_timeout says so, one with a message under way is not", async () => {
  const open = async (wire: string) => {
    const socket = connect(milter.ports.reject, "127.0.0.1");
    let isClosed = false;
    socket.on("data", () => {});
    socket.on("close", () => {
      isClosed = true;
    });
    socket.write(Buffer.from(wire, "latin1"));
    return { isClosed: () => isClosed, end: () => socket.destroy() };
  };
  const [idle, busy] = [await open(postfixOffer), await open(postfixOffer + mail(bob, bob))];
  await reload({ ...milter.stage.config, limits: { drain_timeout: "30s", idle_timeout: "300ms" } });
  await waitUntil("the idle connection to be closed", idle.isClosed);
  expect(busy.isClosed()).toBe(false);
  busy.end();
  await reload(milter.stage.config);
});

test("miltertest, the test tool of OpenDKIM, agrees", async () => {
  const directory = await mkdtemp(join(tmpdir(), "miltertest-"));
  const script = join(directory, "loginmapd.lua");
  await writeFile(script, miltertestScript(milter.ports.reject));
  try {
    const outcome = await run("miltertest", ["-s", script], {}, 20_000);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toContain("own: accepted\nforeign: refused\n");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a stop lets a message end that has begun, and defers the next of its session", async () => {
  const session = await milter.session("reject", alice);
  expect(await session.mailFrom(alice)).toMatchObject({ code: 250 });
  daemon.signal("SIGTERM");
  await waitUntil("the daemon to take no more", async () => daemon.log().includes("draining") || undefined);
  expect(await session.rcptTo("recipient@elsewhere.example")).toMatchObject({ code: 250 });
  expect(await session.command("DATA")).toMatchObject({ code: 354 });
  expect(await session.command(`From: ${alice}\r\n\r\nbody\r\n.`)).toMatchObject({ code: 250 });
  await daemon.stop();
  expect(await session.send(alice, [`From: ${alice}`])).toMatchObject({ code: 451 });
  await session.quit();
  await startAgain();
  expect(await send("reject", alice, bob)).toMatch(/^550 /);
});

test("a session whose daemon is killed is deferred, and the next one finds its successor", async () => {
  const session = await milter.session("reject", alice);
  expect(await session.send(alice, [`From: ${alice}`])).toMatchObject({ code: 250 });
  await daemon.kill();
  expect(await session.send(alice, [`From: ${alice}`])).toMatchObject({ code: 451 });
  await startAgain();
  await session.quit();
  expect(await send("reject", alice, bob)).toMatch(/^550 /);
});

/** Two messages: one with the own From, one with a foreign one. */
function miltertestScript(port: number): string {
  return `
    local function message(from)
      if mt.macro(conn, SMFIC_MAIL, "{auth_authen}", "${alice}", "{mail_addr}", "${alice}") ~= nil then error("macro") end
      if mt.mailfrom(conn, "<${alice}>") ~= nil then error("mailfrom") end
      if mt.getreply(conn) ~= SMFIR_CONTINUE then error("MAIL was not continued") end
      if mt.header(conn, "From", from) ~= nil then error("header") end
      if mt.header(conn, "Subject", "hello") ~= nil then error("header") end
      if mt.eoh(conn) ~= nil then error("eoh") end
    end
    conn = mt.connect("inet:${port}@127.0.0.1")
    if conn == nil then error("no connection") end
    -- No connect, helo or rcptto: it ends at commands that we negotiated away.
    message("Alice <${alice}>")
    if mt.getreply(conn) ~= SMFIR_ACCEPT then error("own was not accepted") end
    mt.echo("own: accepted")
    mt.abort(conn)
    message("Bob <${bob}>")
    if mt.getreply(conn) ~= SMFIR_REPLYCODE then error("foreign was not refused") end
    mt.echo("foreign: refused")
    mt.disconnect(conn)
  `;
}
