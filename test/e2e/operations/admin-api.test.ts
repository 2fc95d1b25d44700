/** The transcripts of docs/admin-api.md, against the daemon itself. Places and times are mapped; counts are any number. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTranscripts, type Transcript } from "../../support/docs/http-transcripts.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { type Daemon, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { run } from "../../support/servers/processes.ts";
import { openRelay, type Relay } from "../../support/servers/relay.ts";
import { nativeSchema, nativeSource } from "../../support/servers/stage.ts";
import { askOnce } from "../../support/wire/wire.ts";

const transcripts = readTranscripts(readFileSync(join(projectRoot, "docs/admin-api.md"), "utf8"));
const token = "correct-horse-battery-staple";

// Alice has a tag that somebody else may use, in a domain with a catch-all; the query for it has no regard to other owners.
const rows = `
  INSERT INTO logins (login) VALUES ('catchall@example.com'), ('postmaster@example.com');
  INSERT INTO catch_alls (domain, login) VALUES ('example.com', 'catchall@example.com');
  INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'alice+lists', 'postmaster@example.com');
`;
const queries = {
  address: "SELECT login FROM addresses WHERE localpart = :user AND domain = :domain",
  domain: "SELECT login FROM catch_alls WHERE domain = :domain",
  grant: "SELECT login FROM send_as_grants WHERE localpart = :user AND domain = :domain",
  domains: "SELECT domain FROM domains WHERE active = 1",
};

interface Documented {
  readonly daemon: Daemon;
  readonly admin: number;
  readonly socketmap: number;
  /** A response with the places of the document in place of the real ones. */
  asDocumented(text: string): string;
}

let mariadb: Mariadb;
/** Two hosts that are the same database, for a source of two hosts. */
const relays: Relay[] = [];
const daemons: Documented[] = [];
const byCircumstance = new Map<string, Documented>();

beforeAll(async () => {
  mariadb = await startMariadb({ load: nativeSchema, sql: rows });
  await mariadb.addReader("loginmapd", "reader-password");
  for (const _ of ["10.0.0.5", "10.0.0.6"]) {
    const relay = await openRelay();
    relay.target = mariadb.port;
    relays.push(relay);
  }
  const up = relays.map(({ port }) => port);
  byCircumstance.set("", await start(up, { token }));
  byCircumstance.set("no token is configured", await start(up, {}));
  byCircumstance.set("the source is down", await start(await freePorts(2), { token }));
});
afterAll(async () => {
  for (const { daemon } of daemons) await daemon.stop();
  for (const relay of relays) await relay.close();
  await mariadb?.remove();
});

/** Starts a daemon whose source has two hosts, at these ports. */
async function start(hosts: readonly number[], admin: object): Promise<Documented> {
  const ports = await freePorts(3);
  const [socketmap, tcpTable, adminPort] = ports as [number, number, number];
  const { preset: _, ...bare } = nativeSource(mariadb);
  const config = {
    listeners: [
      { protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` },
      { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcpTable}`, map: "senders" },
    ],
    admin: { endpoint: `inet:127.0.0.1:${adminPort}`, ...admin },
    maps: { senders: { source: "mail" } },
    sources: { mail: { ...bare, hosts: hosts.map((port) => `inet:127.0.0.1:${port}`), queries } },
  };
  const daemon = await startDaemon({ config, listening: ports });
  const places = [
    ...ports.map((port, i) => [`127.0.0.1:${port}`, `127.0.0.1:${9000 + i}`] as const),
    ...hosts.map((port, i) => [`127.0.0.1:${port}`, `10.0.0.${5 + i}:3306`] as const),
  ];
  const asDocumented = (text: string) =>
    places.reduce((mapped, [real, documented]) => mapped.replaceAll(real, documented), text);
  const started = { daemon, admin: adminPort, socketmap, asDocumented };
  daemons.push(started);
  return started;
}

interface Received {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function send({ method, url, headers, body }: Transcript, port: number): Promise<Received> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path: url, headers: { ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** What has to be as it is documented: everything but counts, ages and times, which only have to be of the kind. */
function anyCounts(documented: unknown, key = ""): unknown {
  if (documented === "…") return expect.anything();
  if (Array.isArray(documented)) return documented.map((element) => anyCounts(element));
  if (typeof documented === "object" && documented !== null)
    return Object.fromEntries(Object.entries(documented).map(([name, value]) => [name, anyCounts(value, name)]));
  if (typeof documented === "number" && !isFixed(key)) return expect.any(Number);
  if (typeof documented === "string" && /^\d{4}-\d\d-\d\dT/.test(documented))
    return expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return documented;
}

function isFixed(key: string): boolean {
  return key === "statusCode" || key === "code" || /^(ttl|negativeTtl|staleIfError)Ms$|^hosts(Up|Down)$/.test(key);
}

test("the document has transcripts in each circumstance", () => {
  expect(new Set(transcripts.map(({ circumstance }) => circumstance))).toEqual(new Set(byCircumstance.keys()));
});

test.each(transcripts)("line $line: $method $url answers $status as documented", async (transcript) => {
  const { admin, socketmap, asDocumented } = byCircumstance.get(transcript.circumstance) as Documented;
  // Postfix has asked before; a transcript may have flushed what it asked.
  for (const address of ["alice+lists@example.com", "alice@example.com", "a@foreign.example"])
    await askOnce(socketmap, "senders", address);
  const received = await send(transcript, admin);
  expect(received.status).toBe(transcript.status);
  expect(received.headers).toMatchObject(transcript.responseHeaders);
  expect(JSON.parse(asDocumented(received.body))).toEqual(anyCounts(transcript.responseBody));
});

const commands = readBlocks("docs/admin-api.md").filter(({ language }) => language === "sh");

test("the document has a command", () => {
  expect(commands).toHaveLength(1);
});

test.each(commands)("line $line: the command does what the transcript before it does", async ({ text }) => {
  const { daemon, admin, socketmap } = byCircumstance.get("") as Documented;
  const tokenFile = join(dirname(daemon.configFile as string), "admin-token");
  await writeFile(tokenFile, `${token}\n`);
  await askOnce(socketmap, "senders", "alice@example.com");
  const here = text.replace("/etc/loginmapd/admin-token", tokenFile).replace(":9100", `:${admin}`);
  const { code, stdout } = await run("sh", ["-c", here]);
  expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: { flushed: expect.any(Number) } });
  expect(JSON.parse(stdout).flushed).toBeGreaterThan(0);
});
