/** A real PostgreSQL with TLS and a table of people, and sources in it. */
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { SourceError } from "../../../../src/model/errors.ts";
import type { ConnectionSettings, Endpoint, QuerySettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { pgsqlConnection } from "../../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { type Postgresql, startPostgresql } from "../../../support/servers/postgresql.ts";

type Settings = Extract<ConnectionSettings, { driver: "pgsql" }>;

/** The people, in SQL. */
export const rows = `
CREATE TABLE people (address text PRIMARY KEY, owner text);
INSERT INTO people VALUES ('alice@example.com', 'alice'), ('bob@example.com', 'bob'), ('é@example.com', 'accent'),
  ('back\\slash@example.com', 'slash');
INSERT INTO people SELECT 'p' || n || '@example.com', 'o' || n FROM generate_series(1, 200) AS n;
`;

/** One query, by the whole address. */
export const plain = { address: "SELECT owner FROM people WHERE address = :email" };

/** A host on TCP. */
export const inet = (port: number, host = "127.0.0.1"): Endpoint => ({ kind: "inet", host, port });

/** Asks for an address that has an owner. */
export const alice = (database: Database) => ownersOf(database, "alice@example.com");

/** What was answered, or the code of the failure. */
export const codeOf = (asked: Promise<unknown>) => asked.then(String, (error: SourceError) => error.code);

/** For a file of tests: one server, an account without settings of its own, and sources that are closed after each test. */
export function usePgsql(): PgsqlBench {
  const bench = new PgsqlBench();
  beforeAll(() => bench.start());
  beforeEach(async () => {
    await bench.server.query("ALTER ROLE reader RESET ALL; ALTER ROLE reader CONNECTION LIMIT -1");
  });
  afterEach(() => bench.close());
  afterAll(() => bench.server.remove());
  return bench;
}

/** The server, and the sources that a test opens. */
class PgsqlBench {
  readonly #open: Database[] = [];
  #server: Postgresql | undefined;

  async start(): Promise<void> {
    this.#server = await startPostgresql({ sql: rows, tls: true });
    await this.#server.addReader("reader", "r");
  }

  get server(): Postgresql {
    if (this.#server === undefined) throw new Error("the server has not started");
    return this.#server;
  }

  /** Opens a source. */
  open(sql: Extract<QuerySettings, { kind: "queries" }>["sql"] = plain, changes: Partial<Settings> = {}): Database {
    const database = openSource({
      connection: pgsqlConnection({
        hosts: [inet(this.server.port)],
        password: "r",
        database: "vmail",
        ...changes,
      }),
      queries: { kind: "queries", sql },
    });
    this.#open.push(database);
    return database;
  }

  /** Closes every source that is open. */
  async close(): Promise<void> {
    for (const database of this.#open.splice(0)) await database.close();
  }

  /** Statements and sessions of our account, as the server sees them. */
  async sessions(where = "true"): Promise<Record<string, unknown>[]> {
    return this.server.query(`SELECT * FROM pg_stat_activity WHERE application_name = 'loginmapd' AND ${where}`);
  }
}
