/** What the daemon is told by signals, from its first moment on: one that comes during the start is kept, not deadly. */
import type { Log } from "../model/log.ts";
import { exitCode } from "../system/program.ts";

/** SIGTERM and SIGINT stop, a second one ends the process at once; SIGHUP reloads, unless the process is stopping. */
export class Signals {
  /** Resolves at the first SIGTERM or SIGINT, at once: a reload under way is not waited for. */
  readonly stopped: Promise<void>;
  #isStopping = false;
  #reload: (() => Promise<void>) | undefined;
  #reloading: Promise<void> = Promise.resolve();
  #isReloadDue = false;

  /** Takes the signals over from the system. */
  constructor(log: Log) {
    process.on("SIGHUP", () => this.#hangUp());
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      // By itself Node would open its inspector to every local user at the first one, and end at the second one.
      process.on(signal, () => log.info({ signal }, "signal without a meaning here"));
    }
    this.stopped = new Promise((resolve) => {
      const stop = (signal: NodeJS.Signals): void => {
        if (this.#isStopping) {
          log.warn({ signal }, "second signal: exiting at once");
          process.exit(exitCode.ok);
        }
        this.#isStopping = true;
        resolve();
      };
      process.on("SIGTERM", stop);
      process.on("SIGINT", stop);
    });
  }

  /**
   * Has the configuration reloaded at each SIGHUP, one after the other, and at once if one came before this call.
   *
   * @param reload must not reject
   */
  onReload(reload: () => Promise<void>): void {
    this.#reload = reload;
    if (this.#isReloadDue) this.#hangUp();
  }

  #hangUp(): void {
    const reload = this.#reload;
    this.#isReloadDue = reload === undefined;
    if (reload === undefined) return;
    this.#reloading = this.#reloading.then(() => (this.#isStopping ? undefined : reload()));
  }
}
