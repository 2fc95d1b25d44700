/** Generates table files of Postfix over the rows of test/e2e/fixtures/people.sql. */
import type { TableCase } from "./differential.ts";
import { pick, seededRandom } from "./wire/senders.ts";

const selections = [
  "owner",
  "owner",
  "owner",
  "owner, note",
  "GROUP_CONCAT(owner)",
  "CONCAT(localpart, '@', domain)",
  "note, NULL, owner",
  "COALESCE(owner, note)",
  "LOWER(owner)",
] as const;

const conditions = [
  "address = '%s'",
  "address='%s' AND active=1",
  'address = "%s"',
  "localpart = '%u' AND domain = '%d'",
  "localpart='%u' AND domain='%d' AND active = '1'",
  "address = CONCAT('%u', '@', '%d')",
  "address = '%u@%d'",
  "address = '@%d'",
  "address IN ('%s', '@%d')",
  "domain = '%d' AND localpart = ''",
  "address LIKE '%%@%d' AND localpart = '%u'",
  "address = '%u@%2.%1'",
  "domain = '%2.%1' AND localpart = '%u'",
  "address = '%S'",
  "localpart = '%U' AND domain = '%D'",
  "address = '%s' OR note = '%u'",
  "(address = '%s') AND NOT (note = 'off' AND note IS NOT NULL)",
  "BINARY address = '%s'",
  "address = TRIM(' %s ')",
  "localpart = SUBSTRING_INDEX('%u', '+', 1) AND domain = '%d'",
  "id IN (SELECT id FROM {table} WHERE address = '%s')",
  "address = 'x''%s' OR address = '%s'",
  "address = 'alice@example.com' AND '%d' = 'alias.test'",
] as const;

const resultFormats = [
  undefined,
  undefined,
  undefined,
  "%s",
  "%u@%d",
  "%s,%S",
  "%u@%D",
  "%d",
  "%s %u",
  "alice@%2.%1",
  "%%%s",
];
const domainFilters = [
  undefined,
  undefined,
  undefined,
  undefined,
  "example.com",
  "!alias.test, example.com, alias.test",
  "local.example catch.test",
];

/** What templates are made with. */
export interface TemplateOptions {
  /** The lines from `hosts` to `dbname`. */
  readonly connection: string;
  readonly count: number;
  /** The same seed gives the same templates. */
  readonly seed: number;
  /** `recipient_delimiter` of the smtpd that asks them. */
  readonly delimiters: string;
}

/** Names the templates that `makeTemplates` makes: a test that fails says the seed. */
export function templateNames({ count, seed, delimiters }: Omit<TemplateOptions, "connection">): string[] {
  const delimiter = [...delimiters].map((one) => ({ "+": "plus", "-": "minus" })[one]).join("-") || "none";
  return Array.from({ length: count }, (_, i) => `generated-seed${seed}-delimiter-${delimiter}-${i}`);
}

/** Makes `count` table files. */
export function makeTemplates(options: TemplateOptions): TableCase[] {
  const { connection, seed, delimiters } = options;
  const random = seededRandom(seed);
  return templateNames(options).map((name) => {
    const table = random() < 0.25 ? "people_latin1" : "people";
    const selection = pick(random, selections);
    const first = select(selection, table, pick(random, conditions));
    const isUnion = random() < 0.25 && !selection.includes(",");
    const query = isUnion ? `${first} UNION ${select("owner", table, pick(random, conditions))}` : first;
    const lines = [`query = ${wrap(query, random)}`];
    const resultFormat = pick(random, resultFormats);
    if (resultFormat !== undefined) lines.push(`result_format = ${resultFormat}`);
    const domain = pick(random, domainFilters);
    if (domain !== undefined) lines.push(`domain = ${domain}`);
    if (random() < 0.15) lines.push(`expansion_limit = ${1 + Math.floor(random() * 2)}`);
    return { name, cf: `${connection}\n${lines.join("\n")}\n`, delimiters };
  });
}

function select(selection: string, table: string, condition: string): string {
  return `SELECT ${selection} FROM ${table} WHERE ${condition.replace("{table}", table)}`;
}

/** Now and then as people write long queries: over several lines, with a comment line between. */
function wrap(query: string, random: () => number): string {
  return random() < 0.3 ? query.replace(" WHERE ", "\n    # a comment line\n    WHERE ") : query;
}
