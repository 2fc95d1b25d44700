/** The keys of one source: how its database is reached, and where its SQL comes from. Part of schema.ts. */
import { type DraftOf, freeMapping, listOf, namedSections, optional, optionalSection, withDefault } from "./key.ts";
import { ldapKeys } from "./schema-ldap.ts";
import {
  choice,
  databaseHost,
  domain,
  duration,
  integer,
  listingInterval,
  path,
  secret,
  text,
  truth,
} from "./value-types.ts";

/** The drivers that reach a database server. */
const servers = ["mysql", "pgsql"] as const;
/** The drivers that reach anything over a network. */
const networked = [...servers, "ldap"] as const;
/** The drivers that are asked in SQL. */
const databases = [...servers, "sqlite"] as const;
/** The drivers that are asked anything. */
const askable = [...databases, "ldap"] as const;

/** TLS of a source. */
export const tls = optionalSection(
  "TLS to the database hosts. `tls: {}` is enough: it checks the certificate against the authorities of the system. Without `tls` the connection is not encrypted.",
  {
    ca_file: optional(path, {
      help: "Certificates (PEM) of the authorities that may have signed the server's, in place of the system's.",
      example: "/etc/loginmapd/mysql-ca.pem",
      drivers: networked,
    }),
    cert_file: optional(path, {
      help: "Our own certificate (PEM), when the server asks for one. Needs `key_file`.",
      example: "/etc/loginmapd/mysql-client.pem",
      drivers: networked,
    }),
    key_file: optional(path, {
      help: "The private key (PEM) of `cert_file`.",
      example: "/etc/loginmapd/mysql-client.key",
      drivers: networked,
    }),
    verify: withDefault(truth, "true", {
      help: "Whether the server's certificate must be valid and bear the name of the host. `false` encrypts, but to whoever answers.",
      example: "true",
      drivers: networked,
    }),
  },
  { drivers: networked },
);

const queries = optionalSection(
  "The site's own SQL, one statement per role, in place of a preset. The placeholders `:email`, `:user` and `:domain` are bound as parameters, never pasted; they stand without quotes. Each row's columns hold owners.",
  {
    address: optional(text, {
      help: "Who owns the address. Asked for the full address, then for it without its extension, then, for `local_domains`, for the bare localpart.",
      example: "SELECT login FROM mailbox WHERE address = :email",
    }),
    domain: optional(text, {
      help: "Who owns every address of a domain (catch-all). Asked only when no `address` query found an owner.",
      example: "SELECT login FROM catchall WHERE domain = :domain",
    }),
    grant: optional(text, {
      help: "Who may send as the address on top of its owners. Merged into whichever query answered.",
      example: "SELECT grantee FROM send_as WHERE address = :email",
    }),
    domains: optional(text, {
      help: "Lists the hosted domains, one per row. With it, an address of any other domain is answered without asking the database.",
      example: "SELECT name FROM domain WHERE active = 1",
    }),
    listing: optional(text, {
      help: "Lists everything that the other queries know, so that the source can be followed (`listing_interval`). Columns: the key (`user@domain`, `@domain`, or `*` for everything), an owner (NULL for an address that has a row and no owner, since it keeps the catch-all away), and, if you like, what the row is: `address`, `alias`, `catch-all` or `grant`.",
      example: "SELECT address, login FROM mailbox",
    }),
  },
  { drivers: databases },
);

