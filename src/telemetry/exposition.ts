/**
 * The tallies of a daemon, and the same as Prometheus reads them.
 *
 * The library that writes them (metrics.ts) is loaded when it is opened: no lookup needs it, and the listeners answer before.
 */
import type { Registry } from "prom-client";
import type { BuildInfo } from "./metrics.ts";
import { Tallies } from "./tallies.ts";
import { type Snapshot, takeSnapshot } from "./totals.ts";

/** What a daemon counts, and what it publishes of it. */
export class Metrics extends Tallies {
  /** The media type of `text`: the Prometheus text format 0.0.4. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #build: BuildInfo;
  #registry: Promise<Registry> | undefined;

  constructor(build: BuildInfo) {
    super();
    this.#build = build;
  }

  /** Loads what `text` needs, and begins to watch the process (its event loop, its garbage collection). */
  async open(): Promise<void> {
    await this.#opened();
  }

  /** Everything that metrics.ts registers, as text. Opens what is not open yet. */
  async text(): Promise<string> {
    return (await this.#opened()).metrics();
  }

  /** The sums of now, for the status page. */
  snapshot(): Snapshot {
    return takeSnapshot(this);
  }

  #opened(): Promise<Registry> {
    this.#registry ??= import("./metrics.ts").then(({ openRegistry }) => openRegistry(this, this.#build));
    return this.#registry;
  }
}
