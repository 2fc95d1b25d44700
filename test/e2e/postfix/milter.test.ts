/** What a real smtpd says to a message whose header our milter reads. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loginmapd } from "../../support/servers/daemon.ts";
import { type MilterStage, startMilterStage } from "../../support/servers/milter-stage.ts";
import { waitUntil } from "../../support/wait.ts";
import type { SmtpSession } from "../../support/wire/smtp.ts";

const rows = `
  INSERT INTO domains (domain) VALUES ('xn--mnchen-3ya.example');
  INSERT INTO logins (login) VALUES ('ida@xn--mnchen-3ya.example');
  INSERT INTO addresses (domain, localpart, login) VALUES
    ('example.com', 'two words', 'alice@example.com'),
    ('xn--mnchen-3ya.example', 'ida', 'ida@xn--mnchen-3ya.example');
`;
const users = {
  "alice@example.com": "pw-alice",
  "bob@example.com": "pw-bob",
  "erin@catch.example": "pw-erin",
  "ida@xn--mnchen-3ya.example": "pw-ida",
};
const alice = "alice@example.com";

let milter: MilterStage;
const sessions = new Map<string, SmtpSession>();

beforeAll(async () => {
  milter = await startMilterStage({ rows, users });
});
afterAll(async () => {
  for (const session of sessions.values()) await session.quit();
  await milter?.stop();
});

/** Sessions are used again, as mail programs use them. */
async function sessionOf(smtpd: "reject" | "log" | "resent", login?: string): Promise<SmtpSession> {
  const key = `${smtpd} ${login}`;
  const session = sessions.get(key) ?? (await milter.session(smtpd, login));
  sessions.set(key, session);
  return session;
}

const notOwned = (address: string, place = "From") =>
  `550 5.7.1 <${address}>: ${place} address rejected: not owned by user ${alice}`;
const taken = /^250 2\.0\.0 /;

interface Row {
  readonly rule: string;
  readonly from?: string;
  readonly header: readonly string[];
  readonly login?: string;
  readonly smtputf8?: boolean;
  /** `250`, or the whole reply. */
  readonly says: string;
}

