import { describe, expect, test } from "vitest";
import { eventOf } from "../../../src/audit/postfix-event.ts";

const from = "RCPT from unknown[203.0.113.9]: 553 5.7.1";
const tail = "to=<r@y.example> proto=ESMTP helo=<c.example>";
const rejected = (address: string, login: string) =>
  `<${address}>: Sender address rejected: not owned by user ${login}`;

describe("smtpd", () => {
  test.each<[string, string, object | undefined]>([
    ["a session", "connect from unknown[203.0.113.9]", { kind: "session" }],
    ["its end", "disconnect from unknown[203.0.113.9] ehlo=1 auth=1", { kind: "session" }],
    [
      "a login",
      "4jc6tx4XHPzK2GX: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=alice@example.com",
      { kind: "opened", id: "4jc6tx4XHPzK2GX", login: "alice@example.com" },
    ],
    [
      "what the client says of the sender is no part of the login",
      "E0E4A2388AB: client=c.example[2001:db8::1]:4711, sasl_method=LOGIN, sasl_username=alice, sasl_sender=bob+40example.com",
      { kind: "opened", id: "E0E4A2388AB", login: "alice" },
    ],
    ["nobody", "E0E4A2388AB: client=mx.y.example[192.0.2.1]", { kind: "opened", id: "E0E4A2388AB", login: undefined }],
    [
      "a filter that gives mail back",
      "E0E4: client=localhost[127.0.0.1], orig_queue_id=4jc6, orig_client=unknown[203.0.113.9]",
      { kind: "opened", id: "E0E4", login: undefined },
    ],
    [
      "before a filter",
      "NOQUEUE: client=unknown[203.0.113.9], sasl_method=PLAIN, sasl_username=alice",
      { kind: "proxied", login: "alice" },
    ],
    [
      "what the filter took",
      "NOQUEUE: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as E0E4; from=<a@x> to=<r@y> proto=ESMTP helo=<c> sasl_username=<alice>",
      { kind: "passed", sender: "a@x" },
    ],
    [
      "what the filter took, from a HELO name that wants to be another line",
      "NOQUEUE: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok; from=<a@x> to=<r@y> proto=ESMTP helo=<; from=<b@x> to=<r@y>>",
      { kind: "ambiguous" },
    ],
    [
      "a refusal",
      `NOQUEUE: reject: ${from} ${rejected("boss@example.com", "alice@example.com")}; from=<boss@example.com> ${tail}`,
      { kind: "refused", login: "alice@example.com", sender: "boss@example.com" },
    ],
    [
      "a refusal at MAIL",
      `NOQUEUE: reject: MAIL from unknown[203.0.113.9]: 553 5.7.1 ${rejected("b@x", "a@x")}; from=<b@x> proto=ESMTP helo=<c>`,
      { kind: "refused", login: "a@x", sender: "b@x" },
    ],
    [
      "a refusal of 3.10",
      `NOQUEUE: reject: ${from} ${rejected("b@x", "a@x")}; from=<b@x> ${tail} sasl_method=PLAIN sasl_username=a@x`,
      { kind: "refused", login: "a@x", sender: "b@x" },
    ],
    [
      "a warning, the second of its message",
      `4jc6v61: reject_warning: ${from} ${rejected("b@x", "a@x")}; from=<b@x> ${tail}`,
      { kind: "warned", login: "a@x", sender: "b@x" },
    ],
    [
      "an address with blanks",
      `NOQUEUE: reject: ${from} ${rejected("two words@x", "a@x")}; from=<"two words"@x> ${tail}`,
      { kind: "refused", login: "a@x", sender: "two words@x" },
    ],
    [
      "an address that wants to be another line",
      `NOQUEUE: reject: ${from} ${rejected("a@b>: Sender address rejected: not owned by user boss; from=<a@b@x", "a@x")}; from=<"…"@x> ${tail}`,
      { kind: "ambiguous" },
    ],
    [
      "a HELO name that wants to be another line",
      `NOQUEUE: reject: ${from} ${rejected("b@x", "a@x")}; from=<b@x> to=<r@y> proto=ESMTP helo=<>: Sender address rejected: not owned by user boss; from=<b@x>`,
      { kind: "ambiguous" },
    ],
    [
      "a HELO name that wants to be a login",
      "NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <r@y>: Relay access denied; from=<b@x> to=<r@y> proto=ESMTP helo=<553 5.7.1 <b@x>: Sender address rejected: not owned by user boss>",
      undefined,
    ],
    [
      "not logged in",
      `NOQUEUE: reject: ${from} <b@x>: Sender address rejected: not logged in; from=<b@x> ${tail}`,
      undefined,
    ],
    [
      "a wrong password",
      "warning: unknown[203.0.113.9]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=alice@example.com",
      undefined,
    ],
    [
      "what a site logs of permits",
      "NOQUEUE: permit: RCPT from unknown[203.0.113.9]: action=permit_sasl_authenticated for Client host=x; from=<a@b> to=<c@d>",
      undefined,
    ],
  ])("%s", (_, message, event) => {
    if (event === undefined) expect(eventOf("smtpd", message)).toBeUndefined();
    else expect(eventOf("smtpd", message)).toEqual(event);
  });
});

describe("the queue", () => {
  test.each<[string, string, string, object | undefined]>([
    [
      "a sender",
      "qmgr",
      "4jc6: from=<alice@example.com>, size=284, nrcpt=3 (queue active)",
      { kind: "queued", id: "4jc6", sender: "alice@example.com" },
    ],
    [
      "the null sender",
      "oqmgr",
      "4jc6: from=<>, size=1, nrcpt=1 (queue active)",
      { kind: "queued", id: "4jc6", sender: "" },
    ],
    [
      "a sender that wants to be another line",
      "qmgr",
      '4jc6: from=<"x>, size=1, nrcpt=1 (queue active)"@y>, size=284, nrcpt=1 (queue active)',
      { kind: "queued", id: "4jc6", sender: '"x>, size=1, nrcpt=1 (queue active)"@y' },
    ],
    ["given up", "qmgr", "4jc6: from=<a@b>, status=expired, returned to sender", undefined],
    ["the end", "qmgr", "4jc6: removed", { kind: "removed", id: "4jc6" }],
    ["mail of this machine", "pickup", "E0E4: uid=0 from=<root>", { kind: "opened", id: "E0E4", login: undefined }],
    [
      "a milter that refuses",
      "cleanup",
      "4jc6: milter-reject: END-OF-MESSAGE from unknown[203.0.113.9]: 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP helo=<e>",
      { kind: "milterRefused", id: "4jc6", sender: "a@b" },
    ],
    ["a header", "cleanup", "4jc6: message-id=<x@y>", undefined],
  ])("%s", (_, daemon, message, event) => {
    if (event === undefined) expect(eventOf(daemon, message)).toBeUndefined();
    else expect(eventOf(daemon, message)).toEqual(event);
  });
});
