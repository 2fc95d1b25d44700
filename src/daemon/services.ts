/** Which service a listener has, by the protocol of its settings: the one place that knows all of them. */
import { rememberingReader } from "../lookup/field-reader.ts";
import type { MapRegistry } from "../lookup/map-registry.ts";
import type { Log } from "../model/log.ts";
import type { ProtocolName } from "../model/query.ts";
import type { Service } from "../model/service.ts";
import { type LimitSettings, type ListenerSettings, listenerName } from "../model/settings.ts";
import type { ListenerTally } from "../model/tally.ts";
import type { Turn } from "../net/turn.ts";
import { socketmap } from "../protocol/socketmap.ts";
import { tcpTable } from "../protocol/tcp-table.ts";
import { LookupService } from "../service/lookup.ts";
import { MilterService } from "../service/milter.ts";
import { noteWith } from "../service/milter-log.ts";
import type { Metrics } from "../telemetry/exposition.ts";
import { unknownMap } from "../telemetry/tallies.ts";

/** What services are opened with. */
export interface ServiceParts {
  readonly maps: MapRegistry;
  /** The listener in the settings in force: connections that are open follow a reload. */
  readonly settings: () => ListenerSettings;
  readonly limits: () => LimitSettings;
  readonly metrics: Metrics;
  readonly tally: ListenerTally;
  readonly turn: Turn;
  readonly log: Log;
}

/** Makes the service of one listener. */
export function openService(listener: ListenerSettings, parts: ServiceParts): Service {
  const { protocol } = listener;
  return protocol === "milter" ? openMilter(listener, parts) : openLookups(protocol, parts);
}

function openLookups(protocol: ProtocolName, parts: ServiceParts): Service {
  const { maps, settings, limits, metrics, tally, turn, log } = parts;
  return new LookupService({
    protocol: protocol === "socketmap" ? socketmap : tcpTable,
    maps,
    defaultMap: () => settings().map,
    limits,
    tallyFor: (map = unknownMap) => metrics.lookup(map, protocol),
    listenerTally: tally,
    clock: turn,
    log,
  });
}

function openMilter(of: ListenerSettings, parts: ServiceParts): Service {
  const { maps, settings, limits, metrics, turn: clock, log } = parts;
  const listener = listenerName(of);
  const tally = metrics.messages(listener);
  const note = noteWith({
    listener,
    action: () => settings().action,
    tally,
    keep: (refusal) => metrics.refusals.add(refusal),
    log,
  });
  return new MilterService({ maps, settings, limits, clock, log, note, readField: rememberingReader() });
}
