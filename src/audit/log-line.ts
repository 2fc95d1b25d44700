/**
 * One line of a mail log: when, on which host, which daemon of Postfix, and what it said.
 *
 * Takes the traditional form of syslog (rsyslog, postlogd, journalctl), with or without fractions of a second, and RFC 3339
 * (rsyslog since Debian 12, `journalctl -o short-iso`).
 */

/** What of a line counts. */
export interface LogLine {
  /** As the log has it, for people. */
  readonly stamp: string;
  readonly timeMs: number;
  readonly host: string;
  /** The last part of the program's name: `smtpd` of `postfix/submission/smtpd`. */
  readonly daemon: string;
  readonly pid: string;
  readonly message: string;
}

// What the other daemons say is passed over before anything of it is looked at.
const daemons: ReadonlySet<string> = new Set(["smtpd", "qmgr", "oqmgr", "nqmgr", "cleanup", "pickup"]);
const traditional = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\S+)$/;
const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d) (\S+)$/;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dayMs = 86_400_000;
// Date, host and the name of a program: what comes later is no beginning of a message.
const maxHeadLength = 400;

/** What a file says of its lines without a year: none of them is younger than this. */
export interface LogClock {
  readonly newestMs: number;
}

/** Reads the lines of one file. */
export class LogLineReader {
  readonly #clock: LogClock;
  #lastHead = "";
  #lastWhen: When | undefined;

  constructor(clock: LogClock) {
    this.#clock = clock;
  }

  /**
   * Gives `undefined` for a line that is not a daemon's that takes part in a message's way into the queue, and for half a
   * line, which a host that went down leaves.
   */
  read(line: string): LogLine | undefined {
    const end = line.indexOf("]: ");
    if (end === -1 || end > maxHeadLength) return undefined;
    const bracket = line.lastIndexOf("[", end);
    const slash = line.lastIndexOf("/", bracket);
    const daemon = line.slice(slash + 1, bracket);
    if (slash === -1 || !daemons.has(daemon)) return undefined;
    // NUL bytes are left by a host that went down; the line after them is whole.
    const start = line.lastIndexOf("\0", slash) + 1;
    const when = this.#whenOf(line.slice(start, line.lastIndexOf(" ", slash)));
    return when && { ...when, daemon, pid: line.slice(bracket + 1, end), message: line.slice(end + 3) };
  }

  /** Many lines are of the same second of the same host. */
  #whenOf(head: string): When | undefined {
    if (head !== this.#lastHead) {
      this.#lastHead = head;
      this.#lastWhen = parseTraditional(head, this.#clock) ?? parseRfc3339(head);
    }
    return this.#lastWhen;
  }
}

type When = Pick<LogLine, "stamp" | "timeMs" | "host">;

/** The year is not written: it is the last one in which the line is not from the future. */
function parseTraditional(head: string, { newestMs }: LogClock): When | undefined {
  const parts = traditional.exec(head);
  if (parts === null) return undefined;
  const [, name = "", day = "", hour = "", minute = "", second = "", host = ""] = parts;
  const month = months.indexOf(name);
  if (month === -1) return undefined;
  const year = new Date(newestMs).getFullYear();
  const at = (y: number) => new Date(y, month, Number(day), Number(hour), Number(minute), Number(second)).getTime();
  const timeMs = at(year) > newestMs + dayMs ? at(year - 1) : at(year);
  return { stamp: `${name} ${day} ${hour}:${minute}:${second}`, timeMs, host };
}

function parseRfc3339(head: string): When | undefined {
  const [, local, zone = "", host] = rfc3339.exec(head) ?? [];
  if (local === undefined || host === undefined) return undefined;
  const timeMs = Date.parse(`${local}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(timeMs) ? undefined : { stamp: `${local}${zone}`, timeMs, host };
}
