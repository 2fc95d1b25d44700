/**
 * One database, one table file, one Postfix, and two ways to read it: Postfix's own `mysql:` and loginmapd. The verdicts are
 * the same for every sender, login and restriction; where they are meant to differ, the difference stands here by name.
 */
import { readFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailinaboxTable, stacks } from "../../integration/source/stack-cases.ts";
import {
  type Comparison,
  type Duel,
  type ExplainedLookup,
  type OurVerdict,
  startDuel,
  type TableCase,
} from "../../support/differential.ts";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { makeTemplates, templateNames } from "../../support/templates.ts";
import {
  asRewritten,
  delimitedSenders,
  idnSenders,
  makeSenders,
  type Sender,
  sample,
  seededRandom,
  unicodeSenders,
  withoutRoute,
} from "../../support/wire/senders.ts";

const logins = ["alice@example.com", "erin@catch.test"] as const;

/** `DIFFERENTIAL_SEED=n` runs other templates and other senders than those of every day. */
const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? 7);
const generated = ["+", "-+", ""].map((delimiters, i) => ({ count: 6, seed: seed + i, delimiters }));
const generatedNames = generated.flatMap(templateNames);

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
const handWritten = [...Object.keys(tutorialQueries), ...shipped.map(({ name }) => name), "mailinabox"];
const names = [...handWritten, ...generatedNames];

const population = {
  localparts: [
    "alice", "bob", "sales", "team", "off", "upper", "bare", "erin", "nosmtp", "dave", "blank", "null", "two words", "nobody",
  ], // biome-ignore format: a list of words
  domains: ["example.com", "alias.test", "catch.test", "local.example", "inactive.test", "elsewhere.example"],
  // What smtpd folds before it asks has to be written folded: "straße" is "strasse" to it.
  idnDomains: {
    "münchen.example": "xn--mnchen-3ya.example",
    "exämple.com": "xn--exmple-cua.com",
    "bücher.example": "xn--bcher-kva.example",
    "日本.example": "xn--wgv71a.example",
  },
};
const senders = makeSenders(population, 20, seed);
const abroad = idnSenders(population, 6, seed);

/** The addresses that the example rows of a stack are about, as they stand and with a tag; for a template a part of all. */
function sendersOf(name: string): Sender[] {
  if (generatedNames.includes(name)) {
    const random = seededRandom(seed + generatedNames.indexOf(name));
    return [...delimitedSenders(), ...sample(random, senders, 18), ...sample(random, abroad, 6)];
  }
  const stack = shipped.find((one) => one.name === name);
  const addresses = stack === undefined ? [] : [stack.owners, ...stack.presets.map(({ want }) => want)];
  const own = [...new Set(addresses.flatMap((owners) => Object.keys(owners)))].filter((one) => !/[^\0-\x7f]/.test(one));
  const tagged = own.slice(0, 20).map((address) => address.replace("@", "+tag@"));
  return [...senders, ...abroad, ...[...own, ...tagged].map((address) => ({ address, smtputf8: false }))];
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
  const usersFile = join(mariadb.folder, "users.sqlite");
  const users = new Sqlite(usersFile);
  users.exec(readFileSync(join(projectRoot, "sql/mailinabox/example.sql"), "utf8"));
  users.close();
  await chmod(usersFile, 0o644);
  const connection = (database: string) =>
    `hosts = unix:${mariadb.socket}\nuser = reader\npassword = pw\ndbname = ${database}`;
  const tables: TableCase[] = [
    ...Object.entries(tutorialQueries).map(([name, query]) => ({
      name,
      cf: `${connection("vmail")}\nquery = ${query}\n`,
    })),
    ...shipped.map(({ name, cf }) => ({ name, cf: `${connection(name)}\n${cf}\n` })),
    { name: "mailinabox", type: "sqlite", cf: `dbpath = ${usersFile}\n${mailinaboxTable}\n` },
    ...generated.flatMap((options) => makeTemplates({ connection: connection("vmail"), ...options })),
    {
      name: "poison",
      cf: `${connection("vmail")}\nquery = SELECT owner FROM people_latin1 WHERE address = CONCAT('%u', '@', '%d')\n`,
    },
    { name: "idn", cf: `${connection("vmail")}\nquery = SELECT owner FROM people WHERE address = '%s'\n` },
  ];
  duel = await startDuel(tables, logins);
  await findPoison();
});
afterAll(async () => {
  await duel?.stop();
  await mariadb?.remove();
});