/** `sources:`, by name. */
export const sources = namedSections(
  "source",
  "The databases that know the owners, each under a name of your choice. Exactly one of `preset`, `queries` and `postfix_cf` says where the SQL comes from; a directory has `filters` in place of the first two, and `texthash` and `identity` need none.",
  {
    driver: optional(choice("mysql", "pgsql", "sqlite", "ldap", "texthash", "identity"), {
      help: "`mysql` reaches MySQL and MariaDB, `pgsql` PostgreSQL, `sqlite` opens a file, `ldap` reaches OpenLDAP, Active Directory and other directories. `texthash` reads a text file as Postfix's `texthash:` does (`user@domain owner,owner`, `@domain`, a bare `user`), and `*` names who may send as any address. `identity` asks nobody: every address of `domains` is its own owner. Required, except with `postfix_cf`, where the file tells.",
      example: "mysql",
    }),
    hosts: listOf(databaseHost, ["inet:127.0.0.1:3306"], {
      help: "Where the database listens. With several, unix sockets are tried before the network, otherwise in this order; one that cannot be reached is left out until it is back. A replica answers as of the data that it has: while it lags, an owner that was just taken away is one still. For PostgreSQL a unix socket is named by its folder, as `unix:/run/postgresql`, or by its own path; without `hosts` it is asked at `inet:127.0.0.1:5432`.",
      example: '["unix:/run/mysqld/mysqld.sock", "inet:127.0.0.1:3306"]',
      drivers: servers,
    }),
    user: withDefault(text, "loginmapd", {
      help: "The database account. It needs SELECT only.",
      example: "loginmapd",
      drivers: servers,
    }),
    password: optional(secret, {
      help: "Its password. Prefer `password_file`, or the environment variable, to a password in this file.",
      example: '"correct horse"',
      drivers: servers,
    }),
    password_file: optional(path, {
      help: "A file that holds the password alone; one newline at its end is dropped. `credential:NAME` names a credential of systemd (`LoadCredential=NAME:FILE` in the unit).",
      example: "/etc/loginmapd/mysql-password",
      drivers: servers,
    }),
    database: optional(text, {
      help: "The name of the database. Required, except with `postfix_cf`.",
      example: "vmail",
      drivers: servers,
    }),
    charset: optional(text, {
      help: "The character set of the connection. Without it, utf8mb4.",
      example: "utf8mb4",
      drivers: ["mysql"],
    }),
    server_public_key_file: optional(path, {
      help: "The RSA key (PEM) with which a MySQL 8 server takes passwords, `public_key.pem` in its data directory (or `SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'`). Accounts of `caching_sha2_password` and `sha256_password` can then log in over TCP without TLS: no other key is used for the password, whoever answers. The answers still cross the network unencrypted.",
      example: "/etc/loginmapd/mysql-public-key.pem",
      drivers: ["mysql"],
    }),
    tls,
    path: optional(path, {
      help: "The SQLite file, or the text file of `texthash`, which is read again within a second of a change. Required, except with `postfix_cf`.",
      example: "/var/lib/loginmapd/native.sqlite",
      drivers: ["sqlite", "texthash"],
    }),
    domains: listOf(domain, [], {
      help: "The domains in which the login is the address. Required.",
      example: "[example.com]",
      drivers: ["identity"],
    }),
    preset: optional(text, {
      help: "The name of a mail stack whose schema is known. `native` is our own schema (`sql/native/`).",
      example: "postfixadmin",
      drivers: databases,
    }),
    options: freeMapping({
      help: "The preset's own options, such as `include_catchall` or `server_id`; docs/configuration.md lists them preset by preset.",
      example: "{ include_catchall: true }",
      drivers: databases,
    }),
    queries,
    ...ldapKeys,
    postfix_cf: optional(path, {
      help: "A table file of Postfix (`mysql_table(5)`, `pgsql_table(5)`, `sqlite_table(5)`, `ldap_table(5)`, or a `texthash:`): its connection and its query are used with Postfix's own rules. The type may stand before the path, as in `main.cf` (`mysql:`); without it, the name of the file or its parameters tell, or it is asked for. The connection keys of this section, when given, override those of the file.",
      example: "/etc/postfix/mysql-sender_login_maps.cf",
      drivers: askable,
    }),
    listing_interval: withDefault(listingInterval({ min: "1s", max: "1d" }), "auto", {
      help: "How often the source is listed, to find what changed; `off` follows nothing. `auto` takes 50 times as long as a listing takes, from 1 s to 5 minutes, and lists at once when the source signals a change. Needs a preset, `queries.listing`, or in a directory `filters.listing`.",
      example: "auto",
      drivers: askable,
    }),
    pool_size: withDefault(integer({ min: 1, max: 1000 }), "4", {
      help: "How many connections to the database are open at most.",
      example: "4",
      drivers: networked,
    }),
    connect_timeout: withDefault(duration({ min: "10ms", max: "99s" }), "2s", {
      help: "How long a host may take to accept a connection before the next one is tried.",
      example: "2s",
      drivers: networked,
    }),
    query_timeout: withDefault(duration({ min: "10ms", max: "99s" }), "3s", {
      help: "How long the database may take to answer. Shorter than `limits.lookup_timeout`, so that another host can be asked.",
      example: "3s",
      drivers: askable,
    }),
  },
);

/** A source as it was read. */
export type SourceDraft = DraftOf<typeof sources.keys>;
