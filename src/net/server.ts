/** All listeners of the daemon: opened together, changed by a reload, drained at the end. */
import { formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import { Listener, type ListenerParts } from "./listener.ts";
import type { InheritedSockets } from "./systemd.ts";

/** Makes what a listener needs, from its settings. */
export type PartsFor = (settings: ListenerSettings) => ListenerParts;

// Idle, frame and write deadlines are tens of seconds; a second more does not matter.
const checkIntervalMs = 1000;

/** The listening side of the daemon. */
export class Server {
  readonly #partsFor: PartsFor;
  readonly #nowMs: () => number;
  readonly #inherited: InheritedSockets;
  #listeners: Listener[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param inherited sockets from systemd; each is used once, by the listener that has its endpoint */
  constructor(partsFor: PartsFor, nowMs: () => number, inherited: InheritedSockets) {
    this.#partsFor = partsFor;
    this.#nowMs = nowMs;
    this.#inherited = inherited;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Listens on exactly these endpoints: opens new ones, keeps those that did not change, drains the others.
   *
   * All or nothing: when one cannot be opened, those that this call opened are closed again and the old ones stay.
   *
   * @throws {ListenError}
   */
  async listen(settings: readonly ListenerSettings[]): Promise<void> {
    const kept = this.#listeners.filter((open) => settings.some((wanted) => isSame(open.settings, wanted)));
    const leaving = this.#listeners.filter((open) => !kept.includes(open));
    const missing = settings.filter((wanted) => !kept.some((open) => isSame(open.settings, wanted)));
    const opened: Listener[] = [];
    try {
      for (const wanted of missing) {
        const replaced = leaving.find((open) => isSameEndpoint(open.settings, wanted));
        // The same endpoint with another protocol or mode: it must be free before it can be bound again.
        if (replaced !== undefined) await replaced.drain();
        opened.push(await Listener.open(wanted, this.#partsFor(wanted), this.#takeInherited(wanted)));
      }
    } catch (error) {
      for (const listener of opened) listener.destroy();
      throw error;
    }
    this.#listeners = [...kept, ...opened];
    this.#timer ??= setInterval(() => this.#check(), checkIntervalMs).unref();
    await Promise.all(leaving.map((listener) => listener.drain()));
  }

  /** Stops accepting, answers what is in flight, closes. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#listeners.map((listener) => listener.drain()));
  }

  /** Closes everything at once. */
  destroy(): void {
    clearInterval(this.#timer);
    for (const listener of this.#listeners) listener.destroy();
  }

  #check(): void {
    const nowMs = this.#nowMs();
    for (const listener of this.#listeners) listener.checkDeadlines(nowMs);
  }

  #takeInherited(settings: ListenerSettings): number | undefined {
    const name = formatEndpoint(settings.endpoint);
    const fd = this.#inherited.get(name);
    this.#inherited.delete(name);
    return fd;
  }
}

function isSameEndpoint(one: ListenerSettings, other: ListenerSettings): boolean {
  return formatEndpoint(one.endpoint) === formatEndpoint(other.endpoint);
}

function isSame(one: ListenerSettings, other: ListenerSettings): boolean {
  return (
    isSameEndpoint(one, other) &&
    one.protocol === other.protocol &&
    one.mode === other.mode &&
    one.group === other.group &&
    one.map === other.map
  );
}