const table: readonly Row[] = [
  { rule: "the own From", header: ["From: Alice <alice@example.com>"], says: "250" },
  { rule: "From in capitals", header: ["FROM: ALICE@EXAMPLE.COM"], says: "250" },
  { rule: "an own tag", header: ["From: alice+lists@example.com"], says: "250" },
  { rule: "a folded From", header: ["From: Alice", " Example", "\t<alice@example.com>"], says: "250" },
  { rule: "an own quoted localpart", header: ['From: "two words"@example.com'], says: "250" },
  {
    rule: "a quoted name that looks like an address",
    header: ['From: "bob@example.com" <alice@example.com>'],
    says: "250",
  },
  { rule: "no From", header: ["Subject: hello"], says: "250" },
  { rule: "a foreign Reply-To", header: ["From: alice@example.com", "Reply-To: bob@example.com"], says: "250" },
  { rule: "the own Sender", header: ["From: alice@example.com", "Sender: alice@example.com"], says: "250" },
  {
    rule: "the own Resent-From",
    header: ["From: alice@example.com", "Resent-From: Alice <alice@example.com>", "Resent-Sender: alice@example.com"],
    says: "250",
  },
  { rule: "a group of the own addresses", header: ["From: Team: alice@example.com, sales@example.com;"], says: "250" },
  { rule: "<> with the own From", from: "", header: ["From: alice@example.com"], says: "250" },
  {
    rule: "a catch-all's owner",
    login: "erin@catch.example",
    from: "x@catch.example",
    header: ["From: any@catch.example"],
    says: "250",
  },
  {
    rule: "a grant",
    login: "bob@example.com",
    from: "bob@example.com",
    header: ["From: newsletter@partner.example"],
    says: "250",
  },
  { rule: "a foreign From", header: ["From: Bob <bob@example.com>"], says: notOwned("bob@example.com") },
  { rule: "<> with a foreign From", from: "", header: ["From: bob@example.com"], says: notOwned("bob@example.com") },
  {
    rule: "a foreign envelope sender",
    from: "bob@example.com",
    header: ["From: alice@example.com"],
    says: notOwned("bob@example.com", "Envelope sender"),
  },
  { rule: "an address of nobody", header: ["From: 100%@example.com"], says: notOwned("100%@example.com") },
  {
    rule: "a foreign From, an own Sender",
    header: ["From: bob@example.com", "Sender: alice@example.com"],
    says: notOwned("bob@example.com"),
  },
  {
    rule: "a foreign Sender",
    header: ["From: alice@example.com", "Sender: bob@example.com"],
    says: notOwned("bob@example.com", "Sender"),
  },
  {
    rule: "a foreign Resent-From",
    header: ["From: alice@example.com", "Resent-From: bob@example.com"],
    says: notOwned("bob@example.com", "Resent-From"),
  },
  {
    rule: "two From fields",
    header: ["From: alice@example.com", "fRoM: alice@example.com"],
    says: "550 5.7.1 More than one From header",
  },
  {
    rule: "two Sender fields",
    header: ["Sender: alice@example.com", "Sender: alice@example.com"],
    says: "550 5.7.1 More than one Sender header",
  },
  {
    rule: "a foreign Resent-Sender",
    header: ["From: alice@example.com", "Resent-Sender: bob@example.com"],
    says: notOwned("bob@example.com", "Resent-Sender"),
  },
  {
    rule: "a group with a foreign member",
    header: ["From: Team: alice@example.com, bob@example.com;"],
    says: notOwned("bob@example.com"),
  },
  { rule: "an empty group", header: ["From: undisclosed:;"], says: "550 5.7.1 From header cannot be read" },
  { rule: "a name alone", header: ["From: Bob"], says: "550 5.7.1 From header cannot be read" },
  {
    rule: "an unquoted foreign address as the name",
    header: ["From: bob@example.com <alice@example.com>"],
    says: notOwned("bob@example.com"),
  },
  { rule: "VU#517845", header: ["From: <alice@example.com>:<bob@example.com>"], says: notOwned("bob@example.com") },
  { rule: "a comment", header: ["From: alice@example.com (bob@example.com)"], says: notOwned("bob@example.com") },
  {
    rule: "a U-label",
    login: "ida@xn--mnchen-3ya.example",
    from: "ida@xn--mnchen-3ya.example",
    header: ["From: ida@m\u00fcnchen.example"],
    smtputf8: true,
    says: "250",
  },
  {
    rule: "an A-label",
    login: "ida@xn--mnchen-3ya.example",
    from: "ida@m\u00fcnchen.example",
    header: ["From: ida@xn--mnchen-3ya.example"],
    smtputf8: true,
    says: "250",
  },
];

describe("action: reject", () => {
  test.each(table)("$rule: $says", async ({ from = alice, header, login = alice, smtputf8, says }) => {
    const session = await sessionOf("reject", login);
    const reply = await session.send(from, header, { ...(smtputf8 && { smtputf8 }) });
    const said = `${reply.code} ${reply.enhanced} ${reply.text}`;
    if (says === "250") expect(said).toMatch(taken);
    else expect(said).toBe(says);
  });

  test("says nothing to a client that is not logged in", async () => {
    const session = await sessionOf("reject");
    expect(await session.send("bob@example.com", ["From: bob@example.com"])).toMatchObject({ code: 250 });
  });

  test("takes ten messages in one session, foreign ones between", async () => {
    const session = await sessionOf("reject", alice);
    const codes: number[] = [];
    for (let n = 0; n < 10; n++) {
      const from = n % 3 === 1 ? "bob@example.com" : alice;
      codes.push((await session.send(alice, [`From: ${from}`])).code);
    }
    expect(codes).toEqual([250, 550, 250, 250, 550, 250, 250, 550, 250, 250]);
  });

  test("keeps twenty sessions apart", async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const login = n % 2 === 0 ? alice : "bob@example.com";
        const session = await milter.session("reject", login);
        const own = await session.send(login, [`From: ${login}`]);
        const foreign = await session.send(login, ["From: alice@example.com"]);
        await session.quit();
        return [own.code, foreign.code];
      }),
    );
    expect(replies).toEqual(Array.from({ length: 20 }, (_, n) => [250, n % 2 === 0 ? 250 : 550]));
  });

  test("logs a refusal with queue id, login, header and address, and nothing of what is accepted", async () => {
    const line = await waitUntil("a refusal in the log", async () =>
      milter.stage.daemon
        .logLines()
        .find(({ msg, address }) => msg === "message refused" && address === "bob@example.com"),
    );
    expect(line).toMatchObject({ level: "info", login: alice, header: "From", reason: "not_owned" });
    expect(String(line["queueId"])).toMatch(/^[0-9A-Za-z]{6,20}$/);
    await milter.mail.postfix.logged(new RegExp(`${line["queueId"]}: milter-reject: END-OF-`));
    expect(milter.stage.daemon.log()).not.toContain("any@catch.example");
  });

  test("counts messages by result and reason", async () => {
    const count = (result: string, reason: string) =>
      milter.stage.metric("loginmapd_messages_total", {
        listener: `inet:127.0.0.1:${milter.ports.reject}`,
        result,
        reason,
      });
    expect(await count("accept", "owned")).toBeGreaterThan(10);
    expect(await count("accept", "no_from")).toBeGreaterThan(0);
    expect(await count("accept", "unauthenticated")).toBe(1);
    expect(await count("reject", "not_owned")).toBeGreaterThan(10);
    expect(await count("reject", "several")).toBe(2);
    expect(await count("reject", "unreadable")).toBe(2);
    expect(await count("temp", "lookup_failed")).toBe(0);
  });
});

