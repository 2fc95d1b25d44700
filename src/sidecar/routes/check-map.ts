/** Map names as clients of the API give them. */
import type { SidecarDeps } from "../deps.ts";
import { HttpError } from "../http-error.ts";

/** @throws {HttpError} ERR_HTTP_UNKNOWN_MAP when a map is named that the configuration does not have */
export function checkMap(deps: SidecarDeps, map: string | undefined): void {
  if (map === undefined) return;
  const known = deps.maps();
  if (!known.includes(map)) {
    throw new HttpError("ERR_HTTP_UNKNOWN_MAP", `there is no such map; the configuration has ${known.join(", ")}`);
  }
}
