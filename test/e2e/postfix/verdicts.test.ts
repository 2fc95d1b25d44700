/**
 * What a real smtpd says, for every restriction and every way to ask: the reason why loginmapd exists.
 *
 * The rows are those of sql/demo/rows.sql and the few below. Each line of the table holds the reply codes of the four
 * restrictions in the order of `restrictions`: sender, authenticated, unauthenticated, known.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type MailServer,
  restrictions,
  smtpdPerRestriction,
  startMailServer,
} from "../../support/servers/mail-server.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { attempt, SmtpSession } from "../../support/wire/smtp.ts";

const rows = `
  INSERT INTO domains (domain) VALUES ('xn--mnchen-3ya.example');
  INSERT INTO logins (login) VALUES ('Grace@Example.COM'), ('ida@xn--mnchen-3ya.example'), ('heinz');
  INSERT INTO addresses (domain, localpart, login) VALUES
    ('example.com', 'grace', 'Grace@Example.COM'),
    ('example.com', 'heinz', 'heinz'),
    ('example.com', 'two words', 'alice@example.com'),
    ('example.com', 'o''brien', 'alice@example.com'),
    ('example.com', 'alice+billing', 'bob@example.com'),
    ('xn--mnchen-3ya.example', 'ida', 'ida@xn--mnchen-3ya.example');
`;

const users = {
  "alice@example.com": "pw-alice",
  "bob@example.com": "pw-bob",
  "erin@catch.example": "pw-erin",
  "grace@example.com": "pw-grace",
  "ida@xn--mnchen-3ya.example": "pw-ida",
  "dave@example.com": "pw-dave",
  heinz: "pw-heinz",
};

type Login = keyof typeof users;

interface Row {
  readonly rule: string;
  readonly from: string;
  readonly login?: Login;
  readonly codes: string;
  readonly smtputf8?: boolean;
}

const anonymous = { owned: "553 250 553 553", unowned: "250 250 250 250" };
const owner = "250 250 250 250";
const stranger = "553 553 250 553";
const unownedAddress = "553 553 250 250";

const table: readonly Row[] = [
  { rule: "an owner", from: "alice@example.com", login: "alice@example.com", codes: owner },
  { rule: "someone else's address", from: "bob@example.com", login: "alice@example.com", codes: stranger },
  { rule: "an owned address, not logged in", from: "alice@example.com", codes: anonymous.owned },
  { rule: "an owner's tag", from: "alice+lists@example.com", login: "alice@example.com", codes: owner },
  { rule: "an owner's tag within a tag", from: "alice+a+b@example.com", login: "alice@example.com", codes: owner },
  { rule: "someone else's tag", from: "bob+lists@example.com", login: "alice@example.com", codes: stranger },
  { rule: "a tag with a row of its own", from: "alice+billing@example.com", login: "bob@example.com", codes: owner },
  {
    rule: "a tag given to someone else",
    from: "alice+billing@example.com",
    login: "alice@example.com",
    codes: stranger,
  },
  { rule: "a tag, not logged in", from: "alice+lists@example.com", codes: anonymous.owned },
  { rule: "mixed case", from: "ALICE@Example.COM", login: "alice@example.com", codes: owner },
  { rule: "mixed case, not logged in", from: "Alice@EXAMPLE.com", codes: anonymous.owned },
  {
    rule: "a login spelled otherwise in the database",
    from: "grace@example.com",
    login: "grace@example.com",
    codes: owner,
  },
  { rule: "a login without a domain", from: "heinz@example.com", login: "heinz", codes: owner },
  { rule: "the first of several owners", from: "sales@example.com", login: "alice@example.com", codes: owner },
  { rule: "the second of several owners", from: "sales@example.com", login: "bob@example.com", codes: owner },
  { rule: "none of several owners", from: "sales@example.com", login: "erin@catch.example", codes: stranger },
  { rule: "the owner of a catch-all", from: "any.thing@catch.example", login: "erin@catch.example", codes: owner },
  { rule: "a tag in a catch-all domain", from: "any+tag@catch.example", login: "erin@catch.example", codes: owner },
  { rule: "a stranger in a catch-all domain", from: "any@catch.example", login: "alice@example.com", codes: stranger },
  { rule: "a catch-all, not logged in", from: "any@catch.example", codes: anonymous.owned },
  { rule: "a grant in a domain of others", from: "newsletter@partner.example", login: "bob@example.com", codes: owner },
  { rule: "a grant of somebody else", from: "newsletter@partner.example", login: "alice@example.com", codes: stranger },
  { rule: "an address that nobody has", from: "nobody@example.com", login: "alice@example.com", codes: unownedAddress },
  { rule: "an address that nobody has, not logged in", from: "nobody@example.com", codes: anonymous.unowned },
  { rule: "a domain that is not ours", from: "x@elsewhere.example", login: "alice@example.com", codes: unownedAddress },
  { rule: "a domain that is not ours, not logged in", from: "x@elsewhere.example", codes: anonymous.unowned },
  { rule: "an inactive login", from: "dave@example.com", login: "dave@example.com", codes: unownedAddress },
  { rule: "an inactive domain, not logged in", from: "frank@example.net", codes: anonymous.unowned },
  { rule: "a quoted localpart", from: '"two words"@example.com', login: "alice@example.com", codes: owner },
  {
    rule: "a quoted localpart of somebody else",
    from: '"two words"@example.com',
    login: "bob@example.com",
    codes: stranger,
  },
  {
    rule: "a localpart that ends in a backslash",
    from: '"alice\\\\"@example.com',
    login: "alice@example.com",
    codes: unownedAddress,
  },
  {
    rule: "a localpart that ends in a quote",
    from: '"alice\\""@example.com',
    login: "alice@example.com",
    codes: unownedAddress,
  },
  {
    rule: "a localpart within quotes of its own",
    from: '"\\"alice\\""@example.com',
    login: "alice@example.com",
    codes: unownedAddress,
  },
  {
    rule: "a blank at the end is not padding",
    from: '"alice "@example.com',
    login: "alice@example.com",
    codes: unownedAddress,
  },
  { rule: "a blank at the end of a tag", from: '"alice+x "@example.com', login: "alice@example.com", codes: owner },
  {
    rule: "a blank at the end in a catch-all domain",
    from: '"zz "@catch.example',
    login: "erin@catch.example",
    codes: owner,
  },
  { rule: "no localpart in a catch-all domain", from: '""@catch.example', login: "erin@catch.example", codes: owner },
  { rule: "needless quotes", from: '"alice"@example.com', login: "alice@example.com", codes: owner },
  { rule: "an apostrophe", from: "o'brien@example.com", login: "alice@example.com", codes: owner },
  {
    rule: "a domain as A-label",
    from: "ida@xn--mnchen-3ya.example",
    login: "ida@xn--mnchen-3ya.example",
    codes: owner,
  },
  {
    rule: "a domain as U-label",
    from: "ida@münchen.example",
    login: "ida@xn--mnchen-3ya.example",
    codes: owner,
    smtputf8: true,
  },
  {
    rule: "an accent is another letter",
    from: "älice@example.com",
    login: "alice@example.com",
    codes: unownedAddress,
    smtputf8: true,
  },
  { rule: "the null sender", from: "", login: "alice@example.com", codes: owner },
  { rule: "the null sender, not logged in", from: "", codes: anonymous.unowned },
];

const transports = ["socketmap", "proxy:socketmap", "socketmap in the chroot", "tcp_table"] as const;

let stage: Stage;
let server: MailServer;

beforeAll(async () => {
  server = await startMailServer({
    users,
    async smtpd(home) {
      await mkdir(join(home.queue, "loginmapd"));
      const unixSocket = join(home.queue, "loginmapd/socketmap");
      stage = await startStage({ rows, unixSockets: [unixSocket] });
      const direct = `socketmap:inet:127.0.0.1:${stage.ports.socketmap}:senders`;
      // proxymap does not see the -o of one service: the table has to be named in main.cf.
      await home.setParameter("proxy_read_maps", `proxy:${direct}`);
      return [
        ...smtpdPerRestriction(direct, "socketmap "),
        ...smtpdPerRestriction(`proxy:${direct}`, "proxy:socketmap "),
        ...smtpdPerRestriction("socketmap:unix:loginmapd/socketmap:senders", "socketmap in the chroot ").map(
          (service) => ({ ...service, chroot: true }),
        ),
        ...smtpdPerRestriction(`tcp:127.0.0.1:${stage.ports.tcpTable}`, "tcp_table "),
        ...smtpdPerRestriction(direct.replace(/senders$/, "typo"), "misspelt "),
      ];
    },
  });
});
afterAll(async () => {
  await server?.stop();
  await stage?.stop();
});

describe.each(transports)("through %s", (transport) => {
  test.each(table)("$rule: $codes", async ({ from, login, codes, smtputf8 }) => {
    const replies = await Promise.all(
      restrictions.map((restriction) =>
        attempt(server.postfix.port(`${transport} ${restriction}`), {
          from,
          ...(login && { login: { login, password: users[login] } }),
          ...(smtputf8 && { smtputf8 }),
        }),
      ),
    );
    expect(replies.map((reply) => reply.code).join(" ")).toBe(codes);
  });

  test("the refusal names the login, or says that there is none", async () => {
    const port = server.postfix.port(`${transport} reject_sender_login_mismatch`);
    const alice = { login: "alice@example.com", password: "pw-alice" } as const;
    expect(await attempt(port, { from: "bob@example.com", login: alice })).toMatchObject({
      enhanced: "5.7.1",
      text: "<bob@example.com>: Sender address rejected: not owned by user alice@example.com",
    });
    expect(await attempt(port, { from: "bob@example.com" })).toMatchObject({
      enhanced: "5.7.1",
      text: "<bob@example.com>: Sender address rejected: not logged in",
    });
  });

  test.each(["PLAIN", "LOGIN"] as const)("it is the same with AUTH %s", async (mechanism) => {
    const port = server.postfix.port(`${transport} reject_sender_login_mismatch`);
    const alice = { login: "alice@example.com", password: "pw-alice", mechanism };
    expect((await attempt(port, { from: "alice@example.com", login: alice })).code).toBe(250);
    expect((await attempt(port, { from: "bob@example.com", login: alice })).code).toBe(553);
  });
});

test("Postfix had no reason to complain about the map", async () => {
  expect((await server.postfix.log()).split("\n").filter((line) => /warning|error|fatal|panic/.test(line))).toEqual([]);
});

test("ten recipients ask ten times, and the database answers one lookup at most", async () => {
  const before = await stage.metric("loginmapd_source_queries_total", { source: "mail" });
  const session = await SmtpSession.open(server.postfix.port("socketmap reject_sender_login_mismatch"));
  await session.logIn({ login: "alice@example.com", password: "pw-alice" });
  await session.mailFrom("alice+ten@example.com");
  for (let i = 0; i < 10; i++) expect((await session.rcptTo(`r${i}@elsewhere.example`)).code).toBe(250);
  await session.quit();
  // A tagged address takes two round trips: for itself, then for what can answer in its place.
  expect((await stage.metric("loginmapd_source_queries_total", { source: "mail" })) - before).toBeLessThanOrEqual(2);
});

// The last one: Postfix complains about it.
test("a map that the daemon does not have is a mistake of the configuration, and refuses nobody for good", async () => {
  const port = server.postfix.port("misspelt reject_sender_login_mismatch");
  const alice = { login: "alice@example.com", password: "pw-alice" } as const;
  expect(await attempt(port, { from: "alice@example.com", login: alice })).toMatchObject({
    code: 451,
    enhanced: "4.3.5",
    text: "Server configuration error",
  });
  // The transcript of the session.
  expect(await server.postfix.logged(/from=<double-bounce@/)).toContain("qmgr");
});
