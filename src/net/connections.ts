/**
 * The connections of one listener: up to `max_connections` are served, further ones wait.
 *
 * One that waits is accepted but not read until another one closes: to the client it is a server that has not answered yet, and nobody is
 * refused. Node has no way to stop accepting without closing the socket, which would refuse. So that nobody waits for ever,
 * those that have been idle longest make way (docs/decisions/0004-connection-cap.md).
 */
import { type Accepted, closeAccepted } from "./accept.ts";
import { Connection, type ConnectionParts } from "./connection.ts";
import { SharedReader } from "./shared-read.ts";

/** What connections need from their listener. */
export interface ConnectionsParts extends ConnectionParts {
  /** Numbers connections across listeners. */
  readonly nextConnectionId: () => number;
}

// Connections that wait beyond max_connections. 100 smtpd processes per service and a few services fit many times over.
const maxParked = 8192;
// How long the drain waits for the first query of a client that has just connected. It sends it at once.
const firstQueryMs = 500;
// Who has been idle for that long makes way for one that waits. A client in the middle of its work asks sooner; Postfix, when
// it finds its connection closed, asks again on a new one.
const makesWayAfterMs = 1_000;
// When somebody has waited for that long, whoever is between two queries makes way, however short the pause: clients that ask
// every 0.8 s would keep all others out for good.
const mustMakeWayAfterMs = 2_000;

/** A connection that waits, and since when. */
interface Parked {
  readonly accepted: Accepted;
  readonly sinceMs: number;
}

/** The open connections of one listener, and those that wait. */
export class Connections {
  #parts: ConnectionsParts;
  readonly #reader = new SharedReader();
  readonly #open = new Set<Connection>();
  /** Accepted, paused, waiting for one of `#open` to close. */
  readonly #parked: Parked[] = [];
  readonly #onClose = new Set<() => void>();

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  /** How many are served now. */
  get size(): number {
    return this.#open.size;
  }

  /** Serves what is accepted from now on with other parts; the others go on with those that they have. */
  change(parts: ConnectionsParts): void {
    this.#parts = parts;
  }

  /** Takes a connection that was accepted and not read. */
  accept(accepted: Accepted): void {
    const { tally, limits, turn } = this.#parts;
    tally.connectionsTotal++;
    if (this.#open.size < limits().maxConnections) this.#serve(accepted);
    else if (this.#parked.length < maxParked) this.#parked.push({ accepted, sinceMs: turn.nowMs() });
    else closeAccepted(accepted);
  }

  /** Closes those that wait: they have been told nothing yet. */
  turnAway(): void {
    for (const { accepted } of this.#parked.splice(0)) closeAccepted(accepted);
  }

  /**
   * Has those that are open now answer what is in flight, then close. In flight is also what has reached the kernel and was not
   * read yet: a client that asked in time must not be told by a closed connection that nobody is there.
   *
   * @param timeoutMs after it they are closed whatever they wait for; `undefined` leaves that to the caller
   * @returns when the last of them is closed
   */
  async finish(timeoutMs?: number): Promise<void> {
    const present = [...this.#open];
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#cutOff(present), timeoutMs);
    await nextReads();
    for (const connection of present) connection.drain();
    const lastCall = setTimeout(() => {
      for (const connection of present) connection.endWait();
    }, firstQueryMs);
    while (present.some((connection) => this.#open.has(connection))) await this.#nextClose();
    clearTimeout(lastCall);
    clearTimeout(timer);
  }

  /** Closes everything at once. */
  destroy(): void {
    this.turnAway();
    for (const connection of this.#open) connection.destroy();
  }

  /** Ends what has lasted too long. Called about once a second. */
  checkDeadlines(nowMs: number): void {
    for (const connection of this.#open) connection.checkDeadlines(nowMs);
    if (this.#parked.length > 0) void this.#makeRoom(nowMs);
  }

  #serve(accepted: Accepted): void {
    const { tally } = this.#parts;
    let connection: Connection | undefined;
    const socket = this.#reader.open(accepted, (chunk, length) => connection?.onBytes(chunk, length));
    // Before anything can happen: an error without a listener would end the process. `close` follows every error.
    socket.on("error", () => undefined);
    const opened = new Connection(this.#parts.nextConnectionId(), socket, this.#parts);
    connection = opened;
    this.#open.add(opened);
    // Counted, not copied: a listener that replaces this one at its endpoint has the same tally.
    tally.connections++;
    socket.once("close", () => {
      opened.destroy();
      this.#open.delete(opened);
      tally.connections--;
      for (const resolve of this.#onClose) resolve();
      this.#onClose.clear();
      this.#unpark();
    });
    socket.resume();
  }

  #unpark(): void {
    while (this.#parked.length > 0 && this.#open.size < this.#parts.limits().maxConnections) {
      this.#serve((this.#parked.shift() as Parked).accepted);
    }
  }

  /** Finishes as many idle connections as others wait, those first that have been idle longest. */
  async #makeRoom(nowMs: number): Promise<void> {
    // A query may have reached the kernel already.
    await nextReads();
    let wanted = this.#parked.length;
    const waitedMs = nowMs - (this.#parked[0]?.sinceMs ?? nowMs);
    const enoughMs = waitedMs >= mustMakeWayAfterMs ? 0 : makesWayAfterMs;
    const idle: { connection: Connection; sinceMs: number }[] = [];
    for (const connection of this.#open) {
      const sinceMs = connection.idleSinceMs;
      if (connection.isEnding) wanted--;
      else if (sinceMs !== undefined && nowMs - sinceMs >= enoughMs) idle.push({ connection, sinceMs });
    }
    idle.sort((one, other) => one.sinceMs - other.sinceMs);
    const leaving = idle.slice(0, Math.max(wanted, 0));
    if (leaving.length === 0) return;
    for (const { connection } of leaving) connection.finish();
    const fields = { protocol: this.#parts.service.protocol, waiting: this.#parked.length, closed: leaving.length };
    this.#parts.log.warn(fields, "max_connections is reached: idle connections make way for those that wait");
  }

  #cutOff(connections: readonly Connection[]): void {
    const late = connections.filter((connection) => this.#open.has(connection));
    this.#parts.log.warn({ connections: late.length }, "drain timeout: closing connections with lookups in flight");
    for (const connection of late) connection.destroy();
  }

  #nextClose(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClose.add(resolve);
    });
  }
}

/** Resolves when every socket that had something to read has been read once more. */
async function nextReads(): Promise<void> {
  // The first setImmediate runs after the poll phase of this turn, the second one after that of the next.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