test("the status page is told of messages, and with the token of the last refusals", async () => {
  const status = (await (await milter.stage.admin("/v1/status")).json()) as Record<"messages" | "refusals", object[]>;

  expect(status.messages).toHaveLength(3);
  expect(status.refusals[0]).toMatchObject({
    result: "reject",
    login: expect.any(String),
    queueId: expect.any(String),
  });
});

describe("action: log", () => {
  test.each(table)("$rule: 250", async ({ from = alice, header, login = alice, smtputf8 }) => {
    const session = await sessionOf("log", login);
    expect(await session.send(from, header, { ...(smtputf8 && { smtputf8 }) })).toMatchObject({ code: 250 });
  });

  test("counts what would have been refused", async () => {
    const labels = { listener: `inet:127.0.0.1:${milter.ports.log}`, result: "would_reject" };
    const refused = table.filter(({ says }) => says !== "250");
    expect(await milter.stage.metric("loginmapd_messages_total", labels)).toBe(refused.length);
  });
});

describe("resent: allow", () => {
  test.each([
    ["an own Resent-From frees From", ["From: bob@example.com", "Resent-From: alice@example.com"], 250],
    ["a foreign one does not", ["From: bob@example.com", "Resent-From: bob@example.com"], 550],
    ["without one From is held", ["From: bob@example.com"], 550],
    ["a foreign Sender stays foreign", ["Sender: bob@example.com", "Resent-From: alice@example.com"], 550],
  ])("%s", async (_, header, code) => {
    const session = await sessionOf("resent", alice);
    expect(await session.send(alice, header)).toMatchObject({ code });
  });
});

describe("loginmapd lookup --message", () => {
  const configuration = () => milter.stage.daemon.configFile as string;
  const samples = table.filter(({ rule }) =>
    ["the own From", "a foreign From", "two From fields", "a U-label"].includes(rule),
  );

  test.each(samples)("says what smtpd says to $rule", async ({ header, login = alice, from = alice, says }) => {
    const args = ["lookup", from, "--message", "-", "--login", login, "--json", "-c", configuration()];
    const { code, stdout } = await loginmapd(args, { input: `${header.join("\n")}\n\nbody\n` });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(says === "250" ? { result: "accept" } : { result: "reject", reply: says });
  });

  test("is refused without a login, without a file, and without anything", async () => {
    expect(await loginmapd(["lookup", "--message", "-", "-c", configuration()])).toMatchObject({ code: 64 });
    const args = ["lookup", "--message", "/nonexistent", "--login", alice, "-c", configuration()];
    expect(await loginmapd(args)).toMatchObject({ code: 64, stderr: expect.stringContaining("--message: ENOENT") });
    expect(await loginmapd(["lookup", "-c", configuration()])).toMatchObject({ code: 64 });
  });
});
