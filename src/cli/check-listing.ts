/** What a listing of a source takes, and what it shows that nobody could find. */
import { splitAddress } from "../model/address.ts";
import type { Listing, SignalState } from "../model/listing.ts";
import type { SourceSettings } from "../model/settings.ts";
import { unfindableRows } from "../source/hosted-domains.ts";

interface Listed {
  readonly lines: number;
  readonly ms: number;
  readonly notes: readonly string[];
  /** How changes are noticed between two listings. */
  readonly signal: SignalState;
}

/** What a source listed, or why not. */
export type ListingReport = {
  /** `listing_interval: off`: it can be listed, and the daemon does not. */
  readonly isOff: boolean;
} & (Listed | { readonly failure: string });

/** Why a source is not followed, and what is needed for that. */
export interface NotFollowed {
  readonly notFollowed: string;
}

// As long as the daemon itself would wait between two listings at most.
const timeoutMs = 300_000;

/**
 * Lists the source once, to its end.
 *
 * @param listing `undefined` for a source that cannot be listed
 * @returns `undefined` where there is nothing to follow: the answers are in the configuration itself
 */
export async function reportListing(
  listing: Listing | undefined,
  source: SourceSettings | undefined,
): Promise<ListingReport | NotFollowed | undefined> {
  if (listing !== undefined) return { ...(await listOnce(listing)), isOff: source?.listingInterval === "off" };
  const notFollowed = source === undefined ? undefined : whatIsNeeded[source.queries.kind];
  return notFollowed === undefined ? undefined : { notFollowed };
}

/** What to give, by where the queries come from, so that a source can be listed. Every preset can be. */
const whatIsNeeded: Readonly<Partial<Record<SourceSettings["queries"]["kind"], string>>> = {
  queries: "it cannot be listed without queries.listing",
  filters: "it cannot be listed without filters.listing",
  postfix_cf: "a table file cannot be listed: give a preset, or queries or filters with a listing",
};

async function listOnce(listing: Listing): Promise<Listed | { readonly failure: string }> {
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
