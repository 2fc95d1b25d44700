/**
 * One listening socket and its connections.
 *
 * Beyond `max_connections` a new connection is accepted but not read until another one closes: for the client that is the
 * kernel's queue, and nobody is refused. Node has no way to stop accepting without closing the socket, which would refuse
 * (docs/decisions/0004-connection-cap.md).
 */
import net from "node:net";
import { formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import { Connection, type ConnectionParts } from "./connection.ts";
import { ListenError } from "./listen-error.ts";
import { SharedReader } from "./shared-read.ts";
import { bindUnixSocket, removeStaleSocket } from "./unix-socket.ts";

/** What a listener needs beside its settings. */
export interface ListenerParts extends Omit<ConnectionParts, "defaultMap"> {
  /** Numbers connections across listeners. */
  readonly nextConnectionId: () => number;
}

// Connections that wait beyond max_connections. 100 smtpd processes per service and a few services fit many times over.
const maxParked = 8192;
// The kernel caps it at net.core.somaxconn (4096 by default since Linux 5.4).
const backlog = 4096;

// How long the drain waits for the first query of a client that has just connected. It sends it at once.
const firstQueryMs = 500;

/** A bound endpoint. */
export class Listener {
  readonly settings: ListenerSettings;
  readonly #parts: ListenerParts;
  readonly #server: net.Server;
  readonly #reader = new SharedReader();
  readonly #connections = new Set<Connection>();
  /** Accepted, paused, waiting for one of `#connections` to close. */
  readonly #parked: net.Socket[] = [];

  private constructor(settings: ListenerSettings, parts: ListenerParts) {
    this.settings = settings;
    this.#parts = parts;
    // allowHalfOpen: a client that sent its last query and closed its side still gets its replies.
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /**
   * Binds.
   *
   * @param inheritedFd a listening socket that is used in place of binding
   * @throws {ListenError} when the endpoint cannot be had
   */
  static async open(settings: ListenerSettings, parts: ListenerParts, inheritedFd?: number): Promise<Listener> {
    const listener = new Listener(settings, parts);
    const { endpoint } = settings;
    try {
      if (inheritedFd === undefined && endpoint.kind === "unix") await removeStaleSocket(endpoint.path);
      await listener.#listen(inheritedFd);
    } catch (error) {
      listener.#server.close();
      if (error instanceof ListenError) throw error;
      throw new ListenError(formatEndpoint(endpoint), reasonOf(error), { cause: error });
    }
    return listener;
  }

  /** The endpoint as the configuration writes it; the port is the one bound, which differs when 0 was asked for. */
  get name(): string {
    const address = this.#server.address();
    const { endpoint } = this.settings;
    if (endpoint.kind === "unix" || address === null || typeof address === "string") return formatEndpoint(endpoint);
    return formatEndpoint({ ...endpoint, port: address.port });
  }

  get isBound(): boolean {
    return this.#server.listening;
  }

  /** Connections that are served now. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Stops accepting, answers what is in flight, closes. In flight is also what has reached the kernel and was not read yet:
   * a client that asked in time must not be told by a closed connection that nobody is there.
   *
   * @returns when the last connection is closed
   */
  async drain(): Promise<void> {
    this.#server.close();
    for (const socket of this.#parked.splice(0)) socket.destroy();
    await nextReads();
    for (const connection of this.#connections) connection.finishAfterFirstQuery();
    const lastCall = setTimeout(() => {
      for (const connection of this.#connections) connection.finish();
    }, firstQueryMs);
    while (this.#connections.size > 0) await this.#nextClose();
    clearTimeout(lastCall);
  }

  /** Closes everything at once. */
  destroy(): void {
    this.#server.close();
    for (const socket of this.#parked.splice(0)) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  /** Ends what has lasted too long. Called about once a second. */
  checkDeadlines(nowMs: number): void {
    for (const connection of this.#connections) connection.checkDeadlines(nowMs);
  }

  #listen(inheritedFd: number | undefined): Promise<void> {
    const { endpoint, mode, group } = this.settings;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        server.on("error", (error) => this.#parts.log.error({ err: error, listener: this.name }, "listener failed"));
        resolve();
      });
      if (inheritedFd !== undefined) server.listen({ fd: inheritedFd, backlog });
      else if (endpoint.kind === "inet") server.listen({ host: endpoint.host, port: endpoint.port, backlog });
      else bindUnixSocket(endpoint.path, mode, group, () => server.listen({ path: endpoint.path, backlog }));
    });
  }

  #accept(socket: net.Socket): void {
    this.#parts.tally.connectionsTotal++;
    if (this.#connections.size < this.#parts.limits().maxConnections) this.#serve(socket);
    else if (this.#parked.length < maxParked) this.#parked.push(socket);
    else socket.destroy();
  }

  #serve(accepted: net.Socket): void {
    const { tally } = this.#parts;
    let connection: Connection | undefined;
    const socket = this.#reader.open(accepted, (chunk, length) => connection?.onBytes(chunk, length));
    // Before anything can happen: an error without a listener would end the process. `close` follows every error.
    socket.on("error", () => undefined);
    const opened = new Connection(this.#parts.nextConnectionId(), socket, {
      ...this.#parts,
      defaultMap: this.settings.map,
    });
    connection = opened;
    this.#connections.add(opened);
    tally.connections = this.#connections.size;
    socket.once("close", () => {
      opened.destroy();
      this.#connections.delete(opened);
      tally.connections = this.#connections.size;
      this.#onClose?.();
      this.#unpark();
    });
    socket.resume();
  }

  #unpark(): void {
    while (this.#parked.length > 0 && this.#connections.size < this.#parts.limits().maxConnections) {
      this.#serve(this.#parked.shift() as net.Socket);
    }
  }

  #onClose: (() => void) | undefined;

  #nextClose(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClose = resolve;
    });
  }
}

/** Resolves when every socket that had something to read has been read once more. */
async function nextReads(): Promise<void> {
  // The first setImmediate runs after the poll phase of this turn, the second one after that of the next.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "EADDRINUSE":
      return "another program listens there";
    case "EACCES":
      return "permission denied";
    case "EADDRNOTAVAIL":
      return "this machine has no such address";
    case "ENOENT":
      return "the directory does not exist";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
