/** What the tables of a list hold in the tests of lists: rows and lines of every odd shape, that overlap. */

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

/** A texthash file: continuations, comments, a CRLF, a name without a value, 4,000 logins in one line, no last newline. */
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
  "last@example.com bob@example.com",
].join("\n");
