/**
 * Says what an error of MySQL, MariaDB or the driver means for the lookup and for the host: a table, and nothing else.
 *
 * The one question that matters is whether the host is to blame. Postfix's own client takes every failed query for a dead
 * host and refuses all mail for a minute; here only the codes marked `connection` and `refused` speak against a host.
 */

import { connectionReason } from "../../system/errno.ts";
import type { SessionErrorKind } from "../session.ts";

interface Meaning {
  readonly name: string;
  readonly kind: SessionErrorKind;
  /** Whether the server's words may be logged: they name tables and accounts, never a parameter or SQL. */
  readonly isQuotable?: true;
}

// Server codes (MySQL 8.0 and MariaDB 10.11 error references). Those of a failed login count as `connection` whatever this
// table says, since `connect` marks every failure before the first statement so.
const byNumber: Readonly<Record<number, Meaning>> = {
  1040: { name: "ER_CON_COUNT_ERROR", kind: "refused", isQuotable: true },
  1042: { name: "ER_BAD_HOST_ERROR", kind: "connection" },
  1043: { name: "ER_HANDSHAKE_ERROR", kind: "connection" },
  1044: { name: "ER_DBACCESS_DENIED_ERROR", kind: "statement", isQuotable: true },
  1045: { name: "ER_ACCESS_DENIED_ERROR", kind: "connection", isQuotable: true },
  // A node of a Galera cluster that is not part of it (yet) says so to every statement: another host may be.
  1047: { name: "ER_UNKNOWN_COM_ERROR", kind: "connection", isQuotable: true },
  1049: { name: "ER_BAD_DB_ERROR", kind: "statement", isQuotable: true },
  1053: { name: "ER_SERVER_SHUTDOWN", kind: "connection" },
  1054: { name: "ER_BAD_FIELD_ERROR", kind: "statement", isQuotable: true },
  1060: { name: "ER_DUP_FIELDNAME", kind: "statement" },
  1064: { name: "ER_PARSE_ERROR", kind: "statement" },
  1077: { name: "ER_NORMAL_SHUTDOWN", kind: "connection" },
  1080: { name: "ER_FORCING_CLOSE", kind: "connection" },
  1129: { name: "ER_HOST_IS_BLOCKED", kind: "connection", isQuotable: true },
  1130: { name: "ER_HOST_NOT_PRIVILEGED", kind: "connection", isQuotable: true },
  1142: { name: "ER_TABLEACCESS_DENIED_ERROR", kind: "statement", isQuotable: true },
  1143: { name: "ER_COLUMNACCESS_DENIED_ERROR", kind: "statement", isQuotable: true },
  1146: { name: "ER_NO_SUCH_TABLE", kind: "statement", isQuotable: true },
  1152: { name: "ER_ABORTING_CONNECTION", kind: "connection" },
  1156: { name: "ER_NET_PACKETS_OUT_OF_ORDER", kind: "connection" },
  1158: { name: "ER_NET_READ_ERROR", kind: "connection" },
  1159: { name: "ER_NET_READ_INTERRUPTED", kind: "connection" },
  1160: { name: "ER_NET_ERROR_ON_WRITE", kind: "connection" },
  1161: { name: "ER_NET_WRITE_INTERRUPTED", kind: "connection" },
  1184: { name: "ER_NEW_ABORTING_CONNECTION", kind: "connection" },
  1203: { name: "ER_TOO_MANY_USER_CONNECTIONS", kind: "refused", isQuotable: true },
  1205: { name: "ER_LOCK_WAIT_TIMEOUT", kind: "timeout" },
  1213: { name: "ER_LOCK_DEADLOCK", kind: "retry" },
  1222: { name: "ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT", kind: "unknown" },
  1226: { name: "ER_USER_LIMIT_REACHED", kind: "refused", isQuotable: true },
  // A proxy that gives our connection another backend forgets what we prepared; a new connection prepares again.
  1243: { name: "ER_UNKNOWN_STMT_HANDLER", kind: "connection" },
  1267: { name: "ER_CANT_AGGREGATE_2COLLATIONS", kind: "key" },
  1270: { name: "ER_CANT_AGGREGATE_3COLLATIONS", kind: "key" },
  1271: { name: "ER_CANT_AGGREGATE_NCOLLATIONS", kind: "key" },
  1300: { name: "ER_INVALID_CHARACTER_STRING", kind: "key" },
  1305: { name: "ER_SP_DOES_NOT_EXIST", kind: "statement", isQuotable: true },
  1317: { name: "ER_QUERY_INTERRUPTED", kind: "retry" },
  1366: { name: "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD", kind: "key" },
  1370: { name: "ER_PROCACCESS_DENIED_ERROR", kind: "statement", isQuotable: true },
  1412: { name: "ER_TABLE_DEF_CHANGED", kind: "retry" },
  1461: { name: "ER_MAX_PREPARED_STMT_COUNT_REACHED", kind: "refused", isQuotable: true },
  1615: { name: "ER_NEED_REPREPARE", kind: "retry" },
  1927: { name: "ER_CONNECTION_KILLED", kind: "connection" },
  1969: { name: "ER_STATEMENT_TIMEOUT", kind: "timeout" },
  1977: { name: "ER_CANNOT_CONVERT_CHARACTER", kind: "key" },
  2006: { name: "CR_SERVER_GONE_ERROR", kind: "connection" },
  2013: { name: "CR_SERVER_LOST", kind: "connection" },
  3024: { name: "ER_QUERY_TIMEOUT", kind: "timeout" },
  3159: { name: "ER_SECURE_TRANSPORT_REQUIRED", kind: "connection", isQuotable: true },
  3854: { name: "ER_CANNOT_CONVERT_STRING", kind: "key" },
  4031: { name: "ER_CLIENT_INTERACTION_TIMEOUT", kind: "connection" },
};

