/** Closed-loop clients that know every right answer: what a fault may cost is counted, what it must not cost is kept. */
import { Lag } from "../lag.ts";
import { WireClient } from "./wire.ts";

/** What is known of a key before it is asked; a `failing` one has no answer but a failure, whatever the state of its source. */
export type KeyKind = "cached" | "uncached" | "failing";

/** One thing to ask, and the only right answer to it; of a failing key any failure is right. */
export interface Question {
  readonly key: string;
  readonly kind: KeyKind;
  readonly answer: string;
}

/** What the clients saw since the last `reset`. */
export interface LoadTally {
  answers: number;
  /** An answer that is neither the right one nor a failure: an owner lost, a stranger let in. */
  readonly wrong: string[];
  /** Answers after the deadline. */
  readonly late: string[];
  /** TEMP and TIMEOUT: what Postfix turns into a 451. */
  readonly failures: Record<KeyKind, number>;
  /** The cached keys among them, with the reply: none may fail, and which one did says why. */
  readonly failedCached: string[];
  /** Connections that ended without an answer. */
  lost: number;
  /** When an uncached key was last answered and last failed, on the clock of `performance.now()`. */
  lastUncachedAnswerAt: number;
  lastUncachedFailureAt: number;
  slowestMs: number;
}

/** Clients that ask one question after the other until they are stopped. */
export class Load {
  tally: LoadTally = emptyTally();
  readonly #where: number | string;
  readonly #next: () => Question;
  readonly #deadlineMs: number;
  readonly #map: string;
  readonly #lag = new Lag();
  #isStopping = false;
  #loops: Promise<void>[] = [];

  /** @param deadlineMs an answer after it counts as late, but for what a busy machine adds */
  constructor(where: number | string, next: () => Question, deadlineMs: number, map = "senders") {
    this.#where = where;
    this.#next = next;
    this.#deadlineMs = deadlineMs;
    this.#map = map;
  }

  /** Starts so many clients, each on a connection of its own. */
  start(clients: number): void {
    this.#loops = Array.from({ length: clients }, () => this.#loop());
  }

  /** Waits for the answers under way and closes. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#loops);
    this.#lag.stop();
  }

  /** What a busy machine may have added to any time that was measured so far. */
  get allowanceMs(): number {
    return this.#lag.allowanceMs;
  }

  /** Starts counting anew. */
  reset(): void {
    this.tally = emptyTally();
  }

  async #loop(): Promise<void> {
    let client: WireClient | undefined;
    while (!this.#isStopping) {
      try {
        client ??= await WireClient.open(this.#where);
        await this.#ask(client);
      } catch {
        // As Postfix does: a connection that is gone is opened again.
        this.tally.lost++;
        client?.close();
        client = undefined;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    client?.close();
  }

  async #ask(client: WireClient): Promise<void> {
    const question = this.#next();
    const begun = performance.now();
    const reply = await client.ask(this.#map, question.key, 60_000);
    const now = performance.now();
    const { tally } = this;
    tally.answers++;
    tally.slowestMs = Math.max(tally.slowestMs, now - begun);
    if (now - begun > this.#deadlineMs + this.#lag.allowanceMs)
      tally.late.push(`${question.key}: ${Math.round(now - begun)} ms`);
    if (/^(TEMP|TIMEOUT) /.test(reply)) {
      tally.failures[question.kind]++;
      if (question.kind === "cached") tally.failedCached.push(`${question.key}: ${reply}`);
      if (question.kind === "uncached") tally.lastUncachedFailureAt = now;
    } else if (reply !== question.answer) {
      tally.wrong.push(`${question.key}: ${reply}, not ${question.answer}`);
    } else if (question.kind === "uncached") {
      tally.lastUncachedAnswerAt = now;
    }
  }
}

function emptyTally(): LoadTally {
  return {
    answers: 0,
    wrong: [],
    late: [],
    failures: { cached: 0, uncached: 0, failing: 0 },
    failedCached: [],
    lost: 0,
    lastUncachedAnswerAt: 0,
    lastUncachedFailureAt: 0,
    slowestMs: 0,
  };
}
