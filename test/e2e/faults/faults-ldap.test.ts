/**
 * Faults of a directory under load: whatever happens to it, no answer is wrong and none is late; what is cached goes on being
 * answered, and soon after the end of the fault everything is, but for a circle of groups, which has no answer at any time.
 */
import { afterEach, expect, test } from "vitest";
import { type Daemon, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { openRelay, type Relay } from "../../support/servers/relay.ts";
import { reader, type Slapd, startSlapd, suffix } from "../../support/servers/slapd.ts";
import { waitUntil } from "../../support/wait.ts";
import { Load, type Question } from "../../support/wire/load.ts";
import { askOnce } from "../../support/wire/wire.ts";

const lookupTimeoutMs = 2000;

let slapd: Slapd | undefined;
let second: Slapd | undefined;
let daemon: Daemon | undefined;
let relay: Relay | undefined;

afterEach(async () => {
  await daemon?.kill();
  await relay?.close();
  await slapd?.remove();
  await second?.remove();
  second = undefined;
});

const person = (uid: string, mail: string) => `dn: uid=${uid},ou=people,${suffix}
objectClass: inetOrgPerson
objectClass: mailObject
uid: ${uid}
cn: ${uid}
sn: ${uid}
mail: ${mail}
`;
const group = (cn: string, ...members: string[]) => `dn: cn=${cn},ou=groups,${suffix}
objectClass: groupOfNames
objectClass: mailObject
cn: ${cn}
mail: ${cn}@example.com
${members.map((dn) => `member: ${dn},${suffix}\n`).join("")}`;

const ldif = [
  person("alice", "alice@example.com"),
  person("bob", "bob@example.com"),
  person("erin", "*@catch.example"),
  person("frank", "*@two.example"),
  person("grace", "*@two.example"),
  group("team", "uid=alice,ou=people", "uid=bob,ou=people", "uid=gone,ou=people"),
  group("circle", "cn=circle,ou=groups"),
].join("\n");

const known: readonly Question[] = [
  { key: "alice@example.com", kind: "cached", answer: "OK alice" },
  { key: "bob+news@example.com", kind: "cached", answer: "OK bob" },
  { key: "team@example.com", kind: "cached", answer: "OK alice,bob" },
  { key: "nobody@example.com", kind: "cached", answer: "NOTFOUND " },
];

// A group that is a member of itself: whose it is cannot be told, so that any answer but a failure is wrong.
const circle: Question = { key: "circle@example.com", kind: "failing", answer: "TEMP " };

function questions(): () => Question {
  let count = 0;
  return () => {
    count++;
    if (count % 16 === 8) return circle;
    if (count % 8 === 1) return { key: `new${count}@catch.example`, kind: "uncached", answer: "OK erin" };
    if (count % 8 === 5) return { key: `new${count}@two.example`, kind: "uncached", answer: "OK frank,grace" };
    if (count % 4 === 3) return { key: `new${count}@example.com`, kind: "uncached", answer: "NOTFOUND " };
    return known[(count / 2) % known.length] as Question;
  };
}

interface Site {
  readonly load: Load;
  readonly port: number;
  readonly server: Slapd;
  /** Stands between the daemon and the server. */
  readonly relay: Relay;
}

async function startSite({ isSecure = false, hasSecond = false } = {}): Promise<Site> {
  const server = await startSlapd({ ldif });
  slapd = server;
  if (hasSecond) second = await startSlapd({ ldif });
  const between = await openRelay();
  relay = between;
  between.target = isSecure ? server.securePort : server.port;
  const [port, admin] = (await freePorts(2)) as [number, number];
  daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      limits: { lookup_timeout: `${lookupTimeoutMs}ms` },
      admin: { endpoint: `inet:127.0.0.1:${admin}` },
      cache: { ttl: "300ms", negative_ttl: "300ms", stale_if_error: "1h" },
      maps: { senders: { source: "people" } },
      sources: {
        people: {
          driver: "ldap",
          uri: [
            `${isSecure ? "ldaps" : "ldap"}://127.0.0.1:${between.port}`,
            ...(second === undefined ? [] : [second.uri]),
          ],
          ...(isSecure && { tls: { ca_file: server.caFile } }),
          bind_dn: reader.dn,
          bind_password: reader.password,
          search_base: suffix,
          filters: { address: "(mail=:email)", domain: "(mail=\\2a@:domain)" },
          login_attribute: "uid",
          member_attribute: ["member"],
          connect_timeout: "500ms",
          query_timeout: "1s",
        },
      },
    },
    listening: [port],
  });
  return { load: new Load(port, questions(), lookupTimeoutMs + 500), port, server, relay: between };
}

