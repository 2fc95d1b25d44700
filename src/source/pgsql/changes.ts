/**
 * Notices that PostgreSQL committed something: by `NOTIFY loginmapd`, which the triggers of sql/notify.pgsql.sql send with the
 * commit. Any account may listen; whoever sends the same by other means is heard too.
 */
import type { ChangeWatch, SignalState } from "../../model/listing.ts";
import { type OpenWatched, watchSession } from "../pool/session-watch.ts";
import { SessionError, type StatementSession } from "../session.ts";
import { PgsqlSession } from "./session.ts";

const channel = "loginmapd";
// Shows that the connection lives, and whether triggers have come or gone.
const recheckMs = 10_000;

const heard: SignalState = { signal: "notify", advice: "" };
const unheard = (advice: string): SignalState => ({ signal: undefined, advice });
const withoutTriggers = unheard(
  "no table has the triggers of sql/notify.pgsql.sql: with them, changes would be seen at once instead of by the next listing",
);
const pooled = unheard(
  "a pooler stands between, through which no NOTIFY is heard; changes are seen by the next listing",
);
const standby = unheard("a standby sends no NOTIFY; changes are seen by the next listing");

/** Listens until it is closed; connects again by itself, and counts every new connection as a change. */
export function watchChanges(open: OpenWatched<StatementSession>, onHint: () => void): ChangeWatch {
  return watchSession(open, onHint, async (session, { say, hint, signal }) => {
    if (!(session instanceof PgsqlSession)) throw new Error("a session of another driver");
    let hasHeard = false;
    const closed = new Promise<void>((resolve) => {
      // The signal outlives the session, and every session that comes after it.
      const settle = () => {
        signal.removeEventListener("abort", settle);
        resolve();
      };
      session.onClose = settle;
      signal.addEventListener("abort", settle);
    });
    const canHear = await beginListening(session, say, () => {
      hasHeard = true;
      say(heard);
      hint();
    });
    while (session.isOpen && !signal.aborted) {
      await session.check();
      if (canHear) say(hasHeard || (await hasTriggers(session)) ? heard : withoutTriggers);
      await settledOrAfter(closed, recheckMs);
    }
  });
}

/** @returns whether anything can be heard; if not, it was said why */
async function beginListening(session: PgsqlSession, say: (state: SignalState) => void, onNotification: () => void) {
  if (session.isPooled) {
    say(pooled);
    return false;
  }
  try {
    await session.listen(channel, onNotification);
    return true;
  } catch (error) {
    // "cannot execute LISTEN during recovery" (25006)
    if (!(error instanceof SessionError) || error.kind !== "statement" || !session.isOpen) throw error;
    say(standby);
    return false;
  }
}

async function hasTriggers(session: StatementSession): Promise<boolean> {
  const { rows } = await session.run(
    "SELECT 1 FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid WHERE p.proname = $1 LIMIT 1",
    ["loginmapd_changed"],
  );
  return rows.length > 0;
}

async function settledOrAfter(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    timer.unref();
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
