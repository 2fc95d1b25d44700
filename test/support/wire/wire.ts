/** A client of the lookup protocols that sends whatever bytes a test wants; nothing of it is shared with the daemon. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { within } from "../wait.ts";

const replyDeadlineMs = 60_000;

/** One connection. Received bytes are kept until `reply` cuts them. */
export class WireClient {
  readonly socket: Socket;
  /** Settles when the server has closed the connection. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      const close = () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      };
      socket.on("end", close);
      socket.on("close", close);
    });
  }

  /**
   * Connects to a port of 127.0.0.1 or to a unix socket.
   *
   * @param options `allowHalfOpen` makes a client that does not close its side when the server has closed its own
   */
  static async open(where: number | string, options: { allowHalfOpen?: boolean } = {}): Promise<WireClient> {
    const socket =
      typeof where === "number"
        ? connect({ ...options, port: where, host: "127.0.0.1" })
        : connect({ ...options, path: where });
    await once(socket, "connect");
    return new WireClient(socket);
  }

  /** Bytes that arrived and were not cut yet. */
  get received(): Buffer {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes);
  }

  /** The next reply of socketmap: the payload of one netstring. */
  async netstring(deadlineMs = replyDeadlineMs): Promise<string> {
    const payload = await this.#cut(
      "a netstring",
      (bytes) => {
        const colon = bytes.indexOf(":");
        if (colon === -1) return undefined;
        const length = Number(bytes.subarray(0, colon).toString("latin1"));
        if (!Number.isInteger(length)) throw new Error(`not a netstring: ${JSON.stringify(bytes.toString("latin1"))}`);
        const end = colon + 1 + length;
        if (bytes.length <= end) return undefined;
        if (bytes[end] !== 0x2c) throw new Error(`no comma: ${JSON.stringify(bytes.toString("latin1"))}`);
        return { payload: bytes.subarray(colon + 1, end), length: end + 1 };
      },
      deadlineMs,
    );
    return payload.toString("utf8");
  }

  /** The next reply of tcp_table: one line, without its line feed. */
  async line(): Promise<string> {
    const payload = await this.#cut("a line", (bytes) => {
      const end = bytes.indexOf("\n");
      return end === -1 ? undefined : { payload: bytes.subarray(0, end), length: end + 1 };
    });
    return payload.toString("utf8");
  }

  /** Sends a socketmap query and waits for its reply. */
  ask(map: string, key: string, deadlineMs = replyDeadlineMs): Promise<string> {
    this.send(netstring(`${map} ${key}`));
    return this.netstring(deadlineMs);
  }

  /** Sends a tcp_table query (the key already encoded) and waits for its reply. */
  get(key: string): Promise<string> {
    this.send(`get ${key}\n`);
    return this.line();
  }

  /** Hangs up. */
  close(): void {
    this.socket.destroy();
  }

  async #cut(
    what: string,
    find: (bytes: Buffer) => { payload: Buffer; length: number } | undefined,
    deadlineMs = replyDeadlineMs,
  ): Promise<Buffer> {
    const wait = async (): Promise<Buffer> => {
      for (;;) {
        const found = find(this.#received);
        if (found !== undefined) {
          this.#received = this.#received.subarray(found.length);
          return found.payload;
        }
        if (this.#isClosed)
          throw new Error(`closed while ${what} was awaited; had ${JSON.stringify(this.#received.toString("latin1"))}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    return within(what, wait(), deadlineMs);
  }
}

/** Frames a payload; the length counts bytes. */
export function netstring(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload as string);
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")]);
}

/** Asks one socketmap query on a connection of its own. */
export async function askOnce(where: number | string, map: string, key: string): Promise<string> {
  const client = await WireClient.open(where);
  try {
    return await client.ask(map, key);
  } finally {
    client.close();
  }
}
