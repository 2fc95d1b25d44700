import { expect, test } from "vitest";
import { allowanceFor } from "../../../src/audit/allowance.ts";

const wish = { login: "alice@example.com", address: "Boss@Example.com", owners: ["bob@example.com"], presets: [] };

test.each([
  [
    "native",
    "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'boss', 'alice@example.com');",
  ],
  [
    "mailcow",
    "INSERT INTO sender_acl (logged_in_as, send_as, external) VALUES ('alice@example.com', 'boss@example.com', 1);",
  ],
  [
    "modoboa",
    "INSERT INTO admin_senderaddress (address, mailbox_id) SELECT 'boss@example.com', m.id FROM admin_mailbox AS m JOIN core_user AS u ON u.id = m.user_id WHERE u.email = 'alice@example.com';",
  ],
  [
    "froxlor",
    "INSERT INTO mail_sender_aliases (email, allowed_sender) SELECT email, 'boss@example.com' FROM mail_users WHERE username = 'alice@example.com';",
  ],
])("%s has grants", (preset, line) => {
  expect(allowanceFor({ ...wish, presets: ["postfixadmin", preset] })).toEqual({ kind: "sql", line });
});

test("without grants it is a line of a table, with the owners of before", () => {
  const expected = { kind: "texthash", line: "boss@example.com bob@example.com,alice@example.com" };
  expect(allowanceFor(wish)).toEqual(expected);
  expect(allowanceFor({ ...wish, presets: ["postfixadmin"] })).toEqual(expected);
});

test("what is quoted stays inside its quotes", () => {
  const line = allowanceFor({ ...wish, login: "o'neill@example.com", presets: ["native"] })?.line;
  expect(line).toContain("VALUES ('example.com', 'boss', 'o''neill@example.com');");
});

test.each([
  [{ address: "alice" }],
  [{ address: "a\\'@example.com", presets: ["native"] }],
  [{ address: '"two words"@example.com' }],
  [{ address: "a\n@example.com", presets: ["native"] }],
  [{ login: "a,b" }],
  [{ login: "a b" }],
  [{ address: "x@" }],
])("no line for %j", (part) => {
  expect(allowanceFor({ ...wish, ...part })).toBeUndefined();
});

test("a domain is written as the daemon looks for it", () => {
  expect(allowanceFor({ ...wish, address: "jörg@münchen.example", presets: ["native"] })?.line).toContain(
    "('xn--mnchen-3ya.example', 'jörg',",
  );
});
