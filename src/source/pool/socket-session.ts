/**
 * What every session over a socket has in common: it is open until it is closed once, runs pieces of work, each within a
 * time, and can be cut at any moment. And the way there: a socket that is opened within a time.
 */
import { connect, type Socket } from "node:net";
import type { Endpoint } from "../../model/settings.ts";
import { type Member, nowhere, Roster } from "../../model/under-way.ts";
import type { HostNames } from "../../system/host-names.ts";
import { type OpenTimes, type Session, SessionError } from "../session.ts";

// A server that does not know the limit, or is gone, is given this much longer than one that keeps it.
const graceMs = 250;
// Work that takes longer makes the session's owner ask whether the host is alive.
const slowMs = 1000;
// A goodbye needs no answer; this only bounds a socket that takes no more bytes.
const endMs = 500;
// Greeting, certificates and the answers to the first statements take some 10 kB.
const maxOpeningBytes = 1_048_576;

// Of the time for connecting, how much the host's name may take: so that its failure is told by its own name.
const nameShare = 0.9;

/** A piece of work under way. */
interface Piece extends Member {
  reject(error: SessionError): void;
}

/** A session over a socket that is connected and logged in. */
export abstract class SocketSession implements Session {
  readonly #socket: Socket;
  readonly #limitMs: number;
  /** Of each piece of work under way. */
  readonly #failing = new Roster<Piece>();
  #isOpen = true;
  #isEnding = false;
  onSlow: () => void = () => {};
  onClose: (isDestroyed: boolean) => void = () => {};

  /**
   * @param socket the lowest one, below TLS: the one that can be closed at once
   * @param queryTimeoutMs when the server gives up on a statement by itself; a little later it is given up here
   */
  constructor(socket: Socket, queryTimeoutMs: number) {
    this.#socket = socket;
    this.#limitMs = queryTimeoutMs + graceMs;
    const gone = new SessionError("connection", "connection closed by the server");
    socket.once("close", () => this.#closed(gone, this.#isEnding));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  abstract check(): Promise<void>;

  /** Says goodbye; need not wait for the socket to close. */
  protected abstract sayGoodbye(): Promise<void>;

  async end(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isEnding = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endMs);
    });
    await Promise.race([this.sayGoodbye(), late]).catch(() => {});
    clearTimeout(timer);
    this.destroy("closed");
  }

  destroy(reason: string): void {
    this.#closed(new SessionError("connection", reason), true);
  }

  /**
   * Does a piece of work within the session's time.
   *
   * @throws {SessionError} of kind `connection` when the session is closed, or closes meanwhile; `timeout` when the time of this
   *   very piece is up, and the session is closed; else what `work` throws
   */
  protected timed<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) return Promise.reject(new SessionError("connection", "connection closed"));
    return new Promise((resolve, reject) => {
      const limitMs = this.#limitMs;
      const late = () => {
        reject(new SessionError("timeout", "no answer in time; the statement was given up"));
        // What else is under way had its time not yet, and can be tried again elsewhere.
        this.destroy("another question had no answer in time");
      };
      const slow = () => {
        timer = setTimeout(late, limitMs - slowMs);
        this.onSlow();
      };
      let timer = limitMs > slowMs ? setTimeout(slow, slowMs) : setTimeout(late, limitMs);
      const ended = () => {
        clearTimeout(timer);
        this.#failing.delete(piece);
      };
      const piece: Piece = { place: nowhere, reject };
      this.#failing.add(piece);
      work().then(
        (value) => {
          ended();
          resolve(value);
        },
        (error: unknown) => {
          ended();
          reject(error);
        },
      );
    });
  }

  #closed(error: SessionError, isDestroyed: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    for (const { reject } of this.#failing) reject(error);
    this.onClose(isDestroyed);
  }
}

/**
 * Begins to connect to an endpoint. A TCP connection is kept alive, so that a peer that vanished is noticed; a host name is looked
 * up for as long as connecting may take, and no longer than the socket is wanted.
 */
export function dial(endpoint: Endpoint, names: HostNames, { connectMs }: OpenTimes): Socket {
  if (endpoint.kind === "unix") return connect(endpoint.path);
  const wanted = new AbortController();
  const lookup = names.lookupWithin(connectMs * nameShare, wanted.signal);
  const socket = connect({ host: endpoint.host, port: endpoint.port, lookup });
  socket.once("close", () => wanted.abort());
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return socket;
}

/**
 * Waits for `work`, which connects `socket` and logs in over it, no longer than `times` say. The socket is destroyed when that
 * fails.
 *
 * @throws what `work` rejects with, or {SessionError} of kind `timeout`
 */
export async function openWithin<T>(
  socket: Socket,
  { connectMs, loginMs, signal, onConnect }: OpenTimes,
  work: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let measure = (): void => {};
  let giveUp = (): void => {};
  try {
    signal?.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      const late = () => reject(new SessionError("timeout", "no answer in time"));
      giveUp = () => reject(new Error("closed"));
      signal?.addEventListener("abort", giveUp);
      // The drivers gather a message until it is whole, however long it says that it is.
      measure = () => {
        if (socket.bytesRead <= maxOpeningBytes) return;
        socket.destroy();
        reject(new Error("sent more than any server does before the login"));
      };
      timer = setTimeout(late, connectMs);
      socket.once("connect", () => {
        clearTimeout(timer);
        timer = setTimeout(late, loginMs);
        onConnect?.();
      });
      work(resolve, reject);
      // After the driver's own listener, which is there now: a listener more begins nothing.
      socket.on("data", measure);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off("data", measure);
    signal?.removeEventListener("abort", giveUp);
  }
}
