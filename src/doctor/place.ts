/** Where a table is for a service: what to look at, and under which key what was seen is kept. */
import { type Endpoint, formatEndpoint } from "../model/settings.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { clientOf, pathSeenFrom, type Table } from "./table.ts";

/** A table with the place where a service looks for it. */
export interface ReachedTable {
  readonly table: Table;
  /** As seen from outside of any chroot: a unix path is absolute. */
  readonly endpoint: Endpoint;
  readonly isChrooted: boolean;
  /** The way to a socket begins at the queue directory, not at `/`. */
  readonly isBelowQueue: boolean;
  readonly key: string;
}

/** Finds it; `undefined` for a table that cannot be read. */
export function placeOf(table: Table, service: Service, postfix: PostfixConfig): ReachedTable | undefined {
  if (table.endpoint === undefined || (table.protocol === "socketmap" && table.map === "")) return undefined;
  const { isChrooted } = clientOf(table, service, postfix);
  const isRelative = table.endpoint.kind === "unix" && !table.endpoint.path.startsWith("/");
  const endpoint: Endpoint =
    table.endpoint.kind === "unix"
      ? { kind: "unix", path: pathSeenFrom(table.endpoint.path, isChrooted, postfix.queueDirectory) }
      : table.endpoint;
  return {
    table,
    endpoint,
    isChrooted,
    isBelowQueue: isChrooted || isRelative,
    key: `${table.protocol} ${formatEndpoint(endpoint)} ${table.map}`,
  };
}
