/**
 * Says what an error of PostgreSQL, of a pooler in front of it or of the driver means for the lookup and for the host: tables,
 * and nothing else.
 *
 * The server's codes are those of its Appendix A. A code that is not named counts as its class does; words of the server are
 * repeated only where they name objects and accounts, never a parameter.
 */
import { connectionReason } from "../../system/errno.ts";
import { SessionError, type SessionErrorKind } from "../session.ts";

interface Meaning {
  readonly kind: SessionErrorKind;
  readonly name: string;
  /** Whether the server's words may be logged. */
  readonly isQuotable?: true;
}

const byState: Readonly<Record<string, Meaning>> = {
  "0A000": { kind: "statement", name: "feature_not_supported", isQuotable: true },
  "21000": { kind: "unknown", name: "cardinality_violation" },
  // A pooler that gives our connection another backend forgets what we prepared, or knows it from others.
  "26000": { kind: "connection", name: "invalid_sql_statement_name" },
  "42P05": { kind: "connection", name: "duplicate_prepared_statement" },
  "25P03": { kind: "connection", name: "idle_in_transaction_session_timeout" },
  // The fragment at which a syntax error is found is SQL.
  "42601": { kind: "statement", name: "syntax_error" },
  "53300": { kind: "connection", name: "too_many_connections", isQuotable: true },
  "55P03": { kind: "timeout", name: "lock_not_available" },
  "57014": { kind: "timeout", name: "query_canceled" },
  "57P01": { kind: "connection", name: "admin_shutdown" },
  "57P02": { kind: "connection", name: "crash_shutdown" },
  "57P03": { kind: "connection", name: "cannot_connect_now", isQuotable: true },
  "57P04": { kind: "connection", name: "database_dropped" },
  "57P05": { kind: "connection", name: "idle_session_timeout" },
};

const byClass: Readonly<Record<string, Meaning>> = {
  "08": { kind: "connection", name: "connection_exception", isQuotable: true },
  // What the key holds decides: text where a number is wanted, a character that the database's encoding lacks, a division by 0.
  "22": { kind: "key", name: "data_exception" },
  "25": { kind: "statement", name: "invalid_transaction_state", isQuotable: true },
  "28": { kind: "statement", name: "invalid_authorization", isQuotable: true },
  "3D": { kind: "statement", name: "invalid_catalog_name", isQuotable: true },
  "3F": { kind: "statement", name: "invalid_schema_name", isQuotable: true },
  "40": { kind: "retry", name: "transaction_rollback" },
  "42": { kind: "statement", name: "syntax_error_or_access_rule_violation", isQuotable: true },
  "54": { kind: "statement", name: "program_limit_exceeded", isQuotable: true },
};

/** The error of a server as the driver raises it. */
interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly routine?: string;
}

/** Tells whether a server (or a pooler) sent this error: then something is alive there, even if it turns us away. */
export function isServersAnswer(error: unknown): error is ServerError {
  const { code, severity } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return typeof severity === "string" && typeof code === "string";
}

/** Tells whether an administrator ended the session (`pg_terminate_backend`, an orderly restart). */
export function isTermination(error: unknown): boolean {
  return isServersAnswer(error) && error.code === "57P01";
}

/** Says what an error means. Anything that carries no code of the server is taken for the connection's. */
export function toSessionError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  if (isServersAnswer(error)) {
    const { kind, name, isQuotable } = meaningOf(error);
    const words = isQuotable === true ? `: ${error.message}` : "";
    return new SessionError(kind, `${name} (${error.code})${words}`, { cause: error });
  }
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const text =
    typeof code === "string" ? (connectionReason(code) ?? code) : typeof message === "string" ? message : String(error);
  return new SessionError("connection", text, { cause: error });
}

/** The same with the server's words whatever they are: for whoever wrote the statement, before it had parameters. */
export function toAuthorsError(error: unknown): SessionError {
  const known = toSessionError(error);
  if (!isServersAnswer(error)) return known;
  return new SessionError(known.kind, `${meaningOf(error).name} (${error.code}): ${error.message}`, { cause: error });
}

function meaningOf({ code, routine }: ServerError): Meaning {
  // A prepared statement whose table got other columns: a new session prepares it anew.
  if (routine === "RevalidateCachedQuery")
    return { kind: "connection", name: "cached plan must not change result type" };
  return byState[code] ?? byClass[code.slice(0, 2)] ?? { kind: "unknown", name: "error" };
}
