/** The protocols by which clients reach a map. */
import type { ListenerSettings } from "../model/settings.ts";
import type { Protocol } from "./protocol.ts";
import { socketmap } from "./socketmap.ts";
import { tcpTable } from "./tcp-table.ts";

/**
 * Lists them, socketmap first: it names the map, so every listener of it serves every map; a tcp_table listener serves one.
 *
 * @returns both, when no listener serves the map: then nobody knows how it will be asked
 */
export function protocolsOf(
  map: string,
  listeners: readonly Pick<ListenerSettings, "protocol" | "map">[],
): readonly [Protocol, ...Protocol[]] {
  const isSocketmap = listeners.some(({ protocol }) => protocol === "socketmap");
  const isTcpTable = listeners.some((listener) => listener.protocol === "tcp_table" && listener.map === map);
  if (isSocketmap === isTcpTable) return [socketmap, tcpTable];
  return isSocketmap ? [socketmap] : [tcpTable];
}
