/**
 * One database, one table file, one Postfix, and two ways to read it: Postfix's own `mysql:` and loginmapd. The verdicts are
 * the same for every sender, login and restriction; where they are meant to differ, the difference stands here by name.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stacks } from "../integration/source/stack-cases.ts";
import { projectRoot } from "../support/daemon.ts";
import { type Comparison, type Duel, startDuel, type TableCase } from "../support/differential.ts";
import { type Mariadb, startMariadb } from "../support/mariadb.ts";
import { asRewritten, makeSenders, type Sender, unicodeSenders } from "../support/senders.ts";
import { makeTemplates } from "../support/templates.ts";

const logins = ["alice@example.com", "erin@catch.test"] as const;
const templateCount = 10;

/** What the field's classic tutorial tells people to write. */
const tutorialQueries: Readonly<Record<string, string>> = {
  "tutorial-a":
    "SELECT mailbox.username FROM mailbox,domain WHERE mailbox.username='%s' AND mailbox.domain='%d' AND mailbox.domain=domain.domain AND mailbox.enablesmtp=1 AND mailbox.active=1 AND domain.active=1",
  "tutorial-b":
    "SELECT mailbox.username FROM mailbox WHERE mailbox.username='%s' AND mailbox.enablesmtp=1 AND mailbox.active=1",
  "tutorial-c": "SELECT mail_user.email FROM mailbox,domain WHERE mail_user.email='%s'",
};
const shipped = stacks.flatMap(({ name, shipped, presets }) =>
  shipped === undefined ? [] : [{ name, cf: shipped.cf, owners: shipped.owners, presets }],
);
const names = [
  ...Object.keys(tutorialQueries),
  ...shipped.map(({ name }) => name),
  ...Array.from({ length: templateCount }, (_, i) => `generated${i}`),
];

const senders = makeSenders(
  {
    localparts: [
      "alice", "bob", "sales", "team", "off", "upper", "bare", "erin", "nosmtp", "dave", "blank", "null", "two words", "nobody",
    ], // biome-ignore format: a list of words
    domains: ["example.com", "alias.test", "catch.test", "local.example", "inactive.test", "elsewhere.example"],
  },
  40,
  1,
);

/** The addresses that the example rows of a stack are about, as they stand and with a tag. */
function sendersOf(name: string): Sender[] {
  const stack = shipped.find((one) => one.name === name);
  const addresses = stack === undefined ? [] : [stack.owners, ...stack.presets.map(({ want }) => want)];
  const own = [...new Set(addresses.flatMap((owners) => Object.keys(owners)))].filter((one) => !/[^\0-\x7f]/.test(one));
  const tagged = own.slice(0, 20).map((address) => address.replace("@", "+tag@"));
  return [...senders, ...[...own, ...tagged].map((address) => ({ address, smtputf8: false }))];
}

let mariadb: Mariadb;
let duel: Duel;

beforeAll(async () => {
  const fixtures = ["tutorial.sql", "people.sql"].map((name) => join(projectRoot, "test/e2e/fixtures", name));
  mariadb = await startMariadb({
    databases: ["vmail", ...shipped.map(({ name }) => name)],
    load: fixtures,
    // Every smtpd has a connection of its own to every table that it asks.
    arguments: ["--max-connections=1000"],
  });
  for (const { name } of shipped) {
    const rows = readFileSync(join(projectRoot, "sql", name, "example.sql"), "utf8");
    await mariadb.query(`USE \`${name}\`; ${rows}`);
  }
  await mariadb.query("CREATE USER reader@localhost IDENTIFIED BY 'pw'; GRANT SELECT ON *.* TO reader@localhost");
  const connection = (database: string) =>
    `hosts = unix:${mariadb.socket}\nuser = reader\npassword = pw\ndbname = ${database}`;
  const tables: TableCase[] = [
    ...Object.entries(tutorialQueries).map(([name, query]) => ({
      name,
      cf: `${connection("vmail")}\nquery = ${query}\n`,
    })),
    ...shipped.map(({ name, cf }) => ({ name, cf: `${connection(name)}\n${cf}\n` })),
    ...makeTemplates(connection("vmail"), templateCount, 7),
    {
      name: "poison",
      cf: `${connection("vmail")}\nquery = SELECT owner FROM people_latin1 WHERE address = CONCAT('%u', '@', '%d')\n`,
    },
    { name: "idn", cf: `${connection("vmail")}\nquery = SELECT owner FROM people WHERE address = '%s'\n` },
  ];
  duel = await startDuel(tables, logins);
});
afterAll(async () => {
  await duel?.stop();
  await mariadb?.remove();
});

const tableFile = (name: string) => `mysql:${join(duel.server.home.etc, `${name}.cf`)}`;

function differences(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.filter(({ mysql, loginmapd }) => mysql !== loginmapd);
}

