/**
 * Writes replies to an accepted socket, past the machinery of streams.
 *
 * `socket.write` queues, counts and calls back through the event loop for a reply of some 40 bytes that the kernel takes at
 * once. Here the reply goes straight to the socket's handle. That touches `_handle` and `process.binding`, which are not
 * public: if they are not what we expect, `socket.write` does it as usual (docs/decisions/0006-direct-writes.md).
 */
import type { Socket } from "node:net";

/** Takes replies for one socket. */
export interface ReplyWriter {
  /** Whether the kernel has not taken all yet: nothing more may be written until the writer calls back. */
  readonly isBlocked: boolean;
  /** Writes a byte string, whole and in order. To a connection that is gone it writes nothing; `close` events tell that. */
  write(text: string): void;
}

/**
 * Makes the writer of a socket, the only one to write to it.
 *
 * @param onDrain called when `isBlocked` becomes false again
 * @param isDirect false writes by `socket.write` only: for tests of the fallback
 */
export function openReplyWriter(socket: Socket, onDrain: () => void, isDirect = true): ReplyWriter {
  const handle = (socket as WithHandle)._handle;
  if (isDirect && binding !== undefined && isWritable(handle)) return new DirectWriter(socket, onDrain, binding);
  socket.on("drain", onDrain);
  return {
    get isBlocked() {
      return socket.writableNeedDrain;
    },
    write: (text) => void socket.write(text, "latin1"),
  };
}

/** What libuv needs to remember of a write that it finishes later. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
}

interface Handle {
  /** @returns 0, or a negative libuv error */
  writeLatin1String(request: WriteRequest, text: string): number;
}

interface WithHandle {
  readonly _handle?: unknown;
}

/** The parts of Node's `stream_wrap` that `net` itself uses to write. */
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  /** What the last call on a handle came to; `streamBaseState[kLastWriteWasAsync]` is 1 when the write goes on. */
  readonly streamBaseState: ArrayLike<number>;
  readonly kLastWriteWasAsync: number;
}

const binding = findBinding();

function findBinding(): StreamBinding | undefined {
  try {
    const { binding: find } = process as unknown as { binding(name: string): Partial<StreamBinding> };
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = find("stream_wrap");
    if (typeof WriteWrap !== "function" || typeof kLastWriteWasAsync !== "number") return undefined;
    if (typeof streamBaseState?.[kLastWriteWasAsync] !== "number") return undefined;
    return { WriteWrap, streamBaseState, kLastWriteWasAsync };
  } catch {
    return undefined;
  }
}

function isWritable(handle: unknown): handle is Handle {
  return typeof (handle as Partial<Handle> | null | undefined)?.writeLatin1String === "function";
}

// One for all sockets: only a write that goes on keeps its request. It is used again by whoever writes next.
let spare: WriteRequest | undefined;

class DirectWriter implements ReplyWriter {
  readonly #socket: Socket & WithHandle;
  readonly #onDrain: () => void;
  readonly #binding: StreamBinding;
  isBlocked = false;

  constructor(socket: Socket, onDrain: () => void, binding: StreamBinding) {
    this.#socket = socket;
    this.#onDrain = onDrain;
    this.#binding = binding;
  }

  write(text: string): void {
    const handle = this.#socket._handle as Handle | null;
    // Destroyed already; `close` is on its way.
    if (handle === null) return;
    const { streamBaseState, kLastWriteWasAsync, WriteWrap } = this.#binding;
    spare ??= new WriteWrap();
    const request = spare;
    if (handle.writeLatin1String(request, text) !== 0) this.#socket.destroy();
    else if (streamBaseState[kLastWriteWasAsync] !== 0) this.#wait(request);
  }

  #wait(request: WriteRequest): void {
    spare = undefined;
    this.isBlocked = true;
    request.oncomplete = (status) => {
      this.isBlocked = false;
      if (status === 0) this.#onDrain();
      else this.#socket.destroy();
    };
  }
}
