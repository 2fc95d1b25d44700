/**
 * Every key of the configuration: kind, default, meaning, example.
 *
 * The one place that knows them. Parsing, environment overrides, messages about unknown keys, docs/configuration.md,
 * loginmapd.yaml(5) and deploy/loginmapd.example.yaml all follow from this table.
 */
import {
  type CompleteOf,
  type DraftOf,
  listOf,
  namedSections,
  optional,
  required,
  section,
  sectionList,
  withDefault,
} from "./key.ts";
import { sources } from "./schema-sources.ts";
import { choice, delimiters, domain, duration, endpoint, integer, mode, path, secret, text } from "./value-types.ts";

const listeners = sectionList(
  "listener",
  "Where Postfix's clients connect. At least one. The protocols have no authentication: whoever reaches a listener can ask who owns an address, so keep it on this machine or behind a firewall.",
  {
    protocol: required(choice("socketmap", "tcp_table", "milter"), {
      help: "`socketmap` (`socketmap_table(5)`) names the map in each query. `tcp_table` (`tcp_table(5)`) does not, and its client blocks longer when the server is away: prefer `socketmap`. `milter` holds the `From:` header of each message, and its envelope sender, to the owners in a map: for `smtpd_milters` of the submission services.",
      example: "socketmap",
    }),
    endpoint: required(endpoint, {
      help: "`inet:HOST:PORT`, `inet:[IPV6]:PORT` or `unix:/PATH`, as in Postfix. Port 0 takes a free one and logs it.",
      example: '"inet:127.0.0.1:9000"',
    }),
    map: optional(text, {
      help: "The map that the clients of a `tcp_table` or `milter` listener ask. Required there, and only there.",
      example: "senders",
    }),
    action: optional(choice("log", "reject"), {
      help: "What a `milter` does with a message whose sender does not own what its header claims: `reject` (the default there) refuses it, `log` takes it and only logs and counts what `reject` would have done.",
      example: "reject",
    }),
    resent: optional(choice("refuse", "allow"), {
      help: "Whether a `milter` lets a resent message (one whose `Resent-From:` its sender owns) keep the `From:` of somebody else: `allow`, or `refuse` (the default there).",
      example: "allow",
    }),
    mode: withDefault(mode, "0660", {
      help: "The permissions of a unix socket. Connecting needs the write permission.",
      example: '"0660"',
    }),
    group: optional(text, {
      help: "The group (name or number) of a unix socket. Without it, the group of the process.",
      example: "postfix",
    }),
  },
);

const limits = section("Bounds on clients and on waiting.", {
  // One smtpd process holds one connection; 100 per service are Postfix's default (default_process_limit).
  max_connections: withDefault(integer({ min: 1, max: 100_000 }), "1024", {
    help: "Connections per listener. Further ones are accepted and wait until one closes; none is refused, since a refused connection is a 451 at once. Those idle longest make way.",
    example: "1024",
  }),
  // socketmap_table(5), PROTOCOL LIMITS: a Postfix client sends no longer query.
  max_query_bytes: withDefault(integer({ min: 512, max: 1_000_000 }), "10000", {
    help: "The longest query that is read, map name included. A longer one is answered with an error, and its connection is closed.",
    example: "10000",
  }),
  lookup_timeout: withDefault(duration({ min: "100ms", max: "99s", maxReason: "Postfix gives up after 100s" }), "10s", {
    help: "How long one lookup may take, waiting included. Below 100 s, where Postfix gives up and then refuses the rest of the SMTP session.",
    example: "10s",
  }),
  idle_timeout: withDefault(duration({ min: "0s", max: "7d" }), "0s", {
    help: "Closes a connection that sent nothing for so long. `0s` leaves it to the client: Postfix closes after 10 s.",
    example: "0s",
  }),
  drain_timeout: withDefault(duration({ min: "0s", max: "10m" }), "10s", {
    help: "How long a stop waits for lookups under way. Keep it below systemd's `TimeoutStopSec=`.",
    example: "10s",
  }),
  max_waiting_lookups: withDefault(integer({ min: 1, max: 1_000_000 }), "8192", {
    help: "Lookups of one source that may wait for the database. Further ones are answered TEMP (Postfix: 451, the client tries again). One connection has 8 at most, so that the default is a full listener.",
    example: "8192",
  }),
});

