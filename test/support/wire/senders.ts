/** Envelope senders for the differential tests: what people use, what they mistype, and what they try. */

/** One MAIL FROM. */
export interface Sender {
  /** Between the angle brackets, as the client writes it. */
  readonly address: string;
  /** Whether MAIL FROM carries SMTPUTF8. */
  readonly smtputf8: boolean;
  /**
   * For a domain beyond ASCII: the same sender with its A-label. Postfix's own table would be asked for the U-label, which no
   * row has; loginmapd asks for the A-label, so what Postfix says of that is what it is held to.
   */
  readonly withALabel?: string;
}

/** The names that the rows of a case know, and some that they do not. */
export interface Population {
  readonly localparts: readonly string[];
  readonly domains: readonly string[];
  /** Domains beyond ASCII: U-label → A-label. */
  readonly idnDomains: Readonly<Record<string, string>>;
}

/** A generator of numbers in [0, 1) that gives the same ones every time (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Takes one element at random. */
export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

// Every way in which a client may write the same or nearly the same mailbox.
const spellings: readonly ((localpart: string, domain: string) => string)[] = [
  (localpart, domain) => `${localpart}@${domain}`,
  (localpart, domain) => `${localpart}@${domain}`,
  (localpart, domain) => `${localpart}@${domain}`,
  (localpart, domain) => `${localpart}+tag@${domain}`,
  (localpart, domain) => `${localpart}+a+b@${domain}`,
  (localpart, domain) => `${localpart}+@${domain}`,
  (localpart, domain) => `+${localpart}@${domain}`,
  (localpart, domain) => `${localpart.toUpperCase()}@${domain}`,
  (localpart, domain) => `${localpart}@${domain.toUpperCase()}`,
  (localpart, domain) => `${localpart}@${domain}.`,
  (localpart, domain) => `"${localpart}"@${domain}`,
  (localpart, domain) => `"${localpart}+tag"@${domain}`,
  (localpart, domain) => `${localpart}-x@${domain}`,
  (localpart, domain) => `${localpart}-x+y@${domain}`,
  (localpart, domain) => `${localpart}+x-y@${domain}`,
  (localpart, domain) => `owner-${localpart}@${domain}`,
  (localpart, domain) => `${localpart}-request@${domain}`,
  (localpart, domain) => `${localpart}@sub.${domain}`,
  (localpart, domain) => `@relay.example:${localpart}@${domain}`,
];

// What split_addr.c cuts, and what it leaves alone, by the delimiters that are set.
const delimited: readonly string[] = [
  "owner-alice@example.com",
  "alice-request@example.com",
  "owner-alice+tag@example.com",
  "alice+tag-request@example.com",
  "alice-request+tag@example.com",
  "alice-x@example.com",
  "alice-x+y@example.com",
  "alice+x-y@example.com",
  "alice-@example.com",
  "-alice@example.com",
  "owner-@example.com",
  "-request@example.com",
  "alice-x@local.example",
  "mailer-daemon-x@example.com",
];

// Written out, since each is there for a rule of its own.
const oddities: readonly string[] = [
  "",
  "alice",
  "alice+tag",
  "ALICE",
  "postmaster",
  "postmaster+x@example.com",
  "mailer-daemon+x@example.com",
  ...delimited,
  '"two words"@example.com',
  '"two words+tag"@example.com',
  '"a@b"@example.com',
  '"a@b+tag"@example.com',
  "a@b@example.com",
  '"a\\"b"@example.com',
  '"a\\\\b"@example.com',
  '"alice\\\\"@example.com',
  '"alice\\""@example.com',
  '"\\"alice\\""@example.com',
  '"\\"alice"@example.com',
  '"zz "@catch.test',
  '"alice+x "@example.com',
  '""@catch.test',
  "a\\b@example.com",
  '""@example.com',
  '"+tag"@example.com',
  '" "@example.com',
  '"alice "@example.com',
  '" alice"@example.com',
  '"alice,bob"@example.com',
  '"a.b"@example.com',
  "a.b@example.com",
  '"a..b"@example.com',
  ".alice@example.com",
  "alice.@example.com",
  "o'brien@example.com",
  "o''brien@example.com",
  "\"' OR '1'='1\"@example.com",
  "alice'--@example.com",
  "%@example.com",
  "%s@example.com",
  "%u%d@example.com",
  "100%@example.com",
  "_lice@example.com",
  "al%@example.com",
  "*@example.com",
  "alice#x@example.com",
  "alice/x@example.com",
  "alice=x@example.com",
  "alice@[127.0.0.1]",
  "alice@[192.0.2.1]",
  "alice@localhost",
  "alice@mx.example.test",
  "alice@com",
  "alice@a.b.c.d.example.com",
  "alice%example.com@local.example",
  "elsewhere.example!alice",
  "alice@-example.com",
  "alice@exam_ple.com",
  `${"a".repeat(64)}@example.com`,
  `${"a".repeat(300)}@example.com`,
  `alice+${"x".repeat(300)}@example.com`,
  '"a\x01b"@example.com',
  '"tab\there"@example.com',
  "alice@xn--exmple-cua.com",
  "alice@xn--mnchen-3ya.example",
  "double@@example.com",
  "<alice@example.com",
];