function differences(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.filter(({ postfix, loginmapd }) => postfix !== loginmapd);
}

/** Where the explanation of a lookup says something else than the smtpd that asks loginmapd. */
async function mispredictions(name: string, verdicts: readonly OurVerdict[], login: string | undefined) {
  const wrong: string[] = [];
  const bySender = new Map<string, OurVerdict[]>();
  for (const one of verdicts) bySender.set(one.sender, [...(bySender.get(one.sender) ?? []), one]);
  const check = async ([sender, seen]: [string, OurVerdict[]]): Promise<void> => {
    // What is no address to smtpd (501), or is the null sender, is never looked up.
    if (sender === "" || seen.some(({ loginmapd }) => loginmapd.startsWith("50"))) return;
    const { verdicts: predicted } = await duel.explain(name, asRewritten(sender), login);
    for (const { restriction, loginmapd } of seen) {
      const one = predicted.find((verdict) => verdict.restriction === restriction);
      // A reply repeats what was typed, the explanation what was asked; neither of those that are rewritten has quotes.
      const text = one?.text.replace(`<${asRewritten(sender)}>`, `<${withoutRoute(sender)}>`);
      const foretold = one?.code === 250 ? `250 2.1.5 ${text}` : `${one?.code} ${text}`;
      if (loginmapd !== foretold) wrong.push(`${restriction} ${sender}: ${foretold}, but smtpd ${loginmapd}`);
    }
  };
  const left = [...bySender];
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await check(next);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return wrong;
}

/** What columns can hold: latin1, UTF-8 of three bytes, anything. `beyond` finds what is wider. */
const widths = [
  { key: "jörg@example.com", beyond: /[^\0-\xff]/u },
  { key: "日本@example.com", beyond: /[^\0-\uffff]/u },
  { key: "alice😀@example.com", beyond: /(?!)/ },
];

const widthOf = ({ address }: Sender) => widths.find(({ beyond }) => !beyond.test(address.toLowerCase()))?.key;

/** The keys that Postfix's own table cannot be asked for, by table and key. */
const poisonous = new Set<string>();

/** One key that an old column cannot hold stops Postfix's own table for a minute, so postmap tries them first. */
async function findPoison(): Promise<void> {
  const left = names.flatMap((name) => widths.map(({ key }) => ({ name, key })));
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { kind } = await duel.server.home.postmap(duel.tableName(next.name), next.key);
      if (kind === "failed") poisonous.add(`${next.name} ${next.key}`);
    }
  };
  // Many side by side, since postmap waits a second before it ends with an error.
  await Promise.all(Array.from({ length: 16 }, worker));
}

describe.each(names)("%s", (name) => {
  test.each([...logins, undefined])("the verdicts are Postfix's own, and foretold, for the login %s", async (login) => {
    const isPoison = (sender: Sender) => poisonous.has(`${name} ${widthOf(sender)}`);
    const poison = unicodeSenders().filter(isPoison);
    const harmless = unicodeSenders().filter((sender) => !isPoison(sender));
    // The query of tutorial-c fails for every key.
    expect(harmless.length).toBeGreaterThanOrEqual(name === "tutorial-c" ? 0 : 9);
    const comparisons = await duel.compare(name, [...sendersOf(name), ...harmless], login);
    expect(differences(comparisons), duel.daemon.log().slice(-2000)).toEqual([]);
    const unasked = await duel.ours(name, poison, login);
    expect(await mispredictions(name, [...comparisons, ...unasked], login)).toEqual([]);
  });
});

