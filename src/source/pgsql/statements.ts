/**
 * What a session has pg's client do, where pg's own `Query` does more than a lookup needs: it asks for the columns at every run,
 * and makes an emitter, a result and objects for rows of each.
 *
 * Each class is one exchange of the extended query protocol, written at once and answered up to ReadyForQuery. pg hands the messages
 * of the server to whichever it submitted last (the interface of pg-cursor and pg-query-stream).
 */
import type { Connection } from "pg";
import type { ResultSet } from "../session.ts";
import type { Row } from "../sql/arm.ts";

/** A statement that the server keeps under a name; or under none, and then for one run. */
export interface KeptStatement {
  /** Empty where the next run may reach another backend. */
  readonly name: string;
  readonly text: string;
  /** Of the result; `undefined` until the first run under the name. Another result makes the server refuse the statement. */
  columns?: readonly string[];
}

/** The part of pg's connection that its types leave out. */
interface Untyped {
  /** By name, what the server has confirmed to have parsed. */
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
  sendCopyFail(reason: string): void;
}

/** Runs a statement: Parse and Describe when the server does not know it, Bind, Execute, Sync. One round trip. */
export class Execution {
  /** Read by pg's client, which notes what the server has parsed. */
  readonly name: string;
  readonly text: string;
  readonly #statement: KeptStatement;
  readonly #values: readonly string[];
  readonly #resolve: (result: ResultSet) => void;
  readonly #reject: (error: unknown) => void;
  #columns: readonly string[] | undefined;
  readonly #rows: Row[] = [];

  constructor(
    statement: KeptStatement,
    values: readonly string[],
    resolve: (result: ResultSet) => void,
    reject: (error: unknown) => void,
  ) {
    this.name = statement.name;
    this.text = statement.text;
    this.#statement = statement;
    this.#columns = statement.columns;
    this.#values = values;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    const { name, text } = this;
    const isKnown = name !== "" && (connection as unknown as Untyped).parsedStatements[name] !== undefined;
    // One segment, and one system call.
    connection.stream.cork();
    if (!isKnown) connection.parse({ name, text, types: [] }, true);
    connection.bind({ statement: name, values: [...this.#values] }, true);
    if (this.#columns === undefined) connection.describe({ type: "P" }, true);
    connection.execute(null, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly { readonly name: string }[] }): void {
    this.#columns = fields.map(({ name }) => name);
  }

  /** In the text format every cell is the server's own text. */
  handleDataRow({ fields }: { readonly fields: Row }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  /** `COPY … FROM STDIN` is no lookup: the server waits for rows until it is told that there are none. */
  handleCopyInResponse(connection: Connection): void {
    (connection as unknown as Untyped).sendCopyFail("no rows to copy");
    // The first one was ignored while rows were awaited.
    connection.sync();
  }

  handleCopyData(): void {}

  handleError(error: unknown): void {
    this.#reject(error);
  }

  // After an error pg's client has forgotten this one.
  handleReadyForQuery(): void {
    // A statement without a result set has no columns.
    const columns = this.#columns ?? [];
    if (this.name !== "") this.#statement.columns = columns;
    this.#resolve({ columns, rows: this.#rows, resultSetCount: columns.length === 0 ? 0 : 1 });
  }
}

/** Has the server parse a statement and does not run it. */
export class Preparation {
  readonly #text: string;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(text: string, resolve: () => void, reject: (error: unknown) => void) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    connection.parse({ name: "", text: this.#text, types: [] }, true);
    connection.sync();
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  // After an error too: the promise is settled then.
  handleReadyForQuery(): void {
    this.#resolve();
  }
}
