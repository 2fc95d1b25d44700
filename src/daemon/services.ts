/** Which service a listener has, by the protocol of its settings: the one place that knows all of them. */
import type { MapRegistry } from "../lookup/map-registry.ts";
import type { Log } from "../model/log.ts";
import type { Service } from "../model/service.ts";
import type { LimitSettings, ListenerSettings } from "../model/settings.ts";
import type { ListenerTally } from "../model/tally.ts";
import type { Turn } from "../net/turn.ts";
import { socketmap } from "../protocol/socketmap.ts";
import { tcpTable } from "../protocol/tcp-table.ts";
import { LookupService } from "../service/lookup.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { unknownMap } from "../telemetry/tallies.ts";

/** What services are opened with. */
export interface ServiceParts {
  readonly maps: MapRegistry;
  /** The map of the listener in the settings in force: connections that are open follow a reload. */
  readonly defaultMap: () => string | undefined;
  readonly limits: () => LimitSettings;
  readonly metrics: Metrics;
  readonly tally: ListenerTally;
  readonly turn: Turn;
  readonly log: Log;
}

/** Makes the service of one listener. */
export function openService({ protocol }: ListenerSettings, parts: ServiceParts): Service {
  const { maps, defaultMap, limits, metrics, tally, turn, log } = parts;
  return new LookupService({
    protocol: protocol === "socketmap" ? socketmap : tcpTable,
    maps,
    defaultMap,
    limits,
    tallyFor: (map = unknownMap) => metrics.lookup(map, protocol),
    listenerTally: tally,
    clock: turn,
    log,
  });
}
