/**
 * Takes accepted connections as handles, before `net` has made a socket for each.
 *
 * The socket would be thrown away at once, since its handle moves to one that reads into the shared buffer (shared-read.ts); it
 * is a quarter of the CPU of a client that connects, asks and hangs up. This touches `_handle` of the server, which is not
 * public: if it is not what we expect, the sockets of the `connection` event are taken as usual (docs/decisions/0002-shared-read-buffer.md).
 */
import net from "node:net";

/** The handle behind an accepted connection, as far as it is used here. */
export interface Handle {
  readonly readStart: () => number;
  readonly useUserBuffer: (buffer: Uint8Array) => void;
  readonly close: () => void;
  /** TCP only. */
  readonly setNoDelay?: (on: boolean) => number;
}

/** A connection that is accepted and not read yet: a paused socket, or what lies below one. */
export type Accepted = net.Socket | Handle;

interface ListeningHandle {
  /** Called by libuv's binding for every connection; a status other than 0 is an error. */
  onconnection: (status: number, client: unknown) => void;
}

/**
 * Passes on what a listening server accepts from now on.
 *
 * @param isDirect false leaves it to the `connection` event: for tests of the fallback
 * @returns whether it does; if not, the `connection` event goes on as before
 */
export function takeHandles(server: net.Server, onAccepted: (accepted: Accepted) => void, isDirect = true): boolean {
  const { _handle: listening } = server as { _handle?: unknown };
  if (!isDirect || !isListening(listening)) return false;
  const original = listening.onconnection;
  listening.onconnection = (status, client) => {
    if (status !== 0 || !isHandle(client)) {
      original.call(listening, status, client);
      return;
    }
    client.setNoDelay?.(true);
    onAccepted(client);
  };
  return true;
}

/** Closes a connection that nobody has read from. */
export function closeAccepted(accepted: Accepted): void {
  if (accepted instanceof net.Socket) accepted.destroy();
  else accepted.close();
}

/** Whether something is a handle that this folder knows how to read. */
export function isHandle(value: unknown): value is Handle {
  if (typeof value !== "object" || value === null || value instanceof net.Socket) return false;
  const { readStart, useUserBuffer, close } = value as Partial<Handle>;
  return typeof readStart === "function" && typeof useUserBuffer === "function" && typeof close === "function";
}

function isListening(value: unknown): value is ListeningHandle {
  return typeof (value as Partial<ListeningHandle> | null | undefined)?.onconnection === "function";
}
