/**
 * One connection to one host of MySQL or MariaDB: statements prepared once, run one at a time, each within a time.
 *
 * Knows mysql2 and the wire; knows neither arms nor lookups nor what becomes of a host that fails.
 */
import type { Duplex } from "node:stream";
import type { Connection, FieldPacket, PrepareStatementInfo, Query, QueryError } from "mysql2";
import { SocketSession } from "../pool/socket-session.ts";
import { kindOfOpening, type OpenSession, type ResultSet, SessionError, type StatementSession } from "../session.ts";
import type { Row } from "../sql/arm.ts";
import { isDeclared, toCell } from "./cell.ts";
import { type MysqlLogin, maxPrepared, type OpenConnection, openConnection } from "./connection.ts";
import { authorsText, classifyMysqlError, isTurnedAway } from "./errors.ts";
import { PacedReads } from "./paced-reads.ts";

// Some 0.15 ms of work: a listing must not hold up the lookups beside it.
const rowsPerBatch = 64;

/** Makes what opens sessions with one login. Whatever goes wrong while opening, the host is of no use now. */
export function mysqlSessions(login: MysqlLogin): OpenSession<StatementSession> {
  return async (endpoint, times) => {
    try {
      return new MysqlSession(await openConnection(endpoint, login, times), login.queryTimeoutMs);
    } catch (error) {
      throw new SessionError(kindOfOpening(error, isTurnedAway(error)), classifyMysqlError(error).text);
    }
  };
}

/** A connection that is logged in. */
class MysqlSession extends SocketSession implements StatementSession {
  readonly unpinned: readonly string[];
  readonly #connection: Connection;
  readonly #prepared = new Map<string, PrepareStatementInfo>();

  constructor({ connection, socket, unpinned }: OpenConnection, queryTimeoutMs: number) {
    super(socket, queryTimeoutMs);
    this.#connection = connection;
    this.unpinned = unpinned;
  }

  // No async: each would be promises more, on the way of every miss.
  run(sql: string, values: readonly string[]): Promise<ResultSet> {
    return this.timed(() => {
      const statement = this.#prepared.get(sql);
      if (statement !== undefined) return execute(statement, values);
      return this.#prepare(sql).then((made) => execute(made, values));
    });
  }

  async prepare(sql: string): Promise<void> {
    await this.timed(() => this.#prepare(sql, toAuthorsError));
  }

  async *stream(sql: string, values: readonly string[]): AsyncGenerator<readonly Row[], void, undefined> {
    const reads = new PacedReads(readStreamOf(this.#connection));
    try {
      const rows = new ArrivingRows(this.#connection.execute(sql, values as string[]));
      while (!rows.isOver) {
        const batch = rows.take(rowsPerBatch);
        if (batch.length > 0) yield batch;
        else if (!reads.feed()) await this.timed(() => reads.arrives());
      }
    } finally {
      reads.giveBack();
    }
  }

  // A statement, not a ping: a node of a Galera cluster that is not ready answers a ping.
  async check(): Promise<void> {
    await this.run("SELECT 1", []);
  }

  protected sayGoodbye(): Promise<void> {
    return new Promise((resolve) => this.#connection.end(() => resolve()));
  }

  async #prepare(sql: string, toError = toSessionError): Promise<PrepareStatementInfo> {
    const statement = await new Promise<PrepareStatementInfo>((resolve, reject) => {
      this.#connection.prepare(sql, (error, made) => (error === null ? resolve(made) : reject(toError(error))));
    });
    const [oldest] = this.#prepared.size >= maxPrepared ? this.#prepared.keys() : [];
    if (oldest !== undefined) {
      this.#prepared.delete(oldest);
      this.#connection.unprepare(oldest);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }
}

function execute(statement: PrepareStatementInfo, values: readonly string[]): Promise<ResultSet> {
  return new Promise((resolve, reject) => {
    statement.execute(values as string[], (error, result, fields) => {
      if (error === null) resolve(toResultSet(result, fields));
      else reject(toSessionError(error));
    });
  });
}

/** What mysql2 reads: the socket, or TLS on top of it. Its types do not tell. */
function readStreamOf(connection: Connection): Duplex {
  return (connection as unknown as { readonly stream: Duplex }).stream;
}

/** The rows of a statement that have come and were not taken yet. */
class ArrivingRows {
  #rows: Row[] = [];
  #hasEnded = false;
  #failure: QueryError | undefined;

  constructor(statement: Query) {
    statement.on("result", (row: unknown) => {
      const cells = row as unknown[];
      for (let i = 0; i < cells.length; i++) cells[i] = toCell(cells[i], undefined);
      this.#rows.push(cells as Row);
    });
    statement.on("error", (error: QueryError) => {
      this.#failure = error;
    });
    statement.on("end", () => {
      this.#hasEnded = true;
    });
  }

  /** Whether every row was taken. @throws {SessionError} when the statement failed */
  get isOver(): boolean {
    if (this.#failure !== undefined) throw toSessionError(this.#failure);
    return this.#hasEnded && this.#rows.length === 0;
  }

  take(count: number): readonly Row[] {
    return this.#rows.splice(0, count);
  }
}

function toSessionError(error: QueryError): SessionError {
  const { kind, text } = classifyMysqlError(error);
  return new SessionError(kind, text);
}

/** For whoever wrote the statement, and looks at it now. */
function toAuthorsError(error: QueryError): SessionError {
  return new SessionError(classifyMysqlError(error).kind, authorsText(error));
}

// mysql2 gives rows with their fields; for a statement without a result set a header without fields; for a CALL an array
// of results and a header, with an array of fields for each.
function toResultSet(result: unknown, fields: FieldPacket[] | FieldPacket[][] | undefined): ResultSet {
  if (fields?.some(Array.isArray) !== true) {
    return Array.isArray(result) ? toSelected(result, (fields ?? []) as FieldPacket[], 1) : toSelected([], [], 0);
  }
  const selected = (result as unknown[]).flatMap((rows, i) =>
    Array.isArray(rows) ? [{ rows: rows as unknown[][], columns: fields[i] as FieldPacket[] }] : [],
  );
  const { rows, columns } = selected[0] ?? { rows: [], columns: [] };
  return toSelected(rows, columns, selected.length);
}

function toSelected(rows: unknown[][], columns: readonly FieldPacket[], resultSetCount: number): ResultSet {
  // In place: the rows are nobody else's.
  for (const row of rows) for (let i = 0; i < row.length; i++) row[i] = toCell(row[i], columns[i]);
  const names = columns.map(({ name }) => name);
  return { columns: names, rows: rows as Row[], isDeclared: columns.some(isDeclared), resultSetCount };
}