interface Fault {
  readonly name: string;
  /** Which new addresses fail while it lasts. */
  readonly costs: "all" | "some" | "a moment" | "nothing";
  readonly isSecure?: true;
  /** Whether there is a second server, which nothing happens to. */
  readonly hasSecond?: true;
  begin(site: Site): Promise<void> | void;
  end(site: Site): Promise<void> | void;
}

const faults: readonly Fault[] = [
  { name: "killed", costs: "all", begin: ({ server }) => server.kill(), end: ({ server }) => server.start() },
  { name: "stopped", costs: "all", begin: ({ server }) => server.stop(), end: ({ server }) => server.start() },
  { name: "hung", costs: "all", begin: ({ server }) => server.pause(), end: ({ server }) => server.resume() },
  {
    name: "password rotated and restarted",
    costs: "all",
    async begin({ server }) {
      await server.change(password("rotated"));
      await server.restartWith({});
    },
    end: ({ server }) => server.change(password(reader.password)),
  },
  {
    name: "a TLS certificate of another name",
    costs: "all",
    isSecure: true,
    begin: ({ server }) => server.restartWith({ certificateFor: "DNS:elsewhere.example" }),
    end: ({ server }) => server.restartWith({}),
  },
  {
    name: "a size limit that cuts lists of two",
    costs: "some",
    begin: ({ server }) => server.restartWith({ settings: ["sizelimit 1"] }),
    end: ({ server }) => server.restartWith({}),
  },
  { name: "restarted", costs: "a moment", begin: ({ server }) => server.restartWith({}), end: () => {} },
  {
    name: "killed, with a second server",
    costs: "nothing",
    hasSecond: true,
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.start(),
  },
  {
    name: "stopped, with a second server",
    costs: "nothing",
    hasSecond: true,
    begin: ({ server }) => server.stop(),
    end: ({ server }) => server.start(),
  },
  {
    name: "hung, with a second server",
    costs: "a moment",
    hasSecond: true,
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
  },
  {
    name: "every connection cut",
    costs: "nothing",
    begin: (site) => expect(site.relay.resetAll()).toBeGreaterThan(0),
    end: () => {},
  },
];

function password(value: string): string {
  return `dn: ${reader.dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${value}\n`;
}

test.each(faults)("$name: no answer is wrong or late, and known addresses are answered", async (fault) => {
  const { costs, begin, end, isSecure = false, hasSecond = false } = fault;
  const site = await startSite({ isSecure, hasSecond });
  const { load } = site;
  load.start(8);
  await waitUntil("every known address to be asked", () => load.tally.answers > 500);
  expect(load.tally).toMatchObject({ wrong: [], late: [], failures: { cached: 0, uncached: 0 }, lost: 0 });
  load.reset();
  await begin(site);
  const begunAt = performance.now();
  const before = load.tally.answers;
  await waitUntil("the load to feel the fault", () =>
    costs === "all" || costs === "some" ? load.tally.failures.uncached >= 8 : load.tally.answers > before + 200,
  );
  const toBeAnswered = (what: string, since: number) =>
    waitUntil(
      what,
      () => load.tally.lastUncachedAnswerAt > Math.max(since, load.tally.lastUncachedFailureAt + 300),
      15_000,
    );
  if (hasSecond) await toBeAnswered("the second server to answer", begunAt);
  await end(site);
  await toBeAnswered("uncached addresses to be answered again", performance.now());
  const failedBefore = load.tally.failures.failing;
  await waitUntil("the circle to be asked after the fault", () => load.tally.failures.failing > failedBefore + 8);
  await load.stop();
  expect(load.tally).toMatchObject({ wrong: [], late: [], failedCached: [], lost: 0 });
  if (costs === "nothing") expect(load.tally.failures.uncached).toBe(0);
});

test("a circle of groups fails for its address alone", async () => {
  const { port, load } = await startSite();
  load.start(4);
  for (let i = 0; i < 20; i++) expect(await askOnce(port, "senders", "circle@example.com")).toMatch(/^TEMP /);
  await waitUntil("the load to go on", () => load.tally.answers > 500);
  await load.stop();
  expect(load.tally).toMatchObject({ wrong: [], late: [], failures: { cached: 0, uncached: 0 } });
});
