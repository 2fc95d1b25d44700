import { expect, test } from "vitest";
import { explainMessage } from "../../../src/lookup/explain-message.ts";
import { claimingFields } from "../../../src/lookup/message-header.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";

const rules = { recipientDelimiter: "+", localDomains: new Set<string>() };

function explained(message: string, options: { sender?: string; resent?: "allow"; error?: Error } = {}) {
  const database = fakeDatabase({ "bob@x": "bob", "boss@x": "boss" });
  database.error = options.error;
  const { sender = "", resent = "refuse" } = options;
  const request = {
    map: "senders",
    login: "bob",
    sender,
    fields: claimingFields(Buffer.from(message)),
    resent,
  } as const;
  return explainMessage(new Resolver(database, rules), request, 1000);
}

test("tells each claim with its place, its owners and what comes of it", async () => {
  expect(await explained("Subject: x\nFrom: Boss <boss@x>\n", { sender: "bob+t@x" })).toEqual({
    map: "senders",
    login: "bob",
    result: "reject",
    reason: "not_owned",
    header: "From",
    reply: "550 5.7.1 <boss@x>: From address rejected: not owned by user bob",
    claims: [
      { header: "Envelope sender", lines: [], address: "bob+t@x", outcome: "owned", owners: ["bob"] },
      { header: "From", lines: [2], address: "boss@x", outcome: "not_owned", owners: ["boss"] },
    ],
  });
});

test("tells what cannot be read, and where more than one is", async () => {
  expect(await explained("From: Bob\n")).toMatchObject({ result: "reject", reason: "unreadable", claims: [] });
  expect(await explained("From: bob@x\nFrom: bob@x\n")).toMatchObject({ reason: "several", claims: [] });
});

test("tells an address that nobody can own from a failure", async () => {
  expect(await explained("From: bob@x\u3002\u3002y\n")).toMatchObject({ result: "reject", claims: [{ owners: [] }] });
  expect(await explained("From: bob@\u00e4/x\n")).toMatchObject({ result: "reject", claims: [{ owners: [] }] });
  expect(await explained("From: bob@x\n", { error: new SourceError("ERR_SOURCE_TIMEOUT", "no answer") })).toMatchObject(
    {
      result: "temp",
      reason: "lookup_failed",
      claims: [{ outcome: "lookup_failed", owners: [], cause: "no answer" }],
    },
  );
});

test("tells which claims a resent message need not own", async () => {
  const message = "From: boss@x\nResent-From: bob@x\n";

  expect(await explained(message)).toMatchObject({ result: "reject" });
  expect(await explained(message, { resent: "allow" })).toMatchObject({
    result: "accept",
    reason: "owned",
    claims: [{ outcome: "not_needed" }, { outcome: "owned" }],
  });
});
