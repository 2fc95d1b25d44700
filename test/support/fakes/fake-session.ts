/**
 * A server that speaks no SQL, in memory: what the pool and the batch runner see of a database when it is none that we know.
 *
 * A question is any text; `answer` says what it gives. Sessions can be refused, broken and held up.
 */
import type { Endpoint } from "../../../src/model/settings.ts";
import {
  type OpenSession,
  type OpenTimes,
  type ResultSet,
  SessionError,
  type StatementSession,
} from "../../../src/source/session.ts";

/** What a question gives: rows, or a {SessionError} thrown. */
export type FakeAnswer = (question: string, values: readonly string[]) => ResultSet | Promise<ResultSet>;

/** A result of one column. */
export function column(...cells: readonly (string | null)[]): ResultSet {
  return { columns: ["owner"], rows: cells.map((cell) => [cell]), resultSetCount: 1 };
}

/** One session of the fake. */
export class FakeSession implements StatementSession {
  readonly host: number;
  readonly asked: string[] = [];
  readonly #answer: FakeAnswer;
  #fail: ((error: SessionError) => void) | undefined;
  isOpen = true;
  onSlow: () => void = () => {};
  onClose: (isDestroyed: boolean) => void = () => {};

  constructor(answer: FakeAnswer, host = 0) {
    this.#answer = answer;
    this.host = host;
  }

  run(question: string, values: readonly string[] = []): Promise<ResultSet> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) throw new SessionError("connection", "connection closed");
      this.asked.push(question);
      this.#fail = reject;
      Promise.resolve()
        .then(() => this.#answer(question, values))
        .then(resolve, reject);
    });
  }

  async prepare(): Promise<void> {}

  async *stream(question: string, values: readonly string[] = []) {
    yield (await this.run(question, values)).rows;
  }

  async check(): Promise<void> {
    await this.run("are you there?");
  }

  async end(): Promise<void> {
    this.#close("closed", true);
  }

  destroy(reason: string): void {
    this.#close(reason, true);
  }

  /** The server closes the connection. */
  breakOff(): void {
    this.#close("connection closed by the server", false);
  }

  #close(reason: string, isDestroyed: boolean): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#fail?.(new SessionError("connection", reason));
    this.onClose(isDestroyed);
  }
}

/** Hosts that open fake sessions; told apart by their port. */
export class FakeServer {
  readonly opened: FakeSession[] = [];
  /** Port → why it cannot be reached, or turns us away. */
  readonly down = new Map<number, SessionError>();
  /** How many of the next connections are cut after they were taken. */
  cuts = 0;
  /** How often each port was tried. */
  readonly tries = new Map<number, number>();
  answer: FakeAnswer;

  constructor(answer: FakeAnswer = () => column()) {
    this.answer = answer;
  }

  readonly open: OpenSession<FakeSession> = async (endpoint: Endpoint, times: OpenTimes) => {
    const port = endpoint.kind === "inet" ? endpoint.port : 0;
    this.tries.set(port, (this.tries.get(port) ?? 0) + 1);
    const reason = this.down.get(port);
    if (reason !== undefined) throw reason;
    times.onConnect?.();
    if (this.cuts > 0) {
      this.cuts--;
      throw new SessionError("connection", "connection reset");
    }
    const session = new FakeSession((question, values) => this.answer(question, values), port);
    this.opened.push(session);
    return session;
  };
}
