/** The harness before anything rests on it: with a table of Postfix's own, the real smtpd says what its manual says. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MailServer, smtpdPerRestriction, startMailServer } from "../../support/servers/mail-server.ts";
import { attempt } from "../../support/wire/smtp.ts";

const map = "inline:{ {alice@example.com = alice@example.com} {bob@example.com = bob@example.com} }";
let server: MailServer;

beforeAll(async () => {
  server = await startMailServer({
    users: { "alice@example.com": "secret", "carol@example.org": "other" },
    defaultRealm: "example.org",
    smtpd: () => [
      ...smtpdPerRestriction(map),
      {
        name: "broken",
        options: {
          smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:1:senders",
          smtpd_sender_restrictions: "reject_sender_login_mismatch",
        },
      },
    ],
  });
});
afterAll(() => server?.stop());

const alice = { login: "alice@example.com", password: "secret" };

test.each([
  { service: "reject_sender_login_mismatch", own: 250, other: 553, unknown: 553, anonymous: 553 },
  { service: "reject_authenticated_sender_login_mismatch", own: 250, other: 553, unknown: 553, anonymous: 250 },
  { service: "reject_unauthenticated_sender_login_mismatch", own: 250, other: 250, unknown: 250, anonymous: 553 },
  { service: "reject_known_sender_login_mismatch", own: 250, other: 553, unknown: 250, anonymous: 553 },
])("a private Postfix enforces $service", async ({ service, own, other, unknown, anonymous }) => {
  const port = server.postfix.port(service);
  expect((await attempt(port, { login: alice, from: "alice@example.com" })).code).toBe(own);
  expect((await attempt(port, { login: alice, from: "bob@example.com" })).code).toBe(other);
  expect((await attempt(port, { login: alice, from: "nobody@example.com" })).code).toBe(unknown);
  expect((await attempt(port, { from: "bob@example.com" })).code).toBe(anonymous);
});

test("the replies carry code, enhanced code and text", async () => {
  const port = server.postfix.port("reject_sender_login_mismatch");
  expect(await attempt(port, { login: { ...alice, mechanism: "LOGIN" }, from: "bob@example.com" })).toMatchObject({
    code: 553,
    enhanced: "5.7.1",
    text: "<bob@example.com>: Sender address rejected: not owned by user alice@example.com",
  });
});

test("a wrong password is no login", async () => {
  const port = server.postfix.port("reject_sender_login_mismatch");
  await expect(attempt(port, { login: { ...alice, password: "wrong" }, from: "bob@example.com" })).rejects.toThrow(
    "535",
  );
});

test("Dovecot completes a login without a domain by its default realm", async () => {
  const port = server.postfix.port("reject_sender_login_mismatch");
  expect(await attempt(port, { login: { login: "carol", password: "other" }, from: "bob@example.com" })).toMatchObject({
    code: 553,
    text: "<bob@example.com>: Sender address rejected: not owned by user carol@example.org",
  });
});

test("a map server that is down is a 451, and the log says why", async () => {
  expect(await attempt(server.postfix.port("broken"), { login: alice, from: "alice@example.com" })).toMatchObject({
    code: 451,
    enhanced: "4.3.0",
    text: "<alice@example.com>: Temporary lookup failure",
  });
  expect(await server.postfix.logged(/lookup error/)).toContain("Connection refused");
});

test("postmap tells found, not found and failed apart", async () => {
  expect(await server.home.postmap(map, "bob@example.com")).toEqual({ kind: "found", value: "bob@example.com" });
  expect(await server.home.postmap(map, "nobody@example.com")).toEqual({ kind: "notFound" });
  expect(await server.home.postmap("socketmap:inet:127.0.0.1:1:senders", "bob@example.com")).toMatchObject({
    kind: "failed",
    message: expect.stringContaining("Connection refused"),
  });
  expect(await server.home.postmapBatch(map, ["bob@example.com", "nobody@example.com", "alice@example.com"])).toEqual(
    new Map([
      ["bob@example.com", "bob@example.com"],
      ["alice@example.com", "alice@example.com"],
    ]),
  );
});
