/** `loginmapd serve`: runs the daemon until it is told to stop. */

import { type ConfigProblem, formatProblem } from "../model/errors.ts";
import { type Endpoint, formatEndpoint, type Settings } from "../model/settings.ts";
import { buildSidecar } from "../sidecar/app.ts";
import { listenSidecar } from "../sidecar/listen.ts";
import { type ExitCode, exitCode } from "../system/exit-code.ts";
import { inheritedSockets } from "../system/inherited-sockets.ts";
import { ListenError } from "../system/listen-error.ts";
import { packageVersion } from "../system/package.ts";
import { Notifier, watchdogIntervalMs } from "../system/systemd.ts";
import { type AdjustableLog, createLog } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { RecentErrors } from "../telemetry/recent-errors.ts";
import { Daemon } from "./daemon.ts";
import { keepHeapClose } from "./heap.ts";
import { sidecarDeps } from "./sidecar-view.ts";
import { Signals } from "./signals.ts";
import { Snapshots } from "./snapshots.ts";

// Time to end by itself, once everything is drained.
const exitAfterMs = 100;

/** A configuration and what is doubtful about it, as config/ makes it. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly warnings: readonly ConfigProblem[];
  /** Go on without the admin endpoint where it cannot be had. */
  readonly isAdminOptional?: boolean;
}

/** How the daemon gets its configuration, at the start and at every reload. */
export interface ServeOptions {
  /** @throws {ConfigError} */
  load(): LoadedSettings;
  /** Called once everything listens, with the settings in force. */
  onReady?(settings: Settings): void;
}

/**
 * Runs the daemon.
 *
 * SIGTERM and SIGINT drain it, a second one ends it at once; SIGHUP reloads the configuration or says why it does not.
 *
 * @returns when it has drained
 * @throws {ConfigError} when the configuration is wrong at the start
 */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const loaded = options.load();
  const { settings, warnings } = loaded;
  const version = packageVersion();
  const recentErrors = new RecentErrors();
  const log = createLog({ ...settings.log, recentErrors });
  const metrics = new Metrics({ version, node: process.version });
  const notifier = new Notifier(process.env, (error) => log.warn({ err: error }, "systemd-notify failed"));
  const signals = new Signals(log);
  logWarnings(log, warnings);
  let daemon: Daemon | undefined;
  try {
    const { sockets, unusable } = inheritedSockets(process.env, process.pid);
    for (const { fd, name } of unusable) log.warn({ fd, name }, "a file from systemd is no listening socket");
    daemon = Daemon.open(settings, { log, metrics, inherited: sockets });
    const snapshots = new Snapshots(daemon, log);
    const deps = sidecarDeps(daemon, { version, log, metrics, recentErrors, snapshots });
    const sidecar = new Sidecar(() => buildSidecar(deps));
    // Before the first client: what was remembered must be there when it is asked for.
    await snapshots.restore();
    await daemon.listen();
    // The sources answer while the web server is loaded.
    const warmed = daemon.warm();
    await listenAdmin(sidecar, loaded, log);
    await Promise.race([warmed, signals.stopped]);
    snapshots.start();
    await notifier.notify("READY=1", `STATUS=Serving ${[...daemon.chains.keys()].join(", ")}`);
    const watchdog = startWatchdog(notifier);
    keepHeapClose();
    log.info({ version, listeners: daemon.server.listeners.map(({ name }) => name) }, "ready");
    options.onReady?.(daemon.settings);

    const parts = { load: options.load, daemon, sidecar, log, metrics, notifier };
    signals.onReload(() => reload(parts));
    await signals.stopped;

    clearInterval(watchdog);
    snapshots.stop();
    void notifier.notify("STOPPING=1");
    log.info({}, "draining");
    await daemon.drain();
    await snapshots.save();
    await sidecar.close();
    log.info({}, "stopped");
    return exitCode.ok;
  } catch (error) {
    await daemon?.drain();
    if (!(error instanceof ListenError)) throw error;
    log.error({ endpoint: error.endpoint }, error.message);
    return exitCode.unavailable;
  } finally {
    // A statement that a database does not answer would keep the process until its query_timeout. Its exit code is set by then.
    setTimeout(() => process.exit(), exitAfterMs).unref();
  }
}

interface ReloadParts {
  readonly load: () => LoadedSettings;
  readonly daemon: Daemon;
  readonly sidecar: Sidecar;
  readonly log: AdjustableLog;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
}

/**
 * Takes the configuration again, whole, or keeps the present one and says why. Never rejects. A stop that comes meanwhile does
 * not wait: nothing is taken or told any more then.
 */
async function reload({ load, daemon, sidecar, log, metrics, notifier }: ReloadParts): Promise<void> {
  const monotonicUsec = process.hrtime.bigint() / 1000n;
  await notifier.notify("RELOADING=1", `MONOTONIC_USEC=${monotonicUsec}`);
  if (daemon.isDraining) return;
  try {
    const loaded = load();
    const { settings, warnings } = loaded;
    await listenAdmin(sidecar, loaded, log);
    await daemon.reload(settings);
    logWarnings(log, warnings);
    metrics.configReloads.ok++;
    log.info({ listeners: daemon.server.listeners.map(({ name }) => name) }, "configuration reloaded");
    await daemon.warm();
  } catch (error) {
    if (daemon.isDraining) return;
    metrics.configReloads.error++;
    log.error({ err: error }, "configuration not reloaded; the old one stays in force");
    // The sidecar may have moved before the rest failed.
    await sidecar.listen(daemon.settings.admin.endpoint).catch((failure: unknown) => {
      log.error({ err: failure }, "the admin endpoint could not be moved back");
    });
  }
  if (!daemon.isDraining) await notifier.notify("READY=1");
}

/** @throws {ListenError} unless the configuration can do without */
async function listenAdmin(
  sidecar: Sidecar,
  { settings, isAdminOptional = false }: LoadedSettings,
  log: AdjustableLog,
): Promise<void> {
  try {
    await sidecar.listen(settings.admin.endpoint);
  } catch (error) {
    if (!isAdminOptional || !(error instanceof ListenError)) throw error;
    log.warn({ endpoint: error.endpoint }, `${error.message}; going on without metrics and health`);
  }
}

/** The HTTP server of the sidecar, which a reload may move to another endpoint. */
class Sidecar {
  readonly #build: () => ReturnType<typeof buildSidecar>;
  #app: ReturnType<typeof buildSidecar> | undefined;
  #endpoint = "";
  #isClosed = false;

  constructor(build: () => ReturnType<typeof buildSidecar>) {
    this.#build = build;
  }

  /** @throws {ListenError}; the endpoint before it stays open then */
  async listen(endpoint: Endpoint): Promise<void> {
    const name = formatEndpoint(endpoint);
    if (name === this.#endpoint) return;
    const app = this.#build();
    try {
      await listenSidecar(app, endpoint);
    } catch (error) {
      await app.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ListenError(name, `${reason} (admin.endpoint)`, { cause: error });
    }
    const previous = this.#app;
    this.#app = app;
    this.#endpoint = name;
    await previous?.close();
    if (this.#isClosed) await app.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#app?.close();
  }
}

function startWatchdog(notifier: Notifier): NodeJS.Timeout | undefined {
  const intervalMs = watchdogIntervalMs(process.env, process.pid);
  return intervalMs === undefined
    ? undefined
    : setInterval(() => void notifier.notify("WATCHDOG=1"), intervalMs).unref();
}

function logWarnings(log: AdjustableLog, warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) log.warn({ problem: formatProblem(warning) }, "configuration");
}
