/** What the log says about single lookups: all of them at level debug, failures always (rate-limited by the log). */
import { SourceError } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Query } from "../model/query.ts";
import type { Failure, Reply } from "../model/reply.ts";

/** Logs a lookup with its key and owners; only called when level debug is on. */
export function logLookup(log: Log, queryId: string, query: Query, reply: Reply | Promise<Reply>): void {
  if (reply instanceof Promise) {
    // LookupMap.lookup never rejects.
    void reply.then((settled) => logLookup(log, queryId, query, settled));
    return;
  }
  const owners = reply.kind === "ok" ? { owners: reply.owners.text } : {};
  log.debug({ queryId, map: query.map, key: query.key, outcome: reply.kind, ...owners }, "lookup");
}

/**
 * Logs a failure under the id that the client was told, with its cause.
 *
 * @param map as the configuration names it; `undefined` when the client named none that exists
 */
export function logFailure(log: Log, queryId: string, map: string | undefined, failure: Failure): void {
  const { reason, cause } = failure;
  const source = cause instanceof SourceError && cause.source !== undefined ? { source: cause.source } : {};
  const fields = { queryId, map, reason, ...source, err: cause };
  log.warn(fields, failure.kind === "permanent" ? "query refused" : "lookup failed");
}
