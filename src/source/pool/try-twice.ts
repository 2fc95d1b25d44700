/**
 * Decides what a failed attempt to open a connection proves of its host.
 *
 * - Nobody took the connection (refused by TCP, no way there, no answer in time): the host is gone.
 * - A server turned us away (wrong password, too many connections): it is there, and of no use to us now.
 * - Somebody took the connection, and it broke before it could be used: nothing is proven. Something was there a moment ago, and
 *   whatever ends all connections at once (KILL, a firewall or a proxy started anew) ends those that are being opened too.
 * - The host has given a sign of life to anybody since the attempt began: nothing is proven either.
 *
 * Where nothing is proven the host is tried once more, at once; that failure counts. So a server that greets and closes every time
 * costs two attempts, and one that is gone a single one: going on to the next host takes no longer than it did.
 */
import { SessionError, type SessionErrorKind } from "../session.ts";

/** What is known of the host of an attempt. */
export interface Tried {
  /** How many signs of life it has given to anybody. */
  signsOfLife(): number;
  /** Whether a second attempt is of use when the first has failed. */
  isWanted(): boolean;
}

/**
 * Makes an attempt to open a connection and to use it for the first time, and a second one where the failure of the first proves
 * nothing.
 *
 * @param attempt calls `onConnect` when somebody took the connection; leaves nothing open when it fails
 * @throws what the last attempt throws
 */
export async function tryTwice<T>(tried: Tried, attempt: (onConnect: () => void) => Promise<T>): Promise<T> {
  const before = tried.signsOfLife();
  let wasTaken = false;
  const onConnect = () => {
    wasTaken = true;
  };
  try {
    return await attempt(onConnect);
  } catch (error) {
    const kind = kindOf(error);
    const isBroken = wasTaken && kind === "connection";
    const isUnheard = kind === "connection" || kind === "timeout";
    const isOutdated = isUnheard && tried.signsOfLife() !== before;
    if (!(isBroken || isOutdated) || !tried.isWanted()) throw error;
    return attempt(onConnect);
  }
}

function kindOf(error: unknown): SessionErrorKind | undefined {
  return error instanceof SessionError ? error.kind : undefined;
}
