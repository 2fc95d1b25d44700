/** Lists a database server: one statement on a connection of its own, its rows read as they come. */
import { SourceError } from "../../model/errors.ts";
import { type ChangeWatch, type ListedLine, type Listing, noSignal, toListedLine } from "../../model/listing.ts";
import { SessionError, type StatementSession } from "../session.ts";
import type { KeylessSql } from "../sql/arm.ts";
import type { OpenApart } from "./pooled-database.ts";
import type { OpenWatched } from "./session-watch.ts";

/** What a listing needs of its database. */
export interface ListingParts {
  readonly open: OpenApart<StatementSession>;
  /** The statement for the schema as it is, ready to be sent. @throws {SessionError} */
  statement(session: StatementSession): Promise<KeylessSql>;
  /** How this kind of server signals changes, if it does. */
  readonly watchChanges?: WatchChanges | undefined;
}

/** Begins to watch a server; see `Listing.watchChanges`. `open` gives a connection of its own. */
export type WatchChanges = (open: OpenWatched<StatementSession>, onHint: () => void) => ChangeWatch;

// A million rows take some ten seconds where the processor is shared with lookups; the server gives up after this.
const listingTimeoutMs = 300_000;
// A look at a variable takes 0.2 ms.
const lookTimeoutMs = 5000;

/** The listing of one source. */
export class PooledListing implements Listing {
  readonly #parts: ListingParts;

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  async *list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined> {
    let session: StatementSession | undefined;
    // A server that hangs would keep who gives up for as long as a listing may take.
    const giveUp = () => session?.destroy("given up");
    signal.addEventListener("abort", giveUp);
    try {
      session = await this.#parts.open(listingTimeoutMs, signal);
      const { sql, values } = await this.#parts.statement(session);
      for await (const rows of session.stream(sql, values)) {
        signal.throwIfAborted();
        yield rows.map(toListedLine).filter((line) => line !== undefined);
      }
    } catch (error) {
      throw toSourceError(error, "cannot list");
    } finally {
      signal.removeEventListener("abort", giveUp);
      // Not `end`: the rest of an answer that nobody wants would still have to be read.
      session?.destroy("listed");
    }
  }

  watchChanges(onHint: () => void): ChangeWatch {
    const { watchChanges, open } = this.#parts;
    if (watchChanges === undefined)
      return noSignal("this server does not signal changes; they are seen by the next listing");
    return watchChanges((signal) => open(lookTimeoutMs, signal), onHint);
  }
}

/** What the failure of a session means for who asked; anything else is given back as it is. */
export function toSourceError(error: SessionError, doing: string): SourceError;
export function toSourceError(error: unknown, doing: string): unknown;
export function toSourceError(error: unknown, doing: string): unknown {
  if (!(error instanceof SessionError)) return error;
  const { kind, message } = error;
  const text = `${doing}: ${message}`;
  switch (kind) {
    case "connection":
    case "refused":
      return new SourceError("ERR_SOURCE_UNAVAILABLE", text);
    case "timeout":
      return new SourceError("ERR_SOURCE_TIMEOUT", text);
    default:
      return new SourceError("ERR_SOURCE_SQL", text);
  }
}
