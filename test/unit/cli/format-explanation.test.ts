import { expect, test } from "vitest";
import { formatExplanation } from "../../../src/cli/format-explanation.ts";
import type { Explanation } from "../../../src/lookup/explain.ts";

const explanation: Explanation = {
  map: "senders",
  source: "mail",
  address: "sales@x",
  key: "sales@x",
  outcome: "ok",
  owners: ["alice", "bob"],
  asks: [
    { role: "address", key: "sales@x", state: "answered", owners: ["alice", "bob"], won: true },
    { role: "domain", key: "@x", state: "answered", owners: [], won: false },
  ],
  replies: [{ protocol: "socketmap", result: "ok", listBytes: 9, maxListBytes: 99_997 }],
};
const verdicts = [{ restriction: "reject_sender_login_mismatch", code: 250, text: "Ok" }] as const;
const deferred = [{ restriction: "reject_sender_login_mismatch", code: 451, text: "4.3.0 later" }] as const;
const many = Array.from({ length: 23 }, (_, i) => `user${i}`);
const tooLong = { result: "temp", reason: "owner list too long", listBytes: 5889 } as const;

test("shows owners, keys and what answered", () => {
  expect(formatExplanation(explanation, false)).toBe(
    [
      "address: sales@x",
      "map:     senders (source mail)",
      "owners:  alice, bob",
      "",
      "Keys for source mail, in order (* = its owners are in the answer):",
      "* address  sales@x  alice, bob",
      "  domain   @x       -",
      "",
    ].join("\n"),
  );
});

test("shows which of several sources each key was asked of", () => {
  const asks = [
    { source: "grants", role: "address", key: "sales@x", state: "answered", owners: [], won: false },
    { source: "mail", role: "address", key: "sales@x", state: "answered", owners: ["alice", "bob"], won: true },
  ] as const;
  const several = {
    ...explanation,
    source: "grants, mail",
    sources: ["grants", "mail"],
    combine: "first",
    asks,
  } as const;
  expect(formatExplanation(several, false)).toBe(
    [
      "address: sales@x",
      "map:     senders (sources grants, mail, first)",
      "owners:  alice, bob",
      "",
      "Keys for sources grants, mail, first, in order (* = its owners are in the answer):",
      "  address  sales@x  grants  -",
      "* address  sales@x  mail    alice, bob",
      "",
    ].join("\n"),
  );
});

test("tells keys that got no answer, and keys that were not asked, from keys without owners", () => {
  const [address, domain] = explanation.asks as [Explanation["asks"][0], Explanation["asks"][0]];
  const failed = formatExplanation(
    {
      ...explanation,
      outcome: "temp",
      reason: "source unavailable",
      cause: "no database host: inet:10.0.0.5:3306: connection refused",
      owners: [],
      asks: [
        { ...address, state: "failed", owners: [], won: false },
        { ...domain, state: "not_asked" },
      ],
      replies: [{ protocol: "socketmap", result: "temp", reason: "source unavailable" }],
    },
    false,
  );
  expect(failed).toContain(
    "owners:  no answer (source unavailable)\ncause:   no database host: inet:10.0.0.5:3306: connection refused\n\n",
  );
  expect(failed).toContain("  address  sales@x  no answer\n  domain   @x       not asked\n");
});

test("says of a list that is not carried how long it is, and does not print all of it", () => {
  const text = formatExplanation(
    {
      ...explanation,
      outcome: "temp",
      reason: "owner list too long",
      owners: many,
      replies: [{ protocol: "tcp_table", ...tooLong, maxListBytes: 4091 }],
      login: "bob",
      verdicts: deferred,
    },
    false,
  );
  expect(text).toContain("user18, user19 … and 3 more\n");
  expect(text).toContain("reply:   no answer over tcp_table (owner list too long: 5889 bytes, the limit is 4091)\n");
  expect(text).toMatch(/\nPostfix, logged in as bob:\n {2}reject_sender_login_mismatch +451 4\.3\.0 later\n$/);
});

test("gives the verdicts over each protocol where they differ", () => {
  const text = formatExplanation(
    {
      ...explanation,
      replies: [...explanation.replies, { protocol: "tcp_table", ...tooLong, maxListBytes: 4091, verdicts: deferred }],
      login: null,
      verdicts,
    },
    false,
  );
  expect(text).toContain("owners:  alice, bob\nreply:   no answer over tcp_table (owner list too long");
  expect(text).toMatch(/\nPostfix over socketmap, client not logged in:\n {2}reject_sender_login_mismatch +250 Ok\n/);
  expect(text).toMatch(/\nPostfix over tcp_table, client not logged in:\n {2}reject_sender_login_mismatch +451 4/);
});