const admin = section("The HTTP endpoint: metrics, health, status page, and, with a token, cache and explain routes.", {
  endpoint: withDefault(endpoint, "inet:127.0.0.1:9100", {
    help: "Where it listens. A reload opens the new endpoint before it closes the old one.",
    example: '"inet:127.0.0.1:9100"',
  }),
  token: optional(secret, {
    help: "The bearer token of the routes that change or reveal something. Prefer `token_file`.",
    example: '"2b1f0e8c6d7a4f5b9e3c"',
  }),
  token_file: optional(path, {
    help: "A file that holds the token alone, or `credential:NAME`. Without a token those routes answer 403.",
    example: "/etc/loginmapd/admin-token",
  }),
});

const maps = namedSections(
  "map",
  "The maps that clients ask by name, as in `smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders`. At least one.",
  {
    source: optional(text, {
      help: "The source that answers, by its name under `sources`. Either this or `sources` is required.",
      example: "mail",
    }),
    sources: listOf(text, [], {
      help: "Several sources, in place of `source`, in the order in which they are asked.",
      example: "[grants, mail]",
    }),
    combine: withDefault(choice("first", "union"), "first", {
      help: "How several sources answer. `first` asks as Postfix asks a list of tables: each key (the address, without its extension, `@domain`) in every source before the next key; the first with owners answers, and grants are added. `union` joins what each source answers by itself. A source that fails when its turn comes makes the lookup fail.",
      example: "first",
    }),
    // Debian's main.cf sets recipient_delimiter = +, and so do the guides of most mail stacks.
    recipient_delimiter: withDefault(delimiters, "+", {
      help: 'The characters that may begin an address extension: the same as `recipient_delimiter` of Postfix. `""` for none.',
      example: '"+"',
    }),
    local_domains: listOf(domain, [], {
      help: "Domains for which the bare localpart is asked too, after the full address: the local ones of Postfix (`$mydestination`), written out.",
      example: "[example.com]",
    }),
    login_realm: optional(domain, {
      help: "Owners in this domain are answered with and without `@` and the domain: for Dovecot with bare logins (`auth_username_format = %n`).",
      example: "example.com",
    }),
  },
);

const cache = section("What is remembered of answers, per map.", {
  max_entries: withDefault(integer({ min: 1, max: 100_000_000 }), "100000", {
    help: "Addresses with owners that are kept; the least used go first.",
    example: "100000",
  }),
  max_negative_entries: withDefault(integer({ min: 1, max: 100_000_000 }), "20000", {
    help: "Addresses without owners that are kept, apart, so that a flood of unknown senders evicts no owner.",
    example: "20000",
  }),
  ttl: withDefault(duration({ min: "10ms", max: "7d" }), "60s", {
    help: "How long owners are answered from memory: a change in the database is seen after at most so long, or at once after `loginmapd flush`.",
    example: "60s",
  }),
  negative_ttl: withDefault(duration({ min: "10ms", max: "7d" }), "30s", {
    help: "The same for addresses without owners: how long a new address may be refused.",
    example: "30s",
  }),
  stale_if_error: withDefault(duration({ min: "0s", max: "7d" }), "1h", {
    help: "While the database cannot be asked, an answer whose time is over is still given for so long. `0s`: never, Postfix then answers 451. A flushed answer is never given again.",
    example: "1h",
  }),
  snapshot_file: optional(path, {
    help: "A file in which the cache survives a restart; its directory must be writable, since a flush removes the file. Without it, memory only.",
    example: "/var/lib/loginmapd/cache.snapshot",
  }),
});

const log = section("The log, one line per event on stderr.", {
  level: withDefault(choice("debug", "info", "warn", "error"), "info", {
    help: "The least level that is written. Addresses and logins are written at `debug` only.",
    example: "info",
  }),
  format: withDefault(choice("json", "text"), "json", {
    help: "`json` for machines, `text` for people.",
    example: "json",
    reload: "restart",
  }),
});

/** The keys of the configuration file, from the top. */
export const schema = { listeners, limits, admin, maps, sources, cache, log } as const;

/** A configuration as it was read; `undefined` where something was missing or wrong. */
export type ConfigDraft = DraftOf<typeof schema>;

/** A configuration in which no problem was found. */
export type CompleteConfig = CompleteOf<typeof schema>;
