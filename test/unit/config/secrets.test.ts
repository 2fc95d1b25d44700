import { describe, expect, test } from "vitest";
import { parse, problemsOf, smallest } from "./support.ts";

const fromFile = smallest.replace("preset:", "password_file: /run/secrets/pw, preset:");
const inline = smallest.replace("preset:", 'password: "from the file", preset:');

function passwordOf(text: string, input: Parameters<typeof parse>[1]): unknown {
  const { connection } = parse(text, input).settings.sources["mail"] ?? {};
  return connection?.driver === "mysql" ? connection.password : undefined;
}

test.each([
  ["no newline", "s3cret"],
  ["one newline", "s3cret\n"],
  ["one newline of Windows", "s3cret\r\n"],
])("a file of a secret may end with %s", (_, text) => {
  expect(passwordOf(fromFile, { files: { "/run/secrets/pw": { text, mode: 0o100400 } } })).toBe("s3cret");
});

test("blanks around a secret belong to it", () => {
  expect(passwordOf(fromFile, { files: { "/run/secrets/pw": { text: " s3 cret \n", mode: 0o400 } } })).toBe(
    " s3 cret ",
  );
});

test.each([
  ["nothing", "", "/run/secrets/pw is empty"],
  ["only a newline", "\n", "/run/secrets/pw is empty"],
  ["two lines", "s3cret\nother\n", "/run/secrets/pw must hold one line, the secret"],
  ["a second newline", "s3cret\n\n", "/run/secrets/pw must hold one line, the secret"],
  ["a NUL", "s3\0cret", "/run/secrets/pw must hold one line, the secret"],
])("a file of a secret that holds %s is refused, without what it holds", (_, text, message) => {
  expect(problemsOf(fromFile, { files: { "/run/secrets/pw": { text, mode: 0o400 } } })).toEqual([
    `sources.mail.password_file: ${message} (loginmapd.yaml line 7)`,
  ]);
});

test.each([
  [0o100644, true],
  [0o100604, true],
  [0o100640, false],
  [0o100600, false],
])("a secret in a file of mode %o is warned of: %s", (mode, isWarned) => {
  const { warnings } = parse(fromFile, { files: { "/run/secrets/pw": { text: "x\n", mode } } });
  expect(warnings).toEqual(
    isWarned
      ? [
          {
            path: "sources.mail.password_file",
            message: "every user of this machine can read /run/secrets/pw: chmod o-rwx",
            where: "loginmapd.yaml line 7",
          },
        ]
      : [],
  );
});

test("a secret in a configuration that everybody can read is warned of", () => {
  const message = "every user of this machine can read loginmapd.yaml: chmod o-rwx, or use sources.mail.password_file";
  expect(parse(inline, { fileMode: 0o100644 }).warnings).toEqual([
    { path: "sources.mail.password", message, where: "loginmapd.yaml line 7" },
  ]);
  expect(parse(inline, { fileMode: 0o100640 }).warnings).toEqual([]);
  expect(parse(smallest, { fileMode: 0o100644, env: { LOGINMAPD_SOURCES__MAIL__PASSWORD: "x" } }).warnings).toEqual([]);
});

describe("a secret given in both ways", () => {
  const env = { LOGINMAPD_SOURCES__MAIL__PASSWORD: "from the environment" };
  const files = { "/run/secrets/pw": { text: "from a file\n", mode: 0o400 } };

  test("is the environment's when only one of the two comes from there", () => {
    expect(passwordOf(fromFile, { env })).toBe("from the environment");
    expect(passwordOf(inline, { env: { LOGINMAPD_SOURCES__MAIL__PASSWORD_FILE: "/run/secrets/pw" }, files })).toBe(
      "from a file",
    );
  });

  test("is a problem when both come from there", () => {
    expect(
      problemsOf(smallest, { env: { ...env, LOGINMAPD_SOURCES__MAIL__PASSWORD_FILE: "/run/secrets/pw" }, files }),
    ).toEqual([
      "sources.mail.password_file: both sources.mail.password and sources.mail.password_file are given: remove one (environment variable LOGINMAPD_SOURCES__MAIL__PASSWORD_FILE)",
    ]);
  });
});

test("credential:NAME is read from the credentials of systemd", () => {
  const text = smallest.replace("preset:", "password_file: credential:mysql.pw, preset:");
  const files = { "/run/credentials/loginmapd.service/mysql.pw": { text: "s3cret", mode: 0o100400 } };
  expect(passwordOf(text, { env: { CREDENTIALS_DIRECTORY: "/run/credentials/loginmapd.service" }, files })).toBe(
    "s3cret",
  );
  expect(problemsOf(text)).toEqual([
    "sources.mail.password_file: credential:mysql.pw needs systemd: add LoadCredential=mysql.pw:FILE to the unit (CREDENTIALS_DIRECTORY is not set) (loginmapd.yaml line 7)",
  ]);
});

describe("an admin token", () => {
  const withToken = (token: string) => `${smallest}admin: { token: "${token}" }\n`;

  test("has the characters that a bearer header can carry", () => {
    expect(problemsOf(withToken("0123456789-._~+/abcXYZ=="))).toEqual([]);
    expect(problemsOf(withToken("two words two words"))).toEqual([
      "admin.token: a token has only letters, digits and - . _ ~ + / (RFC 6750), with = at its end (loginmapd.yaml line 8)",
    ]);
  });

  test("of fewer than 16 characters is warned of, where it was given", () => {
    expect(parse(withToken("0123456789abcdef")).warnings).toEqual([]);
    expect(parse(withToken("0123456789abcde")).warnings).toEqual([
      {
        path: "admin.token",
        message: "a token of fewer than 16 characters can be guessed",
        where: "loginmapd.yaml line 8",
      },
    ]);
    const files = { "/etc/loginmapd/token": { text: "short\n", mode: 0o400 } };
    expect(parse(`${smallest}admin: { token_file: token }\n`, { files }).warnings).toMatchObject([
      { where: "loginmapd.yaml line 8" },
    ]);
  });
});
