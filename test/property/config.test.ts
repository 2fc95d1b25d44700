import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { describeSettings } from "../../src/config/describe.ts";
import { formatDuration, parseDuration } from "../../src/config/duration.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ConfigError, formatProblem } from "../../src/model/errors.ts";

const valid = `listeners:
  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }
  - { protocol: tcp_table, endpoint: "unix:/run/tcp", mode: "0660", map: senders }
limits: { lookup_timeout: 5s, max_connections: 7 }
admin:
  endpoint: "inet:127.0.0.1:9100"
  token: &token "0123456789abcdef"
maps:
  senders: { source: mail, recipient_delimiter: "+", local_domains: [example.com] }
sources:
  mail:
    driver: mysql
    hosts: ["inet:127.0.0.1:3306"]
    password: "hunter2 hunter2"
    database: vmail
    tls: { verify: true }
    queries:
      address: |
        SELECT login FROM mailbox
        WHERE address = :email
  cf: { postfix_cf: /etc/postfix/senders.cf }
cache:
  ttl: 60s # one minute
`;

/** Parses; whatever is thrown but a ConfigError with problems is a defect. */
function attempt(text: string, env: Record<string, string> = {}): string[] {
  try {
    parseConfig({
      text,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env,
      knownPresets: ["native"],
      readSecretFile() {
        throw Object.assign(new Error(), { code: "ENOENT" });
      },
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    return error.problems.map(formatProblem);
  }
}

const token = fc.constantFrom(
  ..."\n|\n  |\t|: |- |[|]|{|}|,|\"|'|#|&a |*a|!|%|@|`|>|---\n|...\n|? |~|null|<<|0x1|1e9|.inf|\uFEFF|\0|é|listeners|sources|mail|ttl".split(
    "|",
  ),
  "|",
);

test("text of any kind is read or refused, and a refusal is always a ConfigError", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: "binary" }),
        fc.array(token).map((t) => t.join("")),
      ),
      (t) => void attempt(t),
    ),
    {
      numRuns: 500,
    },
  );
});

test("a valid file with pieces cut out, doubled or put in is read or refused with one line per problem", () => {
  const edit = fc.record({
    at: fc.nat(valid.length),
    remove: fc.nat(12),
    insert: fc.oneof(token, fc.string({ maxLength: 6 })),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce((t, { at, remove, insert }) => t.slice(0, at) + insert + t.slice(at + remove), valid);
      for (const problem of attempt(text)) expect(problem).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 500 },
  );
});

test("no message holds the password, whatever is broken around it", () => {
  const at = valid.indexOf("hunter2");
  const nearby = fc.integer({ min: at - 30, max: at + 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(nearby, token), { minLength: 1, maxLength: 3 }), (inserts) => {
      const text = inserts.reduce((t, [i, insert]) => t.slice(0, i) + insert + t.slice(i), valid);
      for (const problem of attempt(text)) expect(problem).not.toContain("hunter2");
    }),
    // Found once: a bracket that makes the password part of an unknown key's name.
    {
      numRuns: 500,
      examples: [
        [
          [
            [455, "["],
            [465, ": "],
            [427, "%"],
          ],
        ],
      ],
    },
  );
});

test("any structure in place of any value is refused in its place", () => {
  const structure = fc.anything({
    maxDepth: 3,
    withNullPrototype: false,
    values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
  });
  fc.assert(
    fc.property(
      fc.constantFrom("listeners", "limits", "admin", "maps", "sources", "cache", "log"),
      structure,
      (key, value) => {
        attempt(stringify({ [key]: value }));
      },
    ),
  );
});

test("environment variables of any name and value are taken or refused", () => {
  const part = fc.constantFrom(
    "SOURCES",
    "MAIL",
    "HOSTS",
    "LISTENERS",
    "0",
    "2",
    "99999",
    "OPTIONS",
    "TTL",
    "CACHE",
    "CF",
    "",
    "X",
    "TLS",
  );
  const variable = fc.array(part, { maxLength: 5 }).map((parts) => `LOGINMAPD_${parts.join("__")}`);
  fc.assert(
    fc.property(fc.dictionary(variable, fc.string(), { maxKeys: 4 }), (env) => void attempt(valid, env)),
    {
      numRuns: 500,
    },
  );
});

test("a duration is written so that it is read back", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const text = fc.string({ minLength: 1, maxLength: 20 }).filter((t) => !t.includes("\0"));
const duration = fc.constantFrom("10ms", "1500ms", "2s", "90s");

const source = fc.record(
  {
    driver: fc.constant("mysql"),
    database: text,
    hosts: fc.array(fc.constantFrom("inet:db:3306", "inet:[::1]:3306", "unix:/run/a b"), { minLength: 1 }),
    user: text,
    charset: word,
    tls: fc.record({ ca_file: fc.constant("/ca"), verify: fc.boolean() }, { requiredKeys: [] }),
    pool_size: fc.integer({ min: 1, max: 1000 }),
    connect_timeout: duration,
    query_timeout: duration,
    queries: fc.record({ address: text, domain: text, grant: text, domains: text }, { requiredKeys: ["address"] }),
  },
  { requiredKeys: ["driver", "database", "queries"] },
);

test("what describeSettings writes is read back to the same settings", () => {
  fc.assert(
    fc.property(fc.dictionary(word, source, { minKeys: 1, maxKeys: 3 }), fc.string(), (sources, delimiter) => {
      const names = Object.keys(sources);
      const config = {
        listeners: [{ protocol: "socketmap", endpoint: "unix:/run/x", mode: "0600" }],
        maps: Object.fromEntries(
          names.map((name) => [name, { source: name, recipient_delimiter: delimiter.replace(/[@\s]/g, "") }]),
        ),
        sources,
      };
      const read = (yaml: string) =>
        parseConfig({
          text: yaml,
          fileName: "/etc/x.yaml",
          env: {},
          knownPresets: [],
          readSecretFile: () => ({ text: "", mode: 0 }),
        }).settings;
      const settings = read(stringify(config));
      expect(read(describeSettings(settings))).toEqual(settings);
    }),
    { numRuns: 200 },
  );
});
