/** A real MariaDB with the native schema, TLS and few connections, and sources in it. */
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Endpoint, TlsSettings } from "../../../../src/model/settings.ts";
import type { Database } from "../../../../src/model/source.ts";
import { mysqlConnection } from "../../../support/fakes/connections.ts";
import { openSource, ownersOf } from "../../../support/fakes/open-source.ts";
import { type Mariadb, startMariadb } from "../../../support/servers/mariadb.ts";
import { nativeSchema } from "../../../support/servers/stage.ts";

/** What a test may want of its source otherwise; an address query stands in place of the native preset. */
interface Options {
  readonly hosts?: readonly Endpoint[];
  readonly password?: string;
  readonly tls?: TlsSettings;
  readonly poolSize?: number;
  readonly queryTimeoutMs?: number;
  readonly address?: string;
  readonly domains?: string;
  readonly listing?: string;
}

/** For a file of tests: one server, and sources that are closed after each test. */
export function useMysql(): MysqlBench {
  const bench = new MysqlBench();
  beforeAll(() => bench.start());
  afterEach(() => bench.close());
  afterAll(() => bench.server.remove());
  return bench;
}

/** Asks for an address that has an owner. */
export const alice = (database: Database) => ownersOf(database, "alice@example.com");

/** The server, and the sources that a test opens. */
class MysqlBench {
  readonly #open: Database[] = [];
  #server: Mariadb | undefined;

  async start(): Promise<void> {
    this.#server = await startMariadb({
      tls: true,
      arguments: ["--max-connections=20"],
      load: nativeSchema,
      sql: `CREATE TABLE latin (address VARCHAR(190) CHARACTER SET latin1 COLLATE latin1_general_ci PRIMARY KEY, owner VARCHAR(190));
          INSERT INTO latin VALUES ('alice@example.com', 'alice');`,
    });
    await this.#server.addReader("loginmapd", "secret");
  }

  get server(): Mariadb {
    if (this.#server === undefined) throw new Error("the server has not started");
    return this.#server;
  }

  inet(): Endpoint {
    return { kind: "inet", host: "127.0.0.1", port: this.server.port };
  }

  unix(): Endpoint {
    return { kind: "unix", path: this.server.socket };
  }

  /** Opens a source. */
  source(options: Options = {}): Database {
    const {
      hosts = [this.inet()],
      password = "secret",
      tls,
      poolSize = 4,
      queryTimeoutMs = 3000,
      address,
      domains,
      listing,
    } = options;
    const database = openSource({
      connection: mysqlConnection({
        hosts,
        user: "loginmapd",
        password,
        database: this.server.database,
        tls,
        poolSize,
        connectTimeoutMs: 2000,
        queryTimeoutMs,
      }),
      queries:
        address === undefined
          ? { kind: "preset", preset: "native", options: {} }
          : { kind: "queries", sql: { address, ...(domains && { domains }), ...(listing && { listing }) } },
    });
    this.#open.push(database);
    return database;
  }

  /** Closes every source that is open. */
  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((source) => source.close()));
  }

  /** How many statements the server has executed. */
  async statements(): Promise<number> {
    const [row] = await this.server.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
    return Number(row?.["Value"]);
  }

  /** How many connections of ours there are. */
  async connections(): Promise<number> {
    const [row] = await this.server.query(
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd'",
    );
    return Number(row?.["n"]);
  }
}
