/**
 * What the pool and the batch runner know of a connection, whatever it leads to: a driver implements it, nothing else is
 * driver-specific above it.
 */
import type { Endpoint } from "../model/settings.ts";
import type { Row } from "./sql/arm.ts";

/**
 * Why a connection could not be opened, or a question had no answer:
 * - `connection`: this connection is of no use; the host may be gone. The lookup can be tried again elsewhere.
 * - `refused`: a server is there and turned us away (wrong password, too many connections or statements). Another host may take
 *   us; this one does not for now.
 * - `timeout`: no answer in time, whoever gave up.
 * - `statement`: the question itself, the schema or the rights are at fault, whatever the key; the host is alive.
 * - `key`: this key is at fault (characters that a column cannot hold, text where a number is wanted); others are not.
 * - `retry`: bad luck (a deadlock, a cancelled statement); the same question may work now.
 * - `unknown`: none of these is certain; temporary, and stated by name.
 */
export type SessionErrorKind = "connection" | "refused" | "timeout" | "statement" | "key" | "retry" | "unknown";

/** A failure of a session, told apart by its kind. Its message holds no parameter, no key and no secret. */
export class SessionError extends Error {
  readonly kind: SessionErrorKind;

  constructor(kind: SessionErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SessionError";
    this.kind = kind;
  }
}

/** Whether a failure speaks against the host, or its connection: the question itself may be answered elsewhere. */
export function isAgainstHost({ kind }: SessionError): boolean {
  return kind === "connection" || kind === "refused";
}

/** Says of which kind a failed opening is, among those that {@link OpenSession} names. */
export function kindOfOpening(error: unknown, isTurnedAway: boolean): SessionErrorKind {
  if (isTurnedAway) return "refused";
  return error instanceof SessionError && error.kind === "timeout" ? "timeout" : "connection";
}

/** A connection that is logged in. Whoever holds it asks one thing at a time. */
export interface Session {
  /** Whether it can be asked. */
  readonly isOpen: boolean;
  /** Called when an answer takes long; the question goes on. */
  onSlow: () => void;
  /** Called once when the connection is gone; `isDestroyed` when we cut it, for what was wrong with it or with its host. */
  onClose: (isDestroyed: boolean) => void;
  /**
   * Asks the server for a sign of life: that it answers questions, not only that it is there.
   *
   * @throws {SessionError}
   */
  check(): Promise<void>;
  /** Says goodbye and closes. */
  end(): Promise<void>;
  /** Closes at once; a question under way fails with kind `connection`. */
  destroy(reason: string): void;
}

/** What a statement gave. */
export interface ResultSet {
  /** Names of the columns, in order. Empty when the statement gave no result set, which a SELECT never does. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Whether the text of some column depends on its declaration, which it loses where several questions become one statement. */
  readonly isDeclared?: boolean;
  /** More than one for a CALL whose procedure selects more than once; `rows` is then the first. */
  readonly resultSetCount: number;
}

/** A session of a database that runs SQL. */
export interface StatementSession extends Session {
  /** What of the session's state the server refused to set, though answers depend on it; one sentence each. */
  readonly unpinned?: readonly string[];
  /**
   * Runs one statement with its parameters.
   *
   * @throws {SessionError} of kind `timeout` with a closed session when not even the server's own limit ended the statement
   */
  run(sql: string, values: readonly string[]): Promise<ResultSet>;
  /**
   * Has a statement prepared, which shows whether the server accepts it. Throws as `run`, but with the server's own words: they
   * hold the statement of the administrator and no parameter.
   */
  prepare(sql: string): Promise<void>;
  /**
   * Runs a statement and gives its rows as they come, in batches of some hundred; the server waits while nobody takes them. A
   * session that is left before the last row is of no more use: destroy it.
   *
   * @throws {SessionError} from the iteration, also when the rows were cut short
   */
  stream(sql: string, values: readonly string[]): AsyncGenerator<readonly Row[], void, undefined>;
}

/** How long to wait for each step of opening, and who is told of one. */
export interface OpenTimes {
  /** For the connection itself. */
  readonly connectMs: number;
  /** For the server's greeting, the login and what has to be said first. */
  readonly loginMs: number;
  /** Gives up at once when it fires. */
  readonly signal?: AbortSignal;
  /** Called when somebody took the connection: what fails from then on has reached the host. */
  readonly onConnect?: () => void;
}

/**
 * Connects to a host and logs in; nothing is left open when it rejects.
 *
 * @throws {SessionError} `refused` when a server turned us away, `timeout` when the time was up, else `connection`: nobody took the
 *   connection, or it was cut
 */
export type OpenSession<S extends Session> = (endpoint: Endpoint, times: OpenTimes) => Promise<S>;
