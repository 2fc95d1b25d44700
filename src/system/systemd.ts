/** What systemd is told (sd_notify(3)), and how often it wants to hear from us. */
import { execFile } from "node:child_process";

/** Tells systemd about the state of the daemon; does nothing when it did not ask. */
export class Notifier {
  readonly #isAsked: boolean;
  readonly #onError: (error: Error) => void;

  /** @param onError called when systemd-notify(1) cannot be run */
  constructor(env: NodeJS.ProcessEnv, onError: (error: Error) => void) {
    this.#isAsked = env["NOTIFY_SOCKET"] !== undefined;
    this.#onError = onError;
  }

  /**
   * Sends assignments such as `READY=1`. Node cannot send unix datagrams, so systemd-notify(1) does; the unit needs
   * `NotifyAccess=all` (docs/decisions/0003-systemd-notify.md).
   *
   * @returns when they were sent, or could not be
   */
  notify(...assignments: string[]): Promise<void> {
    if (!this.#isAsked) return Promise.resolve();
    return new Promise((resolve) => {
      execFile("systemd-notify", assignments, { timeout: 5_000 }, (error) => {
        if (error !== null) this.#onError(error);
        resolve();
      });
    });
  }
}

/**
 * How often systemd wants a sign of life, in milliseconds: half of what it allows (sd_watchdog_enabled(3)).
 *
 * @returns `undefined` when it wants none, or not of this process
 */
export function watchdogIntervalMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const timeoutUs = Number(env["WATCHDOG_USEC"] ?? 0);
  const isOurs = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  return timeoutUs > 0 && isOurs ? timeoutUs / 2000 : undefined;
}
