/** The way of lookups to sessions, over a server that is no database we know. */
import type { SourceError } from "../../../src/model/errors.ts";
import type { Cells } from "../../../src/model/keys.ts";
import type { Endpoint } from "../../../src/model/settings.ts";
import { Dispatcher, type DispatcherOptions } from "../../../src/source/pool/dispatcher.ts";
import type { Batchable } from "../../../src/source/pool/queue.ts";
import { FakeServer, type FakeSession } from "./fake-session.ts";
import { fakeLog } from "./fakes.ts";

/** A lookup that finds its own text. */
export interface Question extends Batchable {
  readonly text: string;
}

/** Two hosts; the fake server knows them by their port. */
export const hosts: readonly Endpoint[] = [1, 2].map((port) => ({ kind: "inet", host: "127.0.0.1", port }));
/** Longer than any test. */
export const longMs = 60_000;

/** What was answered, or the code of the failure. */
export const codeOf = (asked: Promise<unknown>) => asked.then(String, (error: SourceError) => error.code);

/** The server, the dispatcher before it, and what it was asked. */
export class DispatchBench {
  readonly server = new FakeServer();
  /** The texts of each statement. */
  batches: string[][] = [];
  /** How many questions the server refused. */
  refusals = 0;
  dispatcher = this.make();

  /** Each question finds its own text, on whichever session it is asked. */
  make(
    options: Partial<DispatcherOptions<FakeSession, Question>> = {},
    open = this.server.open,
  ): Dispatcher<FakeSession, Question> {
    return new Dispatcher<FakeSession, Question>({
      sessions: {
        source: "mail",
        hosts,
        open,
        poolSize: 2,
        connectTimeoutMs: 1000,
        log: fakeLog(),
        random: () => 0,
        prepare: async () => {},
      },
      clock: { nowMs: () => performance.now() },
      maxWaitingLookups: 100,
      maxArms: 24,
      serve: async (session, lookups, settle) => {
        this.batches.push(lookups.map(({ text }) => text));
        await session.run(lookups.map(({ text }) => text).join(" + "));
        for (const [i, { text }] of lookups.entries()) settle(i, [[text]]);
      },
      onRefused: () => this.refusals++,
      ...options,
    });
  }

  ask(text: string, deadlineMs = performance.now() + longMs, arms = 1): Promise<Cells> {
    return this.dispatcher.ask(() => ({ text, shape: "plain", arms: Array.from({ length: arms }) }), deadlineMs);
  }

  /** Puts a dispatcher with other options in place of the one that is there, which is closed. */
  async remake(...parts: Parameters<DispatchBench["make"]>): Promise<void> {
    await this.dispatcher.close();
    this.dispatcher = this.make(...parts);
  }
}
