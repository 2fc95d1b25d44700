import { describe, expect, test } from "vitest";
import { authorsText, classifyMysqlError, isTurnedAway } from "../../../../src/source/mysql/errors.ts";
import { classifySqliteError } from "../../../../src/source/sqlite/errors.ts";

function serverError(errno: number, code: string, sqlMessage: string): Error {
  return Object.assign(new Error(sqlMessage), { errno, code, sqlMessage, sqlState: "HY000" });
}

describe("classifyMysqlError", () => {
  test.each([
    [1040, "refused"],
    [1045, "connection"],
    [1053, "connection"],
    [1129, "connection"],
    [1203, "refused"],
    [1243, "connection"],
    [1927, "connection"],
    [2006, "connection"],
    [2013, "connection"],
    [4031, "connection"],
    [1044, "statement"],
    [1047, "connection"],
    [1049, "statement"],
    [1054, "statement"],
    [1064, "statement"],
    [1142, "statement"],
    [1143, "statement"],
    [1146, "statement"],
    [1226, "refused"],
    [1461, "refused"],
    [1267, "key"],
    [1270, "key"],
    [1271, "key"],
    [1300, "key"],
    [1366, "key"],
    [1977, "key"],
    [3854, "key"],
    [1213, "retry"],
    [1317, "retry"],
    [1615, "retry"],
    [1205, "timeout"],
    [1969, "timeout"],
    [3024, "timeout"],
    [1222, "unknown"],
    [1030, "unknown"],
    [9999, "unknown"],
  ] as const)("code %i of the server is of kind %s", (errno, kind) => {
    expect(classifyMysqlError(serverError(errno, "ER_X", "")).kind).toBe(kind);
  });

  test.each([
    ["ECONNREFUSED", "connection refused"],
    ["ECONNRESET", "connection reset"],
    ["ENOENT", "no such socket"],
    ["PROTOCOL_CONNECTION_LOST", "connection closed by the server"],
    ["ESOMETHING", "ESOMETHING"],
  ])("%s of Node or the driver speaks against the connection", (code, text) => {
    expect(classifyMysqlError(Object.assign(new Error("x"), { code, errno: -111 }))).toEqual({
      kind: "connection",
      text,
    });
  });

  test("an error without any code speaks against the connection", () => {
    expect(classifyMysqlError(new Error("Malformed packet"))).toEqual({ kind: "connection", text: "Malformed packet" });
    expect(classifyMysqlError(undefined)).toEqual({ kind: "connection", text: "connection failed" });
  });

  test("whoever wrote a statement is told the server's words", () => {
    const words = "You have an error in your SQL syntax near 'AND active=1' at line 1";
    expect(authorsText(serverError(1064, "ER_PARSE_ERROR", words))).toBe(`ER_PARSE_ERROR (1064): ${words}`);
    expect(authorsText(serverError(1105, "ER_UNKNOWN_ERROR", "x"))).toBe("ER_UNKNOWN_ERROR (1105): x");
    expect(authorsText(new Error("Malformed packet"))).toBe("Malformed packet");
  });

  test("an unknown code is stated by name, without the server's words", () => {
    const error = serverError(1105, "ER_UNKNOWN_ERROR", "secret@example.com");
    expect(classifyMysqlError(error)).toEqual({ kind: "unknown", text: "ER_UNKNOWN_ERROR (1105)" });
    expect(classifyMysqlError(Object.assign(new Error(""), { errno: 4999 })).text).toBe("unknown error (4999)");
  });

  test.each([
    [1064, "near 'alice@example.com'"],
    [1267, "Illegal mix of collations"],
    [1366, "Incorrect string value: 'alice'"],
    [1977, "Cannot convert 'utf8mb4' character 0xE697A5"],
    [3854, "Cannot convert string 'alice@example.com'"],
  ])("the words of code %i, which may hold a key or SQL, are not repeated", (errno, words) => {
    expect(classifyMysqlError(serverError(errno, "ER_X", words)).text).not.toContain(words);
  });

  test("the words about a missing table are repeated, since an administrator needs them", () => {
    expect(classifyMysqlError(serverError(1146, "ER_NO_SUCH_TABLE", "Table 'vmail.alias' doesn't exist")).text).toBe(
      "ER_NO_SUCH_TABLE (1146): Table 'vmail.alias' doesn't exist",
    );
  });
});

test("isTurnedAway tells a server that refuses from one that is not there, and from a session that somebody ended", () => {
  expect(isTurnedAway(serverError(1040, "ER_CON_COUNT_ERROR", "Too many connections"))).toBe(true);
  expect(isTurnedAway(Object.assign(new Error("x"), { code: "ECONNREFUSED", errno: -111 }))).toBe(false);
  expect(isTurnedAway(new Error("no answer in time"))).toBe(false);
  expect(isTurnedAway(serverError(1927, "ER_CONNECTION_KILLED", "Connection was killed"))).toBe(false);
  expect(isTurnedAway(serverError(1053, "ER_SERVER_SHUTDOWN", "Server shutdown in progress"))).toBe(false);
});

describe("classifySqliteError", () => {
  test.each([
    ["SQLITE_BUSY", "busy"],
    ["SQLITE_BUSY_SNAPSHOT", "busy"],
    ["SQLITE_LOCKED", "busy"],
    ["SQLITE_CANTOPEN", "file"],
    ["SQLITE_IOERR_READ", "file"],
    ["SQLITE_NOTADB", "file"],
    ["SQLITE_CORRUPT_VTAB", "file"],
    ["SQLITE_READONLY_DBMOVED", "file"],
    ["SQLITE_ERROR", "statement"],
    ["SQLITE_SCHEMA", "statement"],
    ["SQLITE_RANGE", "statement"],
  ] as const)("%s is of kind %s", (code, kind) => {
    expect(classifySqliteError(Object.assign(new Error("near alice"), { code }))).toEqual({ kind, text: code });
  });

  test("a missing table is named", () => {
    const error = Object.assign(new Error("no such table: alias"), { code: "SQLITE_ERROR" });
    expect(classifySqliteError(error)).toEqual({ kind: "statement", text: "SQLITE_ERROR: no such table: alias" });
  });

  test("an error without a code of SQLite is the file's", () => {
    const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
    expect(classifySqliteError(missing)).toEqual({ kind: "file", text: "ENOENT: no such file" });
    expect(classifySqliteError("odd")).toEqual({ kind: "file", text: "odd" });
  });
});
