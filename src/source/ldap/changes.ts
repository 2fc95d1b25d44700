/**
 * Notices that a directory changed: OpenLDAP keeps `contextCSN` on the entry at the top of its data, where the overlay `syncprov`
 * is set up or the server is a replica; Active Directory and Samba count `highestCommittedUSN` in the root DSE. Each is for all
 * that the server holds, so it also moves for other entries.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ChangeWatch, SignalName, SignalState } from "../../model/listing.ts";
import { type OpenWatched, watchSession } from "../pool/session-watch.ts";
import { isAgainstHost } from "../session.ts";
import { LdapError } from "./errors.ts";
import { type Entry, oneEntry } from "./search.ts";
import type { LdapSession } from "./session.ts";

// Five looks a second, each at one entry, are nothing to a server.
const lookMs = 200;
// A server without a signal is asked again this often.
const recheckMs = 60_000;

const advice = {
  none: "the server shows no contextCSN: with OpenLDAP's overlay syncprov, changes would be seen at once instead of by the next listing",
  unknown: "the server does not tell what it holds, so changes are seen by the next listing",
} as const;

/** Where a server has its signal. */
interface SignalAt {
  readonly dn: string;
  readonly attribute: SignalName;
}

/**
 * Looks at the signal until it is closed; connects again by itself, and counts every new connection as a change.
 *
 * @param base the search base, or the part of it that is the same for all
 */
export function watchChanges(open: OpenWatched<LdapSession>, base: string, onHint: () => void): ChangeWatch {
  return watchSession(open, onHint, async (session, { say, hint, signal }) => {
    const at = signalIn(await read(session, "", ["namingContexts", "highestCommittedUSN"]), base);
    let before: string | undefined;
    while (!signal.aborted) {
      const position = at === undefined ? "" : await readPosition(session, at);
      const state = toState(at, position);
      say(state);
      if (before !== undefined && position !== before) hint();
      before = position;
      await delay(state.signal === undefined ? recheckMs : lookMs, undefined, { signal, ref: false });
    }
  });
}

async function readPosition(session: LdapSession, { dn, attribute }: SignalAt): Promise<string> {
  // One value of each server that may be written to.
  return valuesOf(await read(session, dn, [attribute]), attribute)
    .toSorted()
    .join(" ");
}

function toState(at: SignalAt | undefined, position: string): SignalState {
  if (at === undefined) return { signal: undefined, advice: advice.unknown };
  return position === "" ? { signal: undefined, advice: advice.none } : { signal: at.attribute, advice: "" };
}

function signalIn(root: Entry | undefined, base: string): SignalAt | undefined {
  if (valuesOf(root, "highestCommittedUSN").length > 0) return { dn: "", attribute: "highestCommittedUSN" };
  const below = plainDn(base);
  const holding = valuesOf(root, "namingContexts").filter((context) => isAtOrAbove(plainDn(context), below));
  // Of one inside the other, the inner one holds the base.
  const [context] = holding.toSorted((a, b) => b.length - a.length);
  return context === undefined ? undefined : { dn: context, attribute: "contextCSN" };
}

function isAtOrAbove(context: string, dn: string): boolean {
  return context !== "" && (dn === context || dn.endsWith(`,${context}`));
}

function plainDn(dn: string): string {
  return dn.toLowerCase().replaceAll(/\s*([,=])\s*/g, "$1");
}

function valuesOf(entry: Entry | undefined, attribute: string): string[] {
  const found = entry?.attributes.find(({ type }) => type.toLowerCase() === attribute.toLowerCase());
  return (found?.values ?? []).filter((value) => typeof value === "string");
}

/** @returns `undefined` for an entry that is not there or may not be read */
async function read(session: LdapSession, dn: string, attributes: readonly string[]): Promise<Entry | undefined> {
  try {
    return (await session.search({ ...oneEntry(dn), attributes }))[0];
  } catch (error) {
    if (!(error instanceof LdapError) || isAgainstHost(error) || !session.isOpen) throw error;
    return undefined;
  }
}
