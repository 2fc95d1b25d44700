/**
 * Notices that MySQL or MariaDB committed something: by the position of its binary log, which every account may read as a
 * variable (0.2 ms a look). The position is that of the whole server, so it also moves for other databases.
 *
 * MariaDB: `gtid_binlog_pos`, and on a replica `gtid_slave_pos`; both are empty with the log switched off, Debian's default.
 * MySQL: `gtid_executed`, which stays empty unless `gtid_mode` is on.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ChangeWatch, SignalState } from "../../model/listing.ts";
import { type OpenWatched, watchSession } from "../pool/session-watch.ts";
import { SessionError, type StatementSession } from "../session.ts";

// Five looks a second cost a server a thousandth of a processor.
const lookMs = 200;
// A server without a position is asked again this often.
const recheckMs = 60_000;

const positions = {
  mariaDb: "SELECT CONCAT(@@global.gtid_binlog_pos, '/', @@global.gtid_slave_pos)",
  mySql: "SELECT @@global.gtid_executed",
} as const;

const advice = {
  mariaDb: "log_bin is off: with it, changes would be seen at once instead of by the next listing",
  mySql: "gtid_mode is off: with it, changes would be seen at once instead of by the next listing",
  denied: "the server does not tell its binlog position, so changes are seen by the next listing",
} as const;

/** Looks at the position until it is closed; connects again by itself, and counts every new connection as a change. */
export function watchChanges(open: OpenWatched<StatementSession>, onHint: () => void): ChangeWatch {
  return watchSession(open, onHint, async (session, { say, hint, signal }) => {
    const server = await recognise(session);
    let before: string | undefined;
    while (!signal.aborted) {
      const { position, ...state } = await readPosition(session, server);
      say(state);
      if (before !== undefined && position !== before) hint();
      before = position;
      await delay(state.signal === undefined ? recheckMs : lookMs, undefined, { signal, ref: false });
    }
  });
}

// MySQL knows no variable gtid_binlog_pos, nor MariaDB gtid_executed; MariaDB has its name in its version.
async function recognise(session: StatementSession): Promise<"mariaDb" | "mySql"> {
  const [version] = (await session.run("SELECT @@version", [])).rows[0] ?? [];
  return version?.includes("MariaDB") === true ? "mariaDb" : "mySql";
}

async function readPosition(
  session: StatementSession,
  server: "mariaDb" | "mySql",
): Promise<SignalState & { readonly position: string }> {
  try {
    const { rows } = await session.run(positions[server], []);
    const position = rows[0]?.[0] ?? "";
    if (position.replace("/", "") === "") return { position, signal: undefined, advice: advice[server] };
    return { position, signal: server === "mariaDb" ? "binlog" : "gtid", advice: "" };
  } catch (error) {
    if (!(error instanceof SessionError) || !session.isOpen) throw error;
    return { position: "", signal: undefined, advice: advice.denied };
  }
}
