/** Colours and progress: on a terminal as people see them, elsewhere not at all. */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePort } from "../../support/servers/ports.ts";
import { nativeSchema, nativeSource } from "../../support/servers/stage.ts";
import { readScreen, runOnTerminal } from "../../support/servers/terminal.ts";

const main = [process.execPath, join(projectRoot, "dist/main.js")];
const esc = "\u001B";
const green = (text: string) => `${esc}[32m${text}${esc}[39m`;
const yellow = (text: string) => `${esc}[33m${text}${esc}[39m`;
const red = (text: string) => `${esc}[31m${text}${esc}[39m`;

let mariadb: Mariadb;
let file: string;

beforeAll(async () => {
  mariadb = await startMariadb({ load: nativeSchema });
  await mariadb.addReader("loginmapd", "reader-password");
  const { preset: _, ...bare } = nativeSource(mariadb);
  file = await writeSources("all-kinds.yaml", {
    good: nativeSource(mariadb),
    slow: {
      ...bare,
      queries: { address: "SELECT a.login FROM addresses AS a WHERE concat(localpart, login) = :email" },
    },
    wrong: { ...bare, queries: { address: "SELECT login FROM no_such_table WHERE a = :email" } },
    away: { ...nativeSource(mariadb), hosts: [`inet:127.0.0.1:${await freePort()}`] },
  });
});
afterAll(() => mariadb?.remove());

async function writeSources(name: string, sources: Record<string, object>): Promise<string> {
  const path = join(mariadb.folder, name);
  // A source without a map is a warning.
  const maps = Object.fromEntries(Object.keys(sources).map((source) => [`map-${source}`, { source }]));
  const listeners = [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }];
  await writeFile(path, stringify({ listeners, maps, sources }), { mode: 0o600 });
  return path;
}

const lookup = () => ["lookup", "-c", file, "alice@example.com", "--login", "bob@example.com"];
const check = () => ["check", "--connect", "-c", file];

test("lookup colours the verdicts: green for 250, red for 553", async () => {
  const { code, screen } = await runOnTerminal([...main, ...lookup()]);
  expect(code).toBe(0);
  expect(screen).toContain(`${green("250")} Ok`);
  expect(screen).toContain(`${red("553")} 5.7.1 <alice@example.com>`);
});

test("check colours what is fine, slow, wrong and away", async () => {
  const { code, screen } = await runOnTerminal([...main, ...check()]);
  expect(code).toBe(78);
  expect(screen).toContain(`address  ${green("ok")}, uses indexes`);
  expect(screen).toContain(`address  ${yellow("SLOW")} reads every row of addresses; add`);
  expect(screen).toContain(`address  ${red("ERROR")} `);
  expect(screen).toContain(`${red("no connection:")} `);
});

test("colours and progress change nothing but the looks", async () => {
  for (const args of [lookup(), check()]) {
    const plain = await loginmapd(args);
    expect(plain.stdout + plain.stderr).not.toContain(esc);
    // How long a listing took is another time each time.
    const timeless = (text: string) => text.replaceAll(/ in \d+\.\d\d s$/gm, " in N s");
    expect(timeless(readScreen((await runOnTerminal([...main, ...args])).screen))).toBe(timeless(plain.stdout));
  }
});

test.each<[string, string[], Record<string, string>]>([
  ["--no-color", ["--no-color"], {}],
  ["$NO_COLOR", [], { NO_COLOR: "1" }],
])("no colours on a terminal with %s", async (_, args, env) => {
  for (const command of [lookup(), check()]) {
    const { screen } = await runOnTerminal([...main, ...command, ...args], { env });
    expect(screen).not.toContain(`${esc}[3`);
    expect(screen).toContain(command[0] === "check" ? "uses indexes" : "553 5.7.1");
  }
});

test("each stream is judged by itself: progress on the terminal, no colours in the file", async () => {
  const out = join(mariadb.folder, "out.txt");
  const { screen } = await runOnTerminal([...main, ...check()], { redirection: `>${out}` });
  expect(screen).toContain("source 0/4, waiting for good, slow, wrong, away");
  expect(screen).not.toContain("uses indexes");
  expect(readScreen(screen)).toBe("");
  // What a listing takes is another time each time.
  const untimed = (text: string) => text.replace(/in \d+\.\d+ s$/gm, "in some time");
  expect(untimed(await readFile(out, "utf8"))).toBe(untimed((await loginmapd(check())).stdout));
});

test("check --connect is quiet on standard error when that is no terminal", async () => {
  const err = join(mariadb.folder, "err.txt");
  const { screen } = await runOnTerminal([...main, ...check()], { redirection: `2>${err}` });
  expect(screen).toContain(green("ok"));
  expect(await readFile(err, "utf8")).toBe("");
});

test("check --connect asks all sources at once, and prints them in the order of the configuration", async () => {
  const [m, a] = [await openGate(Promise.resolve()), await openGate(Promise.resolve())];
  // The first source gets through to its database only when the other two have had theirs.
  const z = await openGate(Promise.all([m.left, a.left]));
  const gates = { z, m, a };
  try {
    const sources = Object.entries(gates).map(([name, { port }]) => [
      name,
      { ...nativeSource(mariadb), hosts: [`inet:127.0.0.1:${port}`], connect_timeout: "5s" },
    ]);
    const path = await writeSources("gates.yaml", Object.fromEntries(sources));
    const { code, screen } = await runOnTerminal([...main, "check", "--connect", "-c", path]);
    expect({ code, failures: screen.match(/no connection.*/g) }).toEqual({ code: 0, failures: null });
    expect(screen).toContain("source 2/3, waiting for z");
    expect(readScreen(screen).match(/^source \w+:$/gm)).toEqual(["source z:", "source m:", "source a:"]);
  } finally {
    for (const gate of Object.values(gates)) gate.close();
  }
});

/** A port that leads to MariaDB once `opened`; `left` resolves when its first client has gone. */
async function openGate(opened: Promise<unknown>) {
  const server = createServer((client) => {
    client.on("error", () => {});
    client.on("close", () => server.emit("left"));
    void opened.then(() => {
      const upstream = connect(mariadb.port, "127.0.0.1");
      upstream.on("error", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  }).listen(0, "127.0.0.1");
  const left = once(server, "left");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, left, close: () => server.close() };
}
