/**
 * One connection to one host of PostgreSQL: statements prepared once, run one at a time, each within a time.
 *
 * Knows pg and the wire; knows neither arms nor lookups nor what becomes of a host that fails.
 */
import type { Client } from "pg";
import { SocketSession } from "../pool/socket-session.ts";
import { kindOfOpening, type OpenSession, type ResultSet, SessionError, type StatementSession } from "../session.ts";
import type { Row } from "../sql/arm.ts";
import { type OpenConnection, openConnection, type PgsqlLogin } from "./connection.ts";
import { isServersAnswer, isTermination, toAuthorsError, toSessionError } from "./errors.ts";
import type { ParameterTypes } from "./parameter-types.ts";
import { Execution, type KeptStatement, Preparation } from "./statements.ts";

// A source needs few statement texts: the shapes that keys have, times five sizes. What comes beyond is parsed each time.
const maxPrepared = 100;
// Some 0.3 ms of work: a listing must not hold up the lookups beside it.
const rowsPerBatch = 200;
// The server ends a statement at its limit; one that ends well before was cancelled by somebody.
const cancelledShare = 0.9;

/** Makes what opens sessions with one login. Whatever goes wrong while opening, the host is of no use now. */
export function pgsqlSessions(login: PgsqlLogin, types: ParameterTypes): OpenSession<StatementSession> {
  return async (endpoint, times) => {
    try {
      return new PgsqlSession(await openConnection(endpoint, login, times), login.queryTimeoutMs, types);
    } catch (error) {
      const { kind, message } = toSessionError(error);
      // Who ended the session while it was being made did not turn us away: a second one may be left alone.
      const isTurnedAway = kind === "refused" || (isServersAnswer(error) && !isTermination(error));
      throw new SessionError(kindOfOpening(error, isTurnedAway), message, { cause: error });
    }
  };
}

/** A connection that is logged in, and can listen too. */
export class PgsqlSession extends SocketSession implements StatementSession {
  readonly #client: Client;
  readonly #queryTimeoutMs: number;
  readonly #types: ParameterTypes;
  /** Whether statements can be prepared under a name: not with a pooler, whose next backend does not know them. */
  readonly #keepsStatements: boolean;
  readonly #kept = new Map<string, KeptStatement>();
  readonly unpinned: readonly string[];

  constructor({ client, socket, isPooled, unpinned }: OpenConnection, queryTimeoutMs: number, types: ParameterTypes) {
    super(socket, queryTimeoutMs);
    this.#client = client;
    this.#queryTimeoutMs = queryTimeoutMs;
    this.#types = types;
    this.#keepsStatements = !isPooled;
    this.unpinned = unpinned;
  }

  async run(sql: string, values: readonly string[]): Promise<ResultSet> {
    return this.timed(() => this.#types.known(sql, (typed) => this.#run(typed, values)));
  }

  async prepare(sql: string): Promise<void> {
    await this.timed(() => this.#types.known(sql, (typed) => this.#prepare(typed)));
  }

  /** Whether a pooler stands between: then nothing is heard of what others notify. */
  get isPooled(): boolean {
    return !this.#keepsStatements;
  }

  /**
   * Hears what others notify from now on; a message that is sent before this is settled may be lost. Throws as `run`.
   *
   * @param channel a name of our own, put into the statement as it is
   */
  async listen(channel: string, onNotification: () => void): Promise<void> {
    this.#client.on("notification", onNotification);
    await this.#statement(`LISTEN ${channel}`);
  }

  // A cursor: pg itself holds all rows of an answer.
  async *stream(sql: string, values: readonly string[]): AsyncGenerator<readonly Row[], void, undefined> {
    await this.#statement("BEGIN READ ONLY");
    await this.run(`DECLARE listing NO SCROLL CURSOR FOR ${sql}`, values);
    for (;;) {
      const { rows } = await this.#statement(`FETCH ${rowsPerBatch} FROM listing`);
      if (rows.length === 0) break;
      yield rows;
    }
    await this.#statement("COMMIT");
  }

  async check(): Promise<void> {
    await this.run("SELECT 1", []);
  }

  protected async sayGoodbye(): Promise<void> {
    await this.#client.end();
  }

  #statement(text: string): Promise<ResultSet> {
    return this.timed(() => this.#run(text, []));
  }

  async #run(text: string, values: readonly string[]): Promise<ResultSet> {
    const startMs = performance.now();
    try {
      const statement = this.#statementOf(text);
      return await new Promise<ResultSet>((resolve, reject) => {
        this.#client.query(new Execution(statement, values, resolve, reject));
      });
    } catch (error) {
      const failure = toSessionError(error);
      const wasCancelled =
        failure.kind === "timeout" && performance.now() - startMs < cancelledShare * this.#queryTimeoutMs;
      throw wasCancelled ? new SessionError("retry", failure.message, { cause: error }) : failure;
    }
  }

  #prepare(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.query(new Preparation(text, resolve, (error) => reject(toAuthorsError(error))));
    });
  }

  #statementOf(text: string): KeptStatement {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    if (!this.#keepsStatements || this.#kept.size >= maxPrepared) return { name: "", text };
    const statement = { name: `loginmapd_${this.#kept.size + 1}`, text };
    this.#kept.set(text, statement);
    return statement;
  }
}
