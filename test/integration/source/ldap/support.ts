/** A real slapd with the people of a site, and sources with filters of the site's own. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { parseLdapUri } from "../../../../src/model/ldap-uri.ts";
import type { ConnectionSettings, FilterSettings, LdapServer, SourceSettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { sourceTally } from "../../../../src/model/tally.ts";
import { openSource } from "../../../support/fakes/open-source.ts";
import { siteLdif } from "../../../support/ldap-site.ts";
import { type Slapd, startSlapd, suffix } from "../../../support/servers/slapd.ts";

type Connection = Extract<ConnectionSettings, { driver: "ldap" }>;

/** For a file of tests: one server with these entries, and sources that are closed after each test. */
export function useLdap(ldif = siteLdif): LdapBench {
  const bench = new LdapBench();
  beforeAll(() => bench.begin(ldif));
  afterEach(() => bench.close());
  afterAll(() => bench.remove());
  return bench;
}

/** A server by its URI. */
export function at(uri: string): LdapServer {
  const parsed = parseLdapUri(uri);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** The server of the file, others that a test starts, and the sources that it opens. */
class LdapBench {
  readonly #servers: Slapd[] = [];
  readonly #opened: Database[] = [];
  #server: Slapd | undefined;

  async begin(ldif: string): Promise<void> {
    this.#server = await this.start({ ldif });
  }

  get server(): Slapd {
    if (this.#server === undefined) throw new Error("the server has not started");
    return this.#server;
  }

  /** Starts another server, which goes with the first. */
  async start(options: Parameters<typeof startSlapd>[0] = {}): Promise<Slapd> {
    const server = await startSlapd({ ldif: siteLdif, ...options });
    this.#servers.push(server);
    return server;
  }

  /** Opens a source. */
  open(connection: Partial<Connection> = {}, queries: Partial<FilterSettings> = {}, tally = sourceTally()): Database {
    const settings: SourceSettings = {
      connection: {
        driver: "ldap",
        servers: [at(this.server.uri)],
        startTls: false,
        bind: undefined,
        tls: undefined,
        poolSize: 2,
        connectTimeoutMs: 2000,
        queryTimeoutMs: 5000,
        ...connection,
      },
      queries: {
        kind: "filters",
        searchBase: suffix,
        scope: "sub",
        filters: {
          address: "(|(mail=:email)(mailAlias=:email))",
          domain: "(mailAlias=@:domain)",
          grant: "(proxyAddresses=grant::email)",
          domains: "(domainName=*)",
        },
        resultAttribute: [],
        loginAttribute: "uid",
        memberAttribute: ["member"],
        domainAttribute: ["domainName"],
        ...queries,
      },
    };
    const database = openSource(settings, undefined, tally);
    this.#opened.push(database);
    return database;
  }

  async close(): Promise<void> {
    for (const database of this.#opened.splice(0)) await database.close();
  }

  async remove(): Promise<void> {
    for (const server of this.#servers) await server.remove();
  }
}