const beyondAscii: readonly string[] = [
  "älice@example.com",
  "Älice@example.com",
  "alicé@example.com",
  "jörg@example.com",
  "JÖRG@example.com",
  "jörg+tag@example.com",
  "straße@example.com",
  "strasse@example.com",
  "日本@example.com",
  "日本@alias.test",
  "日本+tag@catch.test",
  "alice\u0301@example.com",
  "ａlice@example.com",
  "alice\u00ad@example.com",
  "ſales@example.com",
  "alice😀@example.com",
];

/** Takes `count` of a list at random, each at most once, and all of `always`. */
export function sample<T>(random: () => number, list: readonly T[], count: number, always: readonly T[] = []): T[] {
  const taken = new Set(always);
  while (taken.size < Math.min(count, list.length)) taken.add(pick(random, list));
  return [...taken];
}

/** The senders that delimiters decide about. */
export function delimitedSenders(): Sender[] {
  return delimited.map((address) => ({ address, smtputf8: false }));
}

/** Senders of domains beyond ASCII, each as U-label and as A-label. */
export function idnSenders({ localparts, idnDomains }: Population, count: number, seed: number): Sender[] {
  const random = seededRandom(seed);
  const made = new Map<string, string>();
  const domains = Object.entries(idnDomains);
  const make = (write: (typeof spellings)[number], localpart: string, [uLabel, aLabel]: [string, string]) =>
    made.set(write(localpart, uLabel), write(localpart, aLabel));
  for (const domain of domains) make((localpart, at) => `${localpart}@${at}`, localparts[0] as string, domain);
  const goal = made.size + count;
  for (let tries = 0; made.size < goal && tries < 20 * count; tries++)
    make(pick(random, spellings), pick(random, localparts), pick(random, domains));
  return [...made].flatMap(([address, withALabel]) => [
    { address, smtputf8: true, withALabel },
    { address: withALabel, smtputf8: false },
  ]);
}

/** Senders whose domain is ASCII: `count` made from the population, and every oddity. */
export function makeSenders({ localparts, domains }: Population, count: number, seed: number): Sender[] {
  const random = seededRandom(seed);
  const made = new Set<string>(oddities);
  for (const domain of domains) for (const localpart of localparts.slice(0, 3)) made.add(`${localpart}@${domain}`);
  const goal = made.size + count;
  for (let tries = 0; made.size < goal && tries < 20 * count; tries++)
    made.add(pick(random, spellings)(pick(random, localparts), pick(random, domains)));
  return [...made].map((address) => ({ address, smtputf8: false }));
}

/** Senders with a localpart beyond ASCII, with SMTPUTF8. */
export function unicodeSenders(): Sender[] {
  return beyondAscii.map((address) => ({ address, smtputf8: true }));
}

/**
 * The address that smtpd asks for, as trivial-rewrite makes it of what the client typed: with $myorigin, without a source
 * route, a final dot or the `%` and `!` of old (address_resolution in ADDRESS_REWRITING_README).
 */
export function asRewritten(typed: string): string {
  const address = withoutRoute(typed).replace(/\.$/, "");
  const [, site, user] = /^([^@"!]+)!([^@"]+)$/.exec(address) ?? [];
  if (site !== undefined) return `${user}@${site}`;
  const [, local, remote] = /^([^@"%]+)%([^@"%]+)@local\.example$/.exec(address) ?? [];
  if (local !== undefined) return `${local}@${remote}`;
  // Without a localpart it has an empty one, which is quoted (mail_addr_find.c); nobody asks for `@domain` but a table in a list.
  if (address.startsWith("@")) return `""${address}`;
  return address.includes("@") ? address : `${address}@local.example`;
}

/** The address without its source route, all that smtpd itself takes off before it repeats the sender in a reply. */
export function withoutRoute(typed: string): string {
  return typed.replace(/^@[^:]*:/, "");
}
