/** What the tables of a list hold in the tests of lists: rows and lines of every odd shape, that overlap. */
import { makeSenders, type Sender } from "./wire/senders.ts";

/** Two mysql tables: aliases with `@domain`, tagged, NULL, blank and separators-only rows, and mailboxes. */
export const rows = `
  CREATE TABLE virtual_users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) UNIQUE);
  CREATE TABLE virtual_aliases (id INT AUTO_INCREMENT PRIMARY KEY, source VARCHAR(100), destination VARCHAR(100));
  INSERT INTO virtual_users (email) VALUES
    ('alice@example.com'), ('bob@example.com'), ('boss@example.com'), ('null@example.com'), ('comma@example.com'),
    ('bob+own@example.com'), ('two words@example.com'), ('@users.test');
  INSERT INTO virtual_aliases (source, destination) VALUES
    ('@example.com', 'boss@example.com'), ('info@example.com', 'alice@example.com'),
    ('bob+news@example.com', 'alice@example.com'), ('null@example.com', NULL), ('comma@example.com', ' , '),
    ('blank@example.com', ''), ('team@example.com', 'alice@example.com'), ('team@example.com', 'bob@example.com'),
    ('"two words"@example.com', 'bob@example.com'), ('"quoted only"@example.com', 'alice@example.com'),
    ('@catch.test', 'alice@example.com'), ('@catch.test', 'bob@example.com'), ('root', 'boss@example.com');
`;

/** A texthash file: continuations, comments, a CRLF, a name without a value, 4,000 and 7,000 logins in one line, no last newline. */
export const textFile = [
  "# grants by hand, of every odd shape",
  "Info@Example.com   bob@example.com",
  "team@example.com alice@example.com,",
  "# a comment in a continued line",
  "",
  "   boss@example.com",
  '"two words"@example.com\talice@example.com\r',
  "comma@example.com ,",
  "hash@example.com bob@example.com # alice@example.com",
  "root bob@example.com",
  "@catch.test bob@example.com",
  "users.test alice@example.com",
  "noValue@example.com",
  'open"quote@example.com alice@example.com',
  "many@example.com " +
    Array.from({ length: 4_000 }, (_, i) => `login${i}@example.com`).join(", ") +
    " alice@example.com",
  // 150 kB: more than a reply of socketmap holds.
  "huge@example.com " +
    Array.from({ length: 7_000 }, (_, i) => `login${i}@example.com`).join(",") +
    ",alice@example.com",
  "last@example.com bob@example.com",
].join("\n");

/** The keys that Postfix asks for, one after the other, for an address without quotes in a domain of others (mail_addr_find.c). */
function keysOf(address: string): readonly string[] {
  const [localpart = "", domain = ""] = address.split("@");
  const stripped = localpart.includes("+") ? [`${localpart.split("+")[0]}@${domain}`] : [];
  return [address, ...stripped, `@${domain}`];
}

/** The owners in a value, as smtpd splits it; none in one of separators alone. */
export function owners(value: string): string {
  return value
    .split(/[\s,]+/)
    .filter((login) => login !== "")
    .join(",");
}

/** Each key in every table before the next key: an answer ends the search, and so does a failure (maps_find, maps.c). */
export async function asPostfixFinds(
  address: string,
  tables: readonly string[],
  ask: (table: string, key: string) => Promise<string | undefined>,
): Promise<string> {
  for (const key of keysOf(address)) {
    for (const table of tables) {
      const value = await ask(table, key);
      if (value !== undefined) return owners(value);
    }
  }
  return "";
}

/** Who sends: owners, tags, catch-alls, odd cells, foreign domains. */
export const senders: readonly Sender[] = [
  ...makeSenders(
    {
      localparts: ["alice", "bob", "info", "team", "two words", "comma", "null", "root", "z"],
      domains: ["example.com", "catch.test", "users.test", "local.example", "elsewhere.example"],
      idnDomains: {},
    },
    12,
    14,
  ),
  ...[
    "bob+news@example.com",
    "bob+own@example.com",
    "bob+other@example.com",
    "comma+x@example.com",
    "null@example.com",
    "null+x@example.com",
    "blank@example.com",
    "hash@example.com",
    "many@example.com",
    "last@example.com",
    "novalue@example.com",
    '"quoted only"@example.com',
    '"quoted only+x"@example.com',
  ].map((address) => ({ address, smtputf8: false })),
];

/** The lists, in the order of main.cf. */
export const lists = [
  ["aliases", "mailboxes"],
  ["mailboxes", "aliases"],
  ["file", "mailboxes"],
  ["mailboxes", "file"],
  ["text", "mailboxes"],
  ["mailboxes", "text"],
  ["text", "file", "aliases"],
  ["aliases", "file", "text"],
  ["text"],
  ["aliases", "away"],
  ["away", "aliases"],
  ["limited", "mailboxes"],
  ["mailboxes", "limited"],
  ["twice", "mailboxes"],
  ["mailboxes", "twice"],
  ["mailboxes", "away", "text"],
] as const;

/** The lists with a sqlite table that names a wrong column: smtpd ends there with a fatal error, and has no verdict. */
export const fatalLists = [
  ["aliases", "broken"],
  ["broken", "aliases"],
  ["text", "broken", "mailboxes"],
] as const;
/** Every list. */
export const allLists = [...lists, ...fatalLists];

/** The name of a list's map. */
export const nameOf = (list: readonly string[]) => list.join("-");
