/** Text files of every odd shape, read by the driver and by Postfix's own `texthash:` (`postmap -q`): the same keys, the same values. */
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerTo, openSource } from "../../../support/fakes/open-source.ts";
import { backdate, makePostfixHome, type PostfixHome } from "../../../support/servers/postfix.ts";
import { postmapAll } from "../../../support/servers/postmap-all.ts";

let postfix: PostfixHome;

beforeAll(async () => {
  postfix = await makePostfixHome();
});

afterAll(() => postfix.remove());

/** As `postfix_cf: texthash:PATH`. */
function open(path: string) {
  return openSource({ connection: { driver: "texthash", path, isPostfixTable: true }, queries: { kind: "none" } });
}

// biome-ignore format: a list of words
const keys = [
  "a@x.test", "b@x.test", "c@x.test", "d@x.test", "@x.test", "x.test", "root", "*", "two words@x.test", '"two words"@x.test', '"a"@x.test', "a", "a@x.test:",
  "two\\ words@x.test", 'q\\"b@x.test', "ü@x.test", "\ufeffa@x.test", "#", "# a@x.test", "%@x.test", "a@x.test,b@x.test", "__proto__", "bob",
];

/** Some 150 kB. */
const owners = Array.from({ length: 7_000 }, (_, i) => `login-${i}@example.com`);

const files: readonly (readonly [string, string | Buffer])[] = [
  ["plain lines", "a@x.test bob\nb@x.test\tcarol, dave\n@x.test boss\nroot admin\n"],
  ["no newline at the end", "a@x.test bob\nb@x.test carol"],
  ["CRLF", "a@x.test bob\r\nb@x.test carol, dave\r\n\r\n# c\r\n@x.test boss\r\n"],
  ["CRLF in continued lines", "a@x.test bob,\r\n  carol\r\nb@x.test\r\n dave\r\n"],
  ["comments and blank lines", "# one\n\n   # two\na@x.test bob\n\t\n#three\nb@x.test carol # and this is an owner\n"],
  ["continuation", "a@x.test bob,\n  carol,\n\tdave\nb@x.test\n\n# within\n  erin\nc@x.test frank\n"],
  ["continuation that begins with a hash", "a@x.test bob\n  #carol\n # dave\nb@x.test erin\n"],
  ["continuation of a comment", "# a comment\n  a@x.test bob\nb@x.test carol\n"],
  ["white space on the first line", "  a@x.test bob\nb@x.test carol\n"],
  ["white space around", "a@x.test    bob   \nb@x.test \t carol\t\t\nc@x.test \f dave \v\n"],
  ["keys alone", "a@x.test\nb@x.test   \nc@x.test carol\n"],
  ["letters of both cases", "A@X.TEST Bob\nROOT Admin\nÜ@x.test umlaut\n"],
  ["quotes", '"two words"@x.test bob\n"a"@x.test carol\na@x.test "d e", f\n'],
  ["a quote that is left open", 'b@x.test bob\n"two words@x.test carol\nc@x.test dave\n'],
  ["backslashes", 'two\\ words@x.test bob\nq\\"b@x.test carol\na@x.test d\\e\\\nb@x.test f\n'],
  ["colons and commas", "a@x.test: bob\na@x.test,b@x.test carol\nb@x.test:dave erin\n"],
  ["a byte order mark", "\ufeffa@x.test bob\nb@x.test carol\n"],
  ["bytes that are not UTF-8", Buffer.from("a@x.test b\xf6b\nb@x.test carol\n\xfc@x.test dave\n", "latin1")],
  ["a NUL", "a@x.test bob\0, carol\nb@x.test\0 dave\nc@x.test erin\n"],
  ["a bare domain, and *", "x.test alice\n* post\n__proto__ eve\n"],
  ["separators alone", "a@x.test ,\nb@x.test , ,\n"],
  ["nothing", ""],
  ["white space alone", "\n \n\t\n"],
  ["a value of 150 kB on one line", `b@x.test bob\na@x.test ${owners.join(",")}\nc@x.test carol\n`],
  ["a value of 150 kB on 7,000 lines", `b@x.test bob\na@x.test ${owners.join(",\n    ")}\nc@x.test carol`],
];

test.each(files)("%s", async (name, text) => {
  const path = await postfix.writeTable("text", "");
  await writeFile(path, text);
  await backdate(path);
  const database = open(path);
  try {
    const ours = new Map<string, string>();
    for (const key of keys) {
      const answer = await answerTo(database, key);
      if (answer !== undefined) ours.set(key, answer);
    }
    expect(ours).toEqual(new Map(Object.entries(await postmapAll(postfix, `texthash:${path}`, keys))));
    if (name.includes("150 kB")) expect(ours.get("a@x.test")?.length).toBeGreaterThan(150_000);
  } finally {
    await database.close();
  }
});

test("a repeated key: postmap warns and takes the first line, smtpd takes the table out of service, and so do we", async () => {
  const path = await postfix.writeTable("twice", "a@x.test bob\nb@x.test carol\nA@x.test bob\n");
  expect(await postmapAll(postfix, `texthash:${path}`, ["a@x.test"])).toEqual({ "a@x.test": "bob" });
  const database = open(path);
  for (const key of ["a@x.test", "b@x.test"])
    await expect(answerTo(database, key)).rejects.toThrow("line 3: the key A@x.test is that of line 1");
  await database.close();
});