function groupBy(comparisons: readonly Comparison[], keyOf: (one: Comparison) => string): Map<string, Comparison[]> {
  const groups = new Map<string, Comparison[]>();
  for (const one of comparisons) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

/** Where the explanation of a lookup says something else than the smtpd that asks loginmapd. */
async function mispredictions(name: string, comparisons: readonly Comparison[], login: string | undefined) {
  const wrong: string[] = [];
  const bySender = groupBy(comparisons, ({ sender }) => sender);
  const check = async ([sender, seen]: [string, Comparison[]]): Promise<void> => {
    // What is no address to smtpd (501), or is the null sender, is never looked up.
    if (sender === "" || seen.some(({ loginmapd }) => loginmapd.startsWith("50"))) return;
    const predicted = await duel.predict(name, asRewritten(sender), login);
    for (const { restriction, loginmapd } of seen) {
      const code = predicted.find((one) => one.restriction === restriction)?.code;
      if (!loginmapd.startsWith(`${code} `)) wrong.push(`${restriction} ${sender}: ${code}, but smtpd ${loginmapd}`);
    }
  };
  const left = [...bySender];
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await check(next);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return wrong;
}

describe.each(names)("%s", (name) => {
  test.each([...logins, undefined])("the verdicts are Postfix's own, and foretold, for the login %s", async (login) => {
    const comparisons = await duel.compare(name, sendersOf(name), login);
    expect(differences(comparisons), duel.daemon.log().slice(-2000)).toEqual([]);
    expect(await mispredictions(name, comparisons, login)).toEqual([]);
  });
});

test.each(names.filter((name) => !/^generated|^tutorial-c/.test(name)))(
  "%s accepts owners and refuses others, so the comparison is worth something",
  async (name) => {
    const own = ["alice@example.com", "bob@example.com", "nobody@example.com", "alice@elsewhere.example"];
    const comparisons = await duel.compare(
      name,
      own.map((address) => ({ address, smtputf8: false })),
      "alice@example.com",
    );
    const strict = comparisons.filter(({ restriction }) => restriction === "reject_sender_login_mismatch");
    expect(strict.map(({ loginmapd }) => loginmapd.slice(0, 3))).toEqual(["250", "553", "553", "553"]);
  },
);

test("tutorial-c, whose query is wrong, defers every sender that is looked up", async () => {
  const comparisons = await duel.compare("tutorial-c", senders.slice(0, 20), "alice@example.com");
  const strict = comparisons.filter(
    ({ restriction, sender }) => restriction.endsWith("reject_sender_login_mismatch") && sender !== "",
  );
  expect(new Set(strict.map(({ loginmapd }) => loginmapd.slice(0, 3)))).toEqual(new Set(["451"]));
});

// One key that an old column cannot hold stops Postfix's own table for a minute: see "wanted differences". The keys that it
// can ask at all have to come out alike.
describe.each(names.filter((name) => name !== "tutorial-c"))("%s, localparts beyond ASCII", (name) => {
  test("the verdicts are Postfix's own", async () => {
    // Side by side, since postmap waits a second before it ends with an error.
    const answers = await Promise.all(
      unicodeSenders().map(async (sender): Promise<Sender[]> => {
        const answer = await duel.server.home.postmap(tableFile(name), sender.address.toLowerCase());
        return answer.kind === "failed" ? [] : [sender];
      }),
    );
    const harmless = answers.flat();
    expect(harmless.length).toBeGreaterThanOrEqual(9);
    expect(differences(await duel.compare(name, harmless, "alice@example.com"))).toEqual([]);
  });
});

describe("wanted differences", () => {
  test("a domain beyond ASCII is asked as its A-label: an accentless collation gives it nobody else's owners", async () => {
    const sender = [{ address: "alice@exämple.com", smtputf8: true }];
    const [comparison] = await duel.compare("tutorial-b", sender, "alice@example.com");
    expect(comparison).toMatchObject({
      restriction: "reject_sender_login_mismatch",
      mysql: "250 2.1.5 Ok",
      loginmapd: "553 5.7.1 <alice@exämple.com>: Sender address rejected: not owned by user alice@example.com",
    });
  });

  test("a domain beyond ASCII finds the row that is written as A-label", async () => {
    const sender = [{ address: "alice@münchen.example", smtputf8: true }];
    const [comparison] = await duel.compare("idn", sender, "alice@example.com");
    expect(comparison).toMatchObject({
      restriction: "reject_sender_login_mismatch",
      mysql: "553 5.7.1 <alice@münchen.example>: Sender address rejected: not owned by user alice@example.com",
      loginmapd: "250 2.1.5 Ok",
    });
  });

  test("a key that a latin1 column cannot hold (error 1267) harms nobody: Postfix's own table then fails for everybody", async () => {
    const senders = [
      { address: "alice@example.com", smtputf8: false },
      { address: "日本@example.com", smtputf8: true },
      { address: "alice@example.com", smtputf8: false },
    ];
    const comparisons = await duel.compare("poison", senders, "alice@example.com");
    const strict = comparisons.filter(({ restriction }) => restriction === "reject_sender_login_mismatch");
    expect(strict.map(({ mysql }) => mysql)).toEqual([
      "250 2.1.5 Ok",
      "451 4.3.0 <日本@example.com>: Temporary lookup failure",
      "451 4.3.0 <alice@example.com>: Temporary lookup failure",
    ]);
    expect(strict.map(({ loginmapd }) => loginmapd)).toEqual([
      "250 2.1.5 Ok",
      "553 5.7.1 <日本@example.com>: Sender address rejected: not owned by user alice@example.com",
      "250 2.1.5 Ok",
    ]);
  });
});
