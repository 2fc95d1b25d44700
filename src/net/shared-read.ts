/**
 * Reads every accepted socket into one shared buffer.
 *
 * A `data` event allocates a Buffer per read, which costs a quarter of the CPU of a hit. Node has a way around it (`onread`),
 * but only for sockets that the program itself makes, not for those that a server accepts. An accepted socket is therefore
 * wrapped again: its handle moves to a new net.Socket that has `onread`. This touches `_handle`, which is not public: if it
 * is not what we expect, the socket is read by `data` events as usual (docs/decisions/0002-shared-read-buffer.md).
 */
import net from "node:net";
import { type Accepted, type Handle, isHandle } from "./accept.ts";

/** Takes bytes that are valid only during the call. */
export type OnBytes = (chunk: Uint8Array, length: number) => void;

/** What a shared buffer holds at most; libuv reads no more than that at once. */
export const sharedBufferBytes = 65_536;

interface WithHandle {
  _handle?: unknown;
}

/**
 * Makes sockets that read into one buffer of their own listener.
 *
 * `net.createServer` must have `pauseOnConnect: true`, so that nothing is read before the handle has moved.
 */
export class SharedReader {
  readonly #buffer = Buffer.allocUnsafeSlow(sharedBufferBytes);
  readonly #isShared: boolean;

  /** @param isShared false reads by `data` events only: for tests of the fallback */
  constructor(isShared = true) {
    this.#isShared = isShared;
  }

  /**
   * Starts reading an accepted connection. A socket must be paused.
   *
   * @param onBytes called for every read; the chunk is overwritten by the next one
   * @returns the socket to write to and to listen on, which may not be the one that was accepted
   */
  open(accepted: Accepted, onBytes: OnBytes): net.Socket {
    const handle = this.#isShared ? takeHandle(accepted) : undefined;
    if (handle === undefined) {
      const socket = accepted instanceof net.Socket ? accepted : new net.Socket(halfOpen(accepted));
      socket.on("data", (chunk: Buffer) => onBytes(chunk, chunk.length));
      return socket;
    }
    const options = {
      ...halfOpen(handle),
      onread: {
        buffer: this.#buffer,
        // `true` keeps reading; pause() on the socket stops it (net.Socket, option onread).
        callback: (length: number, buffer: Uint8Array) => {
          onBytes(buffer, length);
          return true;
        },
      },
    };
    return new net.Socket(options as net.SocketConstructorOpts);
  }
}

/** Options of a socket on a handle. A client that sent its last query and closed its side still gets its replies. */
function halfOpen(handle: Handle): net.SocketConstructorOpts {
  return { handle, readable: true, writable: true, allowHalfOpen: true } as net.SocketConstructorOpts;
}

/** Takes the handle from an accepted connection, or leaves it where it is if it is not what this file was written for. */
function takeHandle(accepted: Accepted & WithHandle): Handle | undefined {
  if (isHandle(accepted)) return accepted;
  const handle = accepted._handle;
  if (!isHandle(handle)) return undefined;
  accepted._handle = null;
  return handle;
}
