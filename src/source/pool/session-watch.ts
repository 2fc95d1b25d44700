/** Watches a server for changes over a connection of its own, which is opened again whenever it is lost. */
import { setTimeout as delay } from "node:timers/promises";
import { SourceError } from "../../model/errors.ts";
import type { ChangeWatch, SignalState } from "../../model/listing.ts";
import { type Session, SessionError } from "../session.ts";

/** Opens a connection; gives up at once when the signal fires. */
export type OpenWatched<S extends Session> = (signal: AbortSignal) => Promise<S>;

/** What goes on over one connection. */
export interface Following {
  /** Tells what is known of the server's signal now. */
  say(state: SignalState): void;
  /** Tells that something may have changed. */
  hint(): void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

// A server that is away is looked for this often.
const retryMs = 1000;
// A look under way may end; a server that hangs is not waited for.
const lastLookMs = 500;

/**
 * Watches until it is closed. Counts every new connection as a change: nobody knows what was missed.
 *
 * @param follow what to do over one connection; ends when the connection or the watch does
 */
export function watchSession<S extends Session>(
  open: OpenWatched<S>,
  onHint: () => void,
  follow: (session: S, following: Following) => Promise<void>,
): ChangeWatch {
  const aborter = new AbortController();
  const { signal } = aborter;
  let state: SignalState = { signal: undefined, advice: "not reached yet" };
  let announce = (): void => {};
  const ready = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const following: Following = {
    say(next) {
      state = next;
      announce();
    },
    hint: onHint,
    signal,
  };

  async function run(): Promise<void> {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      let session: S | undefined;
      const cutSoon = () => setTimeout(() => session?.destroy("closed"), lastLookMs).unref();
      signal.addEventListener("abort", cutSoon);
      try {
        session = await open(signal);
        if (!isFirst) onHint();
        await follow(session, following);
      } catch (error) {
        const isExpected = error instanceof SessionError || error instanceof SourceError || signal.aborted;
        if (!isExpected) throw error;
      } finally {
        signal.removeEventListener("abort", cutSoon);
        await session?.end();
        announce();
      }
      await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    ready,
    state: () => state,
    close() {
      aborter.abort();
      return running;
    },
  };
}
