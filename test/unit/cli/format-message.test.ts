import { expect, test } from "vitest";
import { formatMessage } from "../../../src/cli/format-message.ts";

test("shows each claim with its place and owners, then the verdict", () => {
  const text = formatMessage(
    {
      map: "senders",
      login: "bob",
      result: "reject",
      reason: "not_owned",
      header: "From",
      reply: "550 5.7.1 <boss@x>: From address rejected: not owned by user bob",
      claims: [
        { header: "Envelope sender", lines: [], address: "bob@x", outcome: "owned", owners: ["bob"] },
        { header: "From", lines: [3], address: "boss@x", outcome: "not_owned", owners: ["a", "b", "c", "d", "e", "f"] },
        { header: "Sender", lines: [4], address: "n@x", outcome: "not_owned", owners: [] },
        {
          header: "Resent-From",
          lines: [5, 6],
          address: "r@x",
          outcome: "lookup_failed",
          owners: [],
          cause: "no host",
        },
      ],
    },
    false,
  );

  expect(text).toBe(`login:   bob
map:     senders

Claims:
  Envelope sender          bob@x  owned (owners: bob)
  From (line 3)            boss@x  not owned (owners: a, b, c, d, e … and 1 more)
  Sender (line 4)          n@x  not owned (nobody owns it)
  Resent-From (line 5, 6)  r@x  no answer (no host)

verdict: 550 5.7.1 <boss@x>: From address rejected: not owned by user bob (not_owned)
`);
});

test("says that nothing can be told of a message without claims", () => {
  const text = formatMessage({ map: "m", login: "bob", result: "accept", reason: "no_from", claims: [] }, false);

  expect(text).toBe(
    "login:   bob\nmap:     m\n\nThe message claims no address that can be told.\n\nverdict: accepted (no_from)\n",
  );
});
