/** What MariaDB and PostgreSQL have in common when a test starts one for itself. */

/** What a test may ask for of either. */
export interface PrivateDatabaseOptions {
  /** Databases made before the start returns; default `vmail`. The first is where `query` and `load` work. */
  readonly databases?: readonly string[];
  /** SQL files loaded into the first database, in order. */
  readonly load?: readonly string[];
  /** SQL run in the first database after the files. */
  readonly sql?: string;
  /** Makes a certificate authority and a server certificate for `127.0.0.1` and `localhost`, and offers TLS. */
  readonly tls?: boolean;
}

/** A private server, which can be ended, started again and made to hang. */
export interface PrivateDatabase {
  /** Port on 127.0.0.1; stays the same over restarts. */
  readonly port: number;
  /** Name of the first database. */
  readonly database: string;
  /** Private folder, removed by `remove`. */
  readonly folder: string;
  /** Certificate of the authority that signed the server's, when `tls` was asked for. */
  readonly caFile: string;
  /** Process id of the running server. */
  readonly pid: number;
  /**
   * Runs SQL (several statements too) as administrator on a connection of its own; gives the rows of the last one that has some.
   *
   * @param database where it works; else the first database
   */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Starts it again on the same data, socket and port, and waits until it takes connections. */
  start(): Promise<void>;
  /** Ends it in an orderly way and waits. */
  stop(): Promise<void>;
  /** Ends it at once, all its processes, and waits. */
  kill(): Promise<void>;
  /** Makes it hang: connections are accepted by the kernel, nothing answers (SIGSTOP). */
  pause(): void;
  /** Ends the hang (SIGCONT). */
  resume(): void;
  /** Ends it and removes everything. */
  remove(): Promise<void>;
}
