/** Errors → what a client is told: a reason without SQL, hosts, logins or credentials. */
import { SourceError, type SourceErrorCode } from "../model/errors.ts";
import type { Failure } from "../model/reply.ts";

const reasons: Record<SourceErrorCode, string> = {
  ERR_SOURCE_UNAVAILABLE: "source unavailable",
  ERR_SOURCE_TIMEOUT: "source timeout",
  ERR_SOURCE_SQL: "source error",
  ERR_SOURCE_RESULT: "source result over its limit",
  ERR_SOURCE_OVERLOAD: "too many lookups waiting",
  ERR_SOURCE_CLOSED: "shutting down",
};

/** Turns whatever a source threw into a failure. Every kind of it makes Postfix try again later (451). */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof SourceError)) return { kind: "temporary", reason: "internal error", cause: error };
  const kind = error.code === "ERR_SOURCE_TIMEOUT" ? "timeout" : "temporary";
  return { kind, reason: reasons[error.code], cause: error };
}

/** The whole lookup took longer than `limits.lookup_timeout`. */
export const lookupTimedOut: Failure = { kind: "timeout", reason: "lookup timeout" };

/** The client named a map that the configuration does not have. */
export const unknownMap: Failure = { kind: "permanent", reason: "unknown map" };

/** The frame is intact but holds no query. */
export const notAQuery: Failure = { kind: "permanent", reason: "not a query" };
