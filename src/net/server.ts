/** All listeners of the daemon: opened together, changed by a reload, drained at the end. */
import type { Log } from "../model/log.ts";
import { formatEndpoint, type LimitSettings, type ListenerSettings } from "../model/settings.ts";
import { ListenError } from "../system/errno.ts";
import { fitSockets, type InheritedSocket } from "../system/inherited-sockets.ts";
import { Listener, type ListenerParts } from "./listener.ts";

/** What the listening side needs. */
export interface ServerParts {
  /** Makes what a listener needs, from its settings. */
  readonly partsFor: (settings: ListenerSettings) => ListenerParts;
  readonly nowMs: () => number;
  readonly limits: () => LimitSettings;
  /** Sockets from systemd; each serves the listener that it fits, for the life of the process. */
  readonly inherited: readonly InheritedSocket[];
  readonly log: Log;
}

/** How one listener of a configuration is had: by the one that is open at its endpoint, or by opening one. */
interface Plan {
  readonly settings: ListenerSettings;
  readonly socket: InheritedSocket | undefined;
  readonly open: Listener | undefined;
}

// Idle, frame and write deadlines are tens of seconds; a second more does not matter.
const checkIntervalMs = 1000;

/** The listening side of the daemon. */
export class Server {
  readonly #parts: ServerParts;
  #listeners: readonly Listener[] = [];
  /** Closed by a reload, with connections that are still answered. */
  readonly #leaving = new Set<Listener>();
  /** On sockets from systemd that no listener of the present configuration fits. */
  readonly #resting = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Listens on exactly these endpoints: opens new ones, goes on with those that are open, and has the others answer what is in
   * flight for at most `drain_timeout`; that is not waited for.
   *
   * All or nothing: the old ones are touched only when all new ones are open. A socket whose endpoint stays is never closed,
   * whatever else of its listener changes.
   *
   * @throws {ListenError}
   */
  async listen(settings: readonly ListenerSettings[]): Promise<void> {
    const plans = await this.#plan(settings);
    const leaving = this.#listeners.filter((listener) => !plans.some(({ open }) => open === listener));
    const opened = new Map<Plan, Listener>();
    const undo: (() => void)[] = [];
    try {
      for (const plan of plans) {
        if (plan.open === undefined) opened.set(plan, await this.#open(plan, leaving));
        else undo.push(plan.open.changeAccess(plan.settings));
      }
      if (this.#isDraining) throw new Error("the daemon is stopping");
    } catch (error) {
      for (const listener of opened.values()) this.#abandon(listener);
      for (const takeBack of undo) takeBack();
      throw error;
    }
    const { drainTimeoutMs } = this.#parts.limits();
    this.#listeners = plans.map((plan) => {
      const listener = plan.open ?? (opened.get(plan) as Listener);
      if (plan.open !== undefined) this.#change(plan.open, plan.settings, drainTimeoutMs);
      return listener;
    });
    this.#timer ??= setInterval(() => this.#check(), checkIntervalMs).unref();
    for (const listener of leaving) this.#dismiss(listener, drainTimeoutMs);
  }

  /** Stops accepting, answers what is in flight, closes. How long that may take is the caller's: see `destroy`. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    // The timer runs on: a client that does not close when we have is cut off by it.
    await Promise.all(this.#all().map((listener) => listener.drain()));
    clearInterval(this.#timer);
  }

  /** Closes everything at once. */
  destroy(): void {
    this.#isDraining = true;
    clearInterval(this.#timer);
    for (const listener of this.#all()) listener.destroy();
  }

  #all(): Listener[] {
    return [...this.#listeners, ...this.#leaving, ...this.#resting];
  }

  #check(): void {
    const nowMs = this.#parts.nowMs();
    for (const listener of this.#all()) listener.checkDeadlines(nowMs);
  }

  async #plan(settings: readonly ListenerSettings[]): Promise<Plan[]> {
    const { inherited, log } = this.#parts;
    const fits = await fitSockets(
      settings.map(({ endpoint }) => endpoint),
      inherited,
    );
    // Before anything is bound: where one of these is in the way, binding ends the start.
    for (const socket of inherited) {
      if (fits.some((fit) => fit.socket === socket)) continue;
      const fields = { endpoint: formatEndpoint(socket.endpoint), fd: socket.fd, name: socket.name };
      log.warn(fields, "a socket from systemd fits no listener");
    }
    const present = [...this.#listeners, ...this.#resting];
    return settings.map((wanted) => {
      const fit = fits.find(({ endpoint }) => endpoint === wanted.endpoint);
      if (fit?.isWider) {
        const fields = { endpoint: formatEndpoint(fit.socket.endpoint), listener: formatEndpoint(wanted.endpoint) };
        log.warn(fields, "a socket from systemd takes connections on every address, its listener names one");
      }
      const open = present.find(({ inherited, settings: { endpoint } }) =>
        fit === undefined
          ? inherited === undefined && formatEndpoint(endpoint) === formatEndpoint(wanted.endpoint)
          : inherited === fit.socket,
      );
      return { settings: wanted, socket: fit?.socket, open };
    });
  }

  async #open({ settings, socket }: Plan, leaving: readonly Listener[]): Promise<Listener> {
    try {
      return await Listener.open(settings, this.#parts.partsFor(settings), socket);
    } catch (error) {
      const own = leaving.find((listener) => isSamePort(listener.settings, settings));
      const isTaken = error instanceof ListenError && (error.cause as NodeJS.ErrnoException)?.code === "EADDRINUSE";
      if (own === undefined || !isTaken) throw error;
      const reason = `this daemon itself listens on ${own.name}, which overlaps; restart it for this change`;
      throw new ListenError(error.endpoint, reason, { cause: error });
    }
  }

  #change(listener: Listener, settings: ListenerSettings, drainTimeoutMs: number): void {
    const isAwake = !this.#resting.delete(listener);
    if (isAwake && isSame(listener.settings, settings)) return;
    listener.change(settings, this.#parts.partsFor(settings), drainTimeoutMs);
  }

  /** Has a listener leave that the configuration does not name any more. */
  #dismiss(listener: Listener, drainTimeoutMs: number): void {
    if (listener.inherited !== undefined) {
      this.#resting.add(listener);
      void listener.rest(drainTimeoutMs);
      return;
    }
    this.#leaving.add(listener);
    void listener.drain(drainTimeoutMs).then(() => this.#leaving.delete(listener));
  }

  /** Takes back the opening of a listener. */
  #abandon(listener: Listener): void {
    if (listener.inherited === undefined) listener.destroy();
    else this.#dismiss(listener, 0);
  }
}

function isSamePort({ endpoint: one }: ListenerSettings, { endpoint: other }: ListenerSettings): boolean {
  return one.kind === "inet" && other.kind === "inet" && one.port === other.port;
}

function isSame(one: ListenerSettings, other: ListenerSettings): boolean {
  return (
    formatEndpoint(one.endpoint) === formatEndpoint(other.endpoint) &&
    one.protocol === other.protocol &&
    one.mode === other.mode &&
    one.group === other.group &&
    one.map === other.map &&
    one.action === other.action &&
    one.resent === other.resent
  );
}
