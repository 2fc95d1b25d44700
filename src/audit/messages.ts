/**
 * Puts the lines of a message together: the login that opened it, the sender that it was queued with.
 *
 * Queue ids are unique on one host only, and short ones are used again once they are free. The lines of two daemons can come
 * in either order. A deferred message is queued again and again, and counts once.
 */
import type { LogLine } from "./log-line.ts";
import { eventOf } from "./postfix-event.ts";
import { Recent } from "./recent.ts";

/** A sender that a login used. */
export interface Use {
  readonly login: string;
  readonly sender: string;
  /** `sent`: taken into the queue, or refused later by something else than the map. */
  readonly kind: "sent" | "refused" | "warned";
  readonly line: LogLine;
}

interface Open {
  /** `undefined`: its first line has not been seen; `null`: nobody was logged in. */
  login: string | null | undefined;
  sender: string | undefined;
  readonly timeMs: number;
}

// What is still open of a busy day: ids of clients that gave up stay until as many newer ones came.
const maxOpen = 100_000;
const maxProcesses = 10_000;
// The lines of two daemons about one message are written within moments.
const maxDisorderMs = 60_000;

/** Takes lines in the order of the log; calls back for every use of a sender by a login. */
export class Messages {
  readonly #emit: (use: Use) => void;
  readonly #open = new Recent<Open>(maxOpen);
  /** By process, the refusal that it logged last: a message of ten recipients is refused ten times. */
  readonly #lastRefusal = new Recent<string>(maxProcesses);
  /** By process, who sent the message that is with a before-queue filter. */
  readonly #proxiedLogin = new Recent<string>(maxProcesses);
  /** Lines about a login that can be read in several ways. */
  ambiguous = 0;

  constructor(emit: (use: Use) => void) {
    this.#emit = emit;
  }

  /** @returns whether the line says something about a message */
  push(line: LogLine): boolean {
    const event = eventOf(line.daemon, line.message);
    if (event === undefined) return false;
    switch (event.kind) {
      case "opened":
        this.#opened(`${line.host} ${event.id}`, event.login, line);
        break;
      case "queued":
        this.#queued(`${line.host} ${event.id}`, event.sender, line);
        break;
      case "removed":
        this.#open.delete(`${line.host} ${event.id}`);
        break;
      case "milterRefused":
        this.#queued(`${line.host} ${event.id}`, event.sender, line);
        this.#open.delete(`${line.host} ${event.id}`);
        break;
      case "proxied":
        this.#proxied(event.login, line);
        break;
      case "passed":
        this.#passed(event.sender, line);
        break;
      case "refused":
      case "warned":
        this.#refused(event.login, event.sender, event.kind, line);
        break;
      case "session":
        this.#lastRefusal.delete(processOf(line));
        this.#proxiedLogin.delete(processOf(line));
        break;
      case "ambiguous":
        this.ambiguous += 1;
        break;
    }
    return true;
  }

  #opened(key: string, login: string | undefined, line: LogLine): void {
    // The next message of the session: one that is refused then is another one.
    if (line.daemon === "smtpd") this.#lastRefusal.delete(processOf(line));
    const known = this.#open.get(key);
    const isLate = known?.login === undefined && known?.sender !== undefined;
    if (isLate && Math.abs(line.timeMs - known.timeMs) <= maxDisorderMs) {
      known.login = login ?? null;
      this.#sent(known, line);
    } else {
      this.#open.set(key, { login: login ?? null, sender: undefined, timeMs: line.timeMs });
    }
  }

  #queued(key: string, sender: string, line: LogLine): void {
    const known = this.#open.get(key);
    if (known === undefined) {
      this.#open.set(key, { login: undefined, sender, timeMs: line.timeMs });
    } else if (known.sender === undefined) {
      known.sender = sender;
      this.#sent(known, line);
    }
  }

  #sent({ login, sender }: Open, line: LogLine): void {
    if (typeof login === "string" && sender !== undefined) this.#emit({ login, sender, kind: "sent", line });
  }

  #refused(login: string, sender: string, kind: "refused" | "warned", line: LogLine): void {
    const refusal = `${kind} ${login} ${sender}`;
    if (this.#lastRefusal.get(processOf(line)) === refusal) return;
    this.#lastRefusal.set(processOf(line), refusal);
    this.#emit({ login, sender, kind, line });
  }

  #proxied(login: string | undefined, line: LogLine): void {
    const process = processOf(line);
    this.#lastRefusal.delete(process);
    if (login === undefined) this.#proxiedLogin.delete(process);
    else this.#proxiedLogin.set(process, login);
  }

  /** One line for each recipient. */
  #passed(sender: string, line: LogLine): void {
    const login = this.#proxiedLogin.get(processOf(line));
    this.#proxiedLogin.delete(processOf(line));
    if (login !== undefined) this.#emit({ login, sender, kind: "sent", line });
  }
}

function processOf({ host, pid }: LogLine): string {
  return `${host} ${pid}`;
}
