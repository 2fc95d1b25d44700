/** One listening socket: bound, given other settings by a reload, closed or kept idle at its end. */
import net from "node:net";
import { formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import { ListenError, listenReason } from "../system/errno.ts";
import type { InheritedSocket } from "../system/inherited-sockets.ts";
import { bindUnixSocket, removeStaleSocket, setAccess } from "../system/unix-socket.ts";
import { type Accepted, closeAccepted, takeHandles } from "./accept.ts";
import { Connections, type ConnectionsParts } from "./connections.ts";

/** What a listener needs beside its settings. */
export type ListenerParts = ConnectionsParts;

// The kernel caps it at net.core.somaxconn (4096 by default since Linux 5.4).
const backlog = 4096;

/** A bound endpoint. */
export class Listener {
  /** The socket that systemd passed, when there is one. */
  readonly inherited: InheritedSocket | undefined;
  readonly #server: net.Server;
  readonly #connections: Connections;
  #settings: ListenerSettings;
  #parts: ListenerParts;
  #isResting = false;

  private constructor(settings: ListenerSettings, parts: ListenerParts, inherited?: InheritedSocket) {
    this.#settings = settings;
    this.#parts = parts;
    this.inherited = inherited;
    this.#connections = new Connections(parts);
    // allowHalfOpen: a client that sent its last query and closed its side still gets its replies.
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /**
   * Binds.
   *
   * @param inherited a listening socket that is used in place of binding
   * @throws {ListenError} when the endpoint cannot be had
   */
  static async open(settings: ListenerSettings, parts: ListenerParts, inherited?: InheritedSocket): Promise<Listener> {
    const listener = new Listener(settings, parts, inherited);
    const { endpoint } = settings;
    try {
      if (inherited === undefined && endpoint.kind === "unix") await removeStaleSocket(endpoint.path);
      await listener.#listen();
    } catch (error) {
      listener.#server.close();
      if (error instanceof ListenError) throw error;
      throw new ListenError(formatEndpoint(endpoint), listenReason(error), { cause: error });
    }
    return listener;
  }

  get settings(): ListenerSettings {
    return this.#settings;
  }

  /** The endpoint as the configuration writes it; the port is the one bound, which differs when 0 was asked for. */
  get name(): string {
    const address = this.#server.address();
    const { endpoint } = this.#settings;
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
   * Gives a unix socket the mode and group of other settings for this endpoint, when they differ and the socket is our own.
   *
   * @returns what takes it back
   * @throws {ListenError} when they cannot be had
   */
  changeAccess({ mode, group }: ListenerSettings): () => void {
    const { endpoint, ...old } = this.#settings;
    const isSame = mode === old.mode && group === old.group;
    if (endpoint.kind === "inet" || this.inherited !== undefined || isSame) return () => undefined;
    try {
      setAccess(endpoint.path, mode, group);
    } catch (error) {
      throw new ListenError(formatEndpoint(endpoint), listenReason(error), { cause: error });
    }
    return () => setAccess(endpoint.path, old.mode, old.group);
  }

  /**
   * Goes on with other settings, on the socket that is open: no client is refused meanwhile. Connections of another protocol
   * are finished; their clients come again.
   *
   * @param timeoutMs how long those connections may take
   */
  change(settings: ListenerSettings, parts: ListenerParts, timeoutMs: number): void {
    const isOtherProtocol = parts.service.protocol !== this.#parts.service.protocol;
    this.#settings = settings;
    this.#parts = parts;
    this.#isResting = false;
    this.#connections.change(parts);
    if (isOtherProtocol) void this.#connections.finish(timeoutMs);
  }

  /**
   * Stops accepting, answers what is in flight, closes.
   *
   * @param timeoutMs how long that may take; `undefined` leaves it to the caller
   * @returns when the last connection is closed
   */
  drain(timeoutMs?: number): Promise<void> {
    this.#server.close();
    this.#connections.turnAway();
    return this.#connections.finish(timeoutMs);
  }

  /**
   * Finishes as `drain` does but keeps the socket, until `change` wakes it: systemd holds one that it passed open for ever, so
   * that closing ours could not be undone. Whoever connects meanwhile is turned away at once, the next best to being refused.
   */
  rest(timeoutMs: number): Promise<void> {
    this.#isResting = true;
    this.#connections.turnAway();
    return this.#connections.finish(timeoutMs);
  }

  /** Closes everything at once. */
  destroy(): void {
    this.#server.close();
    this.#connections.destroy();
  }

  /** Ends what has lasted too long. Called about once a second. */
  checkDeadlines(nowMs: number): void {
    this.#connections.checkDeadlines(nowMs);
  }

  #accept(accepted: Accepted): void {
    if (this.#isResting) closeAccepted(accepted);
    else this.#connections.accept(accepted);
  }

  #listen(): Promise<void> {
    const { endpoint, mode, group } = this.#settings;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        takeHandles(server, (accepted) => this.#accept(accepted));
        server.on("error", (error) => this.#parts.log.error({ err: error, listener: this.name }, "listener failed"));
        resolve();
      });
      if (this.inherited !== undefined) server.listen({ fd: this.inherited.fd, backlog });
      else if (endpoint.kind === "inet") server.listen({ host: endpoint.host, port: endpoint.port, backlog });
      else bindUnixSocket(endpoint.path, mode, group, () => server.listen({ path: endpoint.path, backlog }));
    });
  }
}
