/**
 * One connection to one host of MySQL or MariaDB: statements prepared once, run one at a time, each within a time.
 *
 * Knows mysql2 and the wire; knows neither arms nor lookups nor what becomes of a host that fails.
 */
import type { Socket } from "node:net";
import type { Connection, FieldPacket, PrepareStatementInfo, QueryError } from "mysql2";
import type { Endpoint } from "../../model/settings.ts";
import type { Row } from "../sql/arm.ts";
import { type LaneSettings, maxPrepared, type OpenTimes, openConnection } from "./connection.ts";
import { classifyMysqlError, isServersAnswer, type MysqlErrorKind } from "./errors.ts";

/** What a statement gave. */
export interface ResultSet {
  /** Names of the columns, in order. Empty when the statement gave no result set, which a SELECT never does. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** More than one for a CALL whose procedure selects more than once; `rows` is then the first. */
  readonly resultSetCount: number;
}

/** Why a connection could not be opened or a statement gave no rows. Its message holds no parameter, SQL or secret. */
export class LaneError extends Error {
  readonly kind: MysqlErrorKind;
  /** Whether a server sent the error. If not, it is not known whether one is there. */
  readonly isServersAnswer: boolean;

  constructor(kind: MysqlErrorKind, message: string, isServersAnswer: boolean) {
    super(message);
    this.name = "LaneError";
    this.kind = kind;
    this.isServersAnswer = isServersAnswer;
  }
}

// A server that does not know the limit, or is gone, is given this much longer than one that keeps it.
const graceMs = 250;
// A statement that takes longer makes its owner ask whether the host is alive.
const slowMs = 1000;
// COM_QUIT needs no answer; this only bounds a socket that takes no more bytes.
const endMs = 500;

/** A connection that is logged in. */
export class Lane {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #queryTimeoutMs: number;
  readonly #prepared = new Map<string, PrepareStatementInfo>();
  #fail: ((error: LaneError) => void) | undefined;
  #isOpen = true;
  /** Called when a statement takes long; the statement goes on. */
  onSlow: () => void = () => {};
  /** Called once when the connection is gone; `isDestroyed` when we cut it, for what was wrong with it or with its host. */
  onClose: (isDestroyed: boolean) => void = () => {};

  private constructor(connection: Connection, socket: Socket, queryTimeoutMs: number) {
    this.#connection = connection;
    this.#socket = socket;
    this.#queryTimeoutMs = queryTimeoutMs;
    const gone = new LaneError("connection", "connection closed by the server", false);
    socket.once("close", () => this.#closed(gone, false));
  }

  /**
   * Connects and logs in.
   *
   * @throws {LaneError} always of kind `connection`: whatever goes wrong here, this host is of no use now
   */
  static async open(endpoint: Endpoint, settings: LaneSettings, times: OpenTimes): Promise<Lane> {
    try {
      const { connection, socket } = await openConnection(endpoint, settings, times);
      return new Lane(connection, socket, settings.queryTimeoutMs);
    } catch (error) {
      throw new LaneError("connection", classifyMysqlError(error).text, isServersAnswer(error));
    }
  }

  /** Whether statements can be run. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Runs a prepared statement; the caller waits for the end before it runs the next.
   *
   * @throws {LaneError} of the kind that `mysql-errors.ts` gives it. Of kind `timeout` with a closed lane when not even the
   *   server's own limit ended the statement.
   */
  async run(sql: string, values: readonly string[]): Promise<ResultSet> {
    return this.#timed(async () => {
      const statement = this.#prepared.get(sql) ?? (await this.#prepare(sql));
      return new Promise<ResultSet>((resolve, reject) => {
        statement.execute(values as string[], (error, result, fields) => {
          if (error === null) resolve(toResultSet(result, fields));
          else reject(toLaneError(error));
        });
      });
    });
  }

  /** Has a statement prepared, which shows whether the server accepts it. Throws as `run`. */
  async prepare(sql: string): Promise<void> {
    await this.#timed(() => this.#prepare(sql));
  }

  /**
   * Asks the server for a sign of life: that it runs statements. A node of a Galera cluster that is not ready answers a ping.
   * Throws as `run`.
   */
  async check(): Promise<void> {
    await this.run("SELECT 1", []);
  }

  /** Says goodbye and closes. */
  async end(): Promise<void> {
    if (!this.#isOpen) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, endMs);
      this.#connection.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.destroy("closed");
  }

  /** Closes at once; a statement under way fails with kind `connection`. */
  destroy(reason: string): void {
    this.#closed(new LaneError("connection", reason, false));
  }

  #timed<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new LaneError("connection", "connection closed", false);
    return new Promise((resolve, reject) => {
      const late = () => this.#closed(new LaneError("timeout", "no answer in time; the statement was given up", false));
      const slow = () => {
        timer = setTimeout(late, limitMs - slowMs);
        this.onSlow();
      };
      const limitMs = this.#queryTimeoutMs + graceMs;
      let timer = limitMs > slowMs ? setTimeout(slow, slowMs) : setTimeout(late, limitMs);
      this.#fail = reject;
      work()
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          this.#fail = undefined;
        });
    });
  }

  async #prepare(sql: string): Promise<PrepareStatementInfo> {
    const statement = await new Promise<PrepareStatementInfo>((resolve, reject) => {
      this.#connection.prepare(sql, (error, made) => (error === null ? resolve(made) : reject(toLaneError(error))));
    });
    const [oldest] = this.#prepared.size >= maxPrepared ? this.#prepared.keys() : [];
    if (oldest !== undefined) {
      this.#prepared.delete(oldest);
      this.#connection.unprepare(oldest);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }

  #closed(error: LaneError, isDestroyed = true): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    this.#fail?.(error);
    this.onClose(isDestroyed);
  }
}

function toLaneError(error: QueryError): LaneError {
  const { kind, text } = classifyMysqlError(error);
  return new LaneError(kind, text, isServersAnswer(error));
}

// mysql2 gives rows with their fields; for a statement without a result set a header without fields; for a CALL an array
// of results and a header, with an array of fields for each.
function toResultSet(result: unknown, fields: FieldPacket[] | FieldPacket[][] | undefined): ResultSet {
  const sets: [unknown, unknown][] =
    fields?.some((field) => Array.isArray(field)) === true
      ? (result as unknown[]).map((set, i) => [set, fields[i]])
      : [[result, fields]];
  const selected = sets.filter(([, columns]) => Array.isArray(columns));
  const [rows, columns] = (selected[0] ?? [[], []]) as [unknown[][], FieldPacket[]];
  // In place: the rows are nobody else's.
  for (const row of rows) for (let i = 0; i < row.length; i++) row[i] = toCell(row[i]);
  return { columns: columns.map(({ name }) => name), rows: rows as Row[], resultSetCount: selected.length };
}

function toCell(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}
