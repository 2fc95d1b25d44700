/** `loginmapd serve`: runs the daemon until it is told to stop. */
import { setTimeout } from "node:timers/promises";
import { type ConfigProblem, formatProblem } from "../model/errors.ts";
import { ListenError } from "../system/errno.ts";
import { inheritedSockets } from "../system/inherited-sockets.ts";
import { type ExitCode, exitCode, packageVersion } from "../system/program.ts";
import { Notifier, watchdogIntervalMs } from "../system/systemd.ts";
import { Metrics } from "../telemetry/exposition.ts";
import { History } from "../telemetry/history.ts";
import { type AdjustableLog, createLog } from "../telemetry/log.ts";
import { RecentErrors } from "../telemetry/recent-errors.ts";
import { Daemon } from "./daemon.ts";
import { keepHeapClose } from "./heap.ts";
import type { LoadedSettings, ServeOptions } from "./load.ts";
import type { SidecarServer } from "./sidecar-server.ts";
import type { SidecarParts } from "./sidecar-view.ts";
import { Signals } from "./signals.ts";

// Time to end by itself, once everything is drained.
const exitAfterMs = 100;
// Loading the web server holds up the event loop for some 100 ms. The clients that wait already are answered before that, and
// for misses their source has to be connected; one that is away must not hold up /healthz for long.
const clientsFirstMs = 20;
const sourcesFirstMs = 1_000;

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
  const history = new History(
    () => metrics.snapshot(),
    () => new Date(),
  );
  const notifier = new Notifier(process.env, (error) => log.warn({ err: error }, "systemd-notify failed"));
  const signals = new Signals(log);
  logWarnings(log, warnings);
  let daemon: Daemon | undefined;
  try {
    const { sockets, unusable } = inheritedSockets(process.env, process.pid);
    for (const { fd, name } of unusable) log.warn({ fd, name }, "a file from systemd is no listening socket");
    daemon = Daemon.open(settings, { log, metrics, inherited: sockets });
    // Before the first client: what was remembered must be there when it is asked for.
    await daemon.snapshots.restore();
    await daemon.listen();
    history.start();
    const warmed = daemon.warm();
    await Promise.race([answerClients(daemon, warmed), signals.stopped]);
    const sidecar = await openSidecar(daemon, { version, log, metrics, recentErrors, history });
    await listenAdmin(sidecar, loaded, log);
    await Promise.race([warmed, signals.stopped]);
    daemon.snapshots.start();
    await notifier.notify("READY=1", `STATUS=Serving ${[...daemon.chains.keys()].join(", ")}`);
    const watchdog = startWatchdog(notifier);
    keepHeapClose();
    log.info({ version, listeners: daemon.server.listeners.map(({ name }) => name) }, "ready");
    options.onReady?.(daemon.settings);

    const parts = { load: options.load, daemon, sidecar, log, metrics, notifier };
    signals.onReload(() => reload(parts));
    await signals.stopped;

    clearInterval(watchdog);
    void notifier.notify("STOPPING=1");
    log.info({}, "draining");
    await daemon.drain();
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
    globalThis.setTimeout(() => process.exit(), exitAfterMs).unref();
  }
}

/** Waits until the sources are connected, and until the clients that came meanwhile have their answers. */
async function answerClients(daemon: Daemon, warmed: Promise<void>): Promise<void> {
  const endMs = performance.now() + sourcesFirstMs;
  await Promise.race([warmed, setTimeout(sourcesFirstMs)]);
  do await setTimeout(clientsFirstMs);
  while (daemon.lookupsUnderWay > 0 && performance.now() < endMs);
}

/** Loads the web server and what it shows, which no lookup needs: one part after the other, lookups in between. */
async function openSidecar(daemon: Daemon, parts: SidecarParts): Promise<SidecarServer> {
  await parts.metrics.open();
  const { sidecarDeps } = await import("./sidecar-view.ts");
  const { SidecarServer } = await import("./sidecar-server.ts");
  const { buildSidecar } = await import("../sidecar/app.ts");
  const deps = sidecarDeps(daemon, parts);
  return new SidecarServer(() => buildSidecar(deps));
}

interface ReloadParts {
  readonly load: () => LoadedSettings;
  readonly daemon: Daemon;
  readonly sidecar: SidecarServer;
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
  sidecar: SidecarServer,
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

function startWatchdog(notifier: Notifier): NodeJS.Timeout | undefined {
  const intervalMs = watchdogIntervalMs(process.env, process.pid);
  return intervalMs === undefined
    ? undefined
    : setInterval(() => void notifier.notify("WATCHDOG=1"), intervalMs).unref();
}

function logWarnings(log: AdjustableLog, warnings: readonly ConfigProblem[]): void {
  for (const warning of warnings) log.warn({ problem: formatProblem(warning) }, "configuration");
}
