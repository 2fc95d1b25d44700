/** What a listing of a source takes, and what it shows that nobody could find. */
import { splitAddress } from "../model/address.ts";
import type { Listing, SignalState } from "../model/listing.ts";
import { unfindableRows } from "../source/hosted-domains.ts";

/** What a source listed, or why not. */
export type ListingReport =
  | {
      readonly lines: number;
      readonly ms: number;
      readonly notes: readonly string[];
      /** How changes are noticed between two listings. */
      readonly signal: SignalState;
    }
  | { readonly failure: string };

// As long as the daemon itself would wait between two listings at most.
const timeoutMs = 300_000;

/** Lists the source once, to its end. */
export async function reportListing(listing: Listing): Promise<ListingReport> {
  const startMs = performance.now();
  const unfindable = new Map<string, string>();
  let lines = 0;
  try {
    for await (const batch of listing.list(AbortSignal.timeout(timeoutMs))) {
      lines += batch.length;
      for (const { key } of batch) {
        const { domain } = splitAddress(key);
        if (/[^\0-\x7f]/.test(domain)) unfindable.set(domain, key);
      }
    }
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
  const ms = performance.now() - startMs;
  const note = unfindableRows(unfindable);
  return { lines, ms, notes: note === undefined ? [] : [note], signal: await signalOf(listing) };
}

async function signalOf(listing: Listing): Promise<SignalState> {
  const watch = listing.watchChanges(() => {});
  try {
    await watch.ready;
    return watch.state();
  } finally {
    await watch.close();
  }
}
