import { expect, test } from "vitest";
import { LogLineReader } from "../../../src/audit/log-line.ts";
import { Messages } from "../../../src/audit/messages.ts";

const newestMs = new Date(2026, 10, 30).getTime();

/** What a log comes to: `login as sender: kind`. */
function usesOf(...lines: string[]): string[] {
  const uses: string[] = [];
  const messages = new Messages(({ login, sender, kind }) => uses.push(`${login} as ${sender}: ${kind}`));
  const reader = new LogLineReader({ newestMs });
  for (const [i, line] of lines.entries()) {
    const second = String(i % 60).padStart(2, "0");
    const read = reader.read(/^\w{3} /.test(line) ? line : `Nov  8 11:08:${second} mx1 postfix/${line}`);
    if (read === undefined) throw new Error(line);
    messages.push(read);
  }
  return uses;
}

const opened = (id: string, login?: string, process = "smtpd[1]") =>
  `${process}: ${id}: client=c[203.0.113.9]${login === undefined ? "" : `, sasl_method=PLAIN, sasl_username=${login}`}`;
const queued = (id: string, sender: string) => `qmgr[3]: ${id}: from=<${sender}>, size=1, nrcpt=1 (queue active)`;
const removed = (id: string) => `qmgr[3]: ${id}: removed`;
const refused = (login: string, sender: string, verb = "reject", process = "smtpd[1]") =>
  `${process}: NOQUEUE: ${verb}: RCPT from c[203.0.113.9]: 553 5.7.1 <${sender}>: Sender address rejected: not owned by user ${login}; from=<${sender}> to=<r@y> proto=ESMTP helo=<c>`;

test("the login that opened a message and the sender that it was queued with", () => {
  expect(usesOf(opened("A1", "alice"), queued("A1", "a@x"), removed("A1"))).toEqual(["alice as a@x: sent"]);
});

test("a message that nobody logged in for counts for nobody", () => {
  expect(usesOf(opened("A1"), queued("A1", "a@x"), "pickup[2]: B2: uid=0 from=<root>", queued("B2", "root@x"))).toEqual(
    [],
  );
});

test("a deferred message counts once", () => {
  const again = queued("A1", "a@x");
  expect(usesOf(opened("A1", "alice"), again, again, again)).toEqual(["alice as a@x: sent"]);
});

test("a message that was taken back, and its id used again by somebody else", () => {
  expect(usesOf(opened("A1", "alice"), opened("A1", "bob"), queued("A1", "b@x"))).toEqual(["bob as b@x: sent"]);
  expect(usesOf(opened("A1", "alice"), opened("A1"), queued("A1", "b@x"))).toEqual([]);
  expect(usesOf(opened("A1", "alice"), "pickup[2]: A1: uid=0 from=<root>", queued("A1", "root@x"))).toEqual([]);
});

test("a short id that is used again after its message is gone", () => {
  expect(
    usesOf(opened("A1", "alice"), queued("A1", "a@x"), removed("A1"), opened("A1", "bob"), queued("A1", "b@x")),
  ).toEqual(["alice as a@x: sent", "bob as b@x: sent"]);
  // A bounce has no client.
  expect(usesOf(queued("A1", ""), removed("A1"), opened("A1", "bob"), queued("A1", "b@x"))).toEqual([
    "bob as b@x: sent",
  ]);
});

test("the two lines in the other order", () => {
  expect(usesOf(queued("A1", "a@x"), opened("A1", "alice"), queued("A1", "a@x"))).toEqual(["alice as a@x: sent"]);
  expect(usesOf(queued("A1", "a@x"), opened("A1"), queued("A1", "a@x"))).toEqual([]);
});

test("a bounce of hours ago is not the message that has its id now", () => {
  expect(
    usesOf(
      "Nov  8 09:00:00 mx1 postfix/qmgr[3]: A1: from=<>, size=1, nrcpt=1 (queue active)",
      opened("A1", "bob"),
      queued("A1", "b@x"),
    ),
  ).toEqual(["bob as b@x: sent"]);
});

test("ids of two hosts are two", () => {
  expect(
    usesOf(
      opened("A1", "alice"),
      "Nov  8 11:08:49 mx2 postfix/qmgr[3]: A1: from=<b@x>, size=1, nrcpt=1 (queue active)",
    ),
  ).toEqual([]);
});

test("a refusal of several recipients counts once, and again in the next session", () => {
  const line = refused("alice", "boss@x");
  expect(usesOf(line, line, line, refused("alice", "boss@x", "reject", "smtpd[2]"))).toEqual([
    "alice as boss@x: refused",
    "alice as boss@x: refused",
  ]);
  expect(usesOf(line, "smtpd[1]: disconnect from c[203.0.113.9]", line)).toHaveLength(2);
  expect(usesOf(line, refused("alice", "other@x"), line)).toHaveLength(3);
});

test("a warning, and the message that follows", () => {
  expect(
    usesOf(
      refused("alice", "boss@x", "reject_warning"),
      opened("A1", "alice"),
      refused("alice", "boss@x", "reject_warning").replace("NOQUEUE", "A1"),
      queued("A1", "boss@x"),
    ),
  ).toEqual(["alice as boss@x: warned", "alice as boss@x: warned", "alice as boss@x: sent"]);
});

test("a message that a milter refused", () => {
  const line =
    "cleanup[9]: A1: milter-reject: END-OF-MESSAGE from c[203.0.113.9]: 5.7.1 no; from=<a@x> to=<r@y> proto=ESMTP helo=<c>";
  expect(usesOf(opened("A1", "alice"), line, opened("A1", "bob"), queued("A1", "b@x"))).toEqual([
    "alice as a@x: sent",
    "bob as b@x: sent",
  ]);
});

test("a message that a filter before the queue took", () => {
  const before = "smtpd[1]: NOQUEUE: client=c[203.0.113.9], sasl_method=PLAIN, sasl_username=alice";
  const accept =
    "smtpd[1]: NOQUEUE: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as B2; from=<a@x> to=<r@y> proto=ESMTP helo=<c> sasl_username=<alice>";
  expect(usesOf(before, opened("B2", undefined, "smtpd[7]"), queued("B2", "a@x"), accept, accept)).toEqual([
    "alice as a@x: sent",
  ]);
  // Nobody is logged in, whatever the HELO name says.
  expect(usesOf("smtpd[1]: NOQUEUE: client=c[203.0.113.9]", accept)).toEqual([]);
  expect(usesOf(before, "smtpd[1]: disconnect from c[203.0.113.9]", accept)).toEqual([]);
});

test("a line that can be read in several ways is counted and names nobody", () => {
  const messages = new Messages(() => expect.unreachable());
  const line = refused("alice", "a@b>: Sender address rejected: not owned by user boss; from=<a@b");
  const read = new LogLineReader({ newestMs }).read(`Nov  8 11:08:48 mx1 postfix/${line}`);
  messages.push(read as NonNullable<typeof read>);
  expect(messages.ambiguous).toBe(1);
});