test.each(names.filter((name) => !/^generated|^tutorial-c/.test(name)))(
  "%s accepts owners and refuses others, so the comparison is worth something",
  async (name) => {
    const own = ["alice@example.com", "erin@catch.test", "nobody@example.com", "alice@elsewhere.example"];
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
  const asked = senders.filter(({ address }) => /^[a-z]+@[a-z.]+$/.test(address)).slice(0, 20);
  const comparisons = await duel.compare("tutorial-c", asked, "alice@example.com");
  const strict = comparisons.filter(({ restriction }) => restriction === "reject_sender_login_mismatch");
  expect(new Set(strict.map(({ loginmapd }) => loginmapd.slice(0, 3)))).toEqual(new Set(["451"]));
});

test.each(["mailcow", "mailinabox", "poison"])(
  "%s: the command explains a lookup as GET /v1/lookup does",
  async (name) => {
    const addresses = ["alice+tag@example.com", "nobody@example.com", '"two words"@example.com', "日本@exämple.com"];
    const asked = addresses.flatMap((address) => [...logins, undefined].map((login) => ({ address, login })));
    const answers = await Promise.all(
      asked.map(async ({ address, login }) => {
        const config = duel.daemon.configFile as string;
        const args = ["lookup", address, "--map", name, "--login", login ?? "", "--json", "-c", config];
        const [command, { cache: _, ...served }] = await Promise.all([
          loginmapd(args),
          duel.explain(name, address, login) as Promise<ExplainedLookup & { cache: unknown }>,
        ]);
        return { printed: JSON.parse(command.stdout) as unknown, served };
      }),
    );
    for (const { printed, served } of answers) expect(printed).toEqual(served);
  },
);

test.each([...logins, undefined])(
  "a cell of separators alone is a list that fits no login, and no later key is asked: %s",
  async (login) => {
    const senders = ["comma@example.com", "alice+comma@example.com"].map((address) => ({ address, smtputf8: false }));
    const comparisons = await duel.compare("idn", senders, login);
    expect(differences(comparisons)).toEqual([]);
    expect(await mispredictions("idn", comparisons, login)).toEqual([]);
    const strict = comparisons.filter(({ restriction }) => restriction === "reject_sender_login_mismatch");
    expect(strict.map(({ loginmapd }) => loginmapd.slice(0, 3))).toEqual(["553", "553"]);
  },
);

describe("wanted differences", () => {
  test("a domain beyond ASCII is asked as its A-label: an accentless collation gives it nobody else's owners", async () => {
    const sender = [{ address: "alice@exämple.com", smtputf8: true }];
    const comparisons = await duel.compare("tutorial-b", sender, "alice@example.com");
    expect(await mispredictions("tutorial-b", comparisons, "alice@example.com")).toEqual([]);
    expect(comparisons[0]).toMatchObject({
      restriction: "reject_sender_login_mismatch",
      postfix: "250 2.1.5 Ok",
      loginmapd: "553 5.7.1 <alice@exämple.com>: Sender address rejected: not owned by user alice@example.com",
    });
  });

  test("a domain beyond ASCII finds the row that is written as A-label", async () => {
    const sender = [{ address: "alice@münchen.example", smtputf8: true }];
    const comparisons = await duel.compare("idn", sender, "alice@example.com");
    expect(await mispredictions("idn", comparisons, "alice@example.com")).toEqual([]);
    expect(comparisons[0]).toMatchObject({
      restriction: "reject_sender_login_mismatch",
      postfix: "553 5.7.1 <alice@münchen.example>: Sender address rejected: not owned by user alice@example.com",
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
    expect(await mispredictions("poison", comparisons, "alice@example.com")).toEqual([]);
    const strict = comparisons.filter(({ restriction }) => restriction === "reject_sender_login_mismatch");
    expect(strict.map(({ postfix }) => postfix)).toEqual([
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