// What the operating system and the driver say; all of it concerns the connection.
// What mysql2 says beside the errors of the system.
const byCode: Readonly<Record<string, string>> = {
  PROTOCOL_CONNECTION_LOST: "connection closed by the server",
  HANDSHAKE_NO_SSL_SUPPORT: "the server offers no TLS",
  HANDSHAKE_SSL_ERROR: "TLS failed",
  AUTH_SWITCH_PLUGIN_ERROR:
    "the server wants the password as only TLS, a unix socket or server_public_key_file can send it safely",
};

/** An error as mysql2 and Node raise it, or anything else that was thrown. */
export interface MysqlFailure {
  readonly kind: SessionErrorKind;
  /** For the log and `check`: name, number and, where they hold no parameter, the server's words. */
  readonly text: string;
}

/** Says what an error means. Anything that carries no code of the server is taken for the connection's. */
export function classifyMysqlError(error: unknown): MysqlFailure {
  const { errno, code, sqlMessage } = fieldsOf(error);
  if (errno !== undefined) {
    const meaning = byNumber[errno];
    if (meaning === undefined) return { kind: "unknown", text: `${code ?? "unknown error"} (${errno})` };
    const words = meaning.isQuotable === true && sqlMessage !== undefined ? `: ${sqlMessage}` : "";
    return { kind: meaning.kind, text: `${meaning.name} (${errno})${words}` };
  }
  if (code !== undefined) return { kind: "connection", text: byCode[code] ?? connectionReason(code) ?? code };
  return { kind: "connection", text: error instanceof Error ? error.message : "connection failed" };
}

/** The server's words whatever they are: for whoever wrote the statement, before it had parameters. */
export function authorsText(error: unknown): string {
  const { errno, code, sqlMessage } = fieldsOf(error);
  if (errno === undefined || sqlMessage === undefined) return classifyMysqlError(error).text;
  return `${byNumber[errno]?.name ?? code ?? "unknown error"} (${errno}): ${sqlMessage}`;
}

// What a session is told that somebody ended (KILL; MySQL says then that it shuts down), or that the server lost: it was let in.
const sessionEnded: ReadonlySet<number> = new Set([1053, 1080, 1152, 1184, 1927]);

/** Tells whether a server answered and does not let us in: something is alive there, and of no use to us now. */
export function isTurnedAway(error: unknown): boolean {
  const { errno } = fieldsOf(error);
  return errno !== undefined && !sessionEnded.has(errno);
}

interface Fields {
  readonly errno: number | undefined;
  readonly code: string | undefined;
  readonly sqlMessage: string | undefined;
}

// Node's own errno is negative; the server's numbers start at 1000 and come with an SQL state.
function fieldsOf(error: unknown): Fields {
  const { errno, code, sqlMessage } = (typeof error === "object" && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  return {
    errno: typeof errno === "number" && errno >= 1000 ? errno : undefined,
    code: typeof code === "string" ? code : undefined,
    sqlMessage: typeof sqlMessage === "string" ? sqlMessage : undefined,
  };
}
