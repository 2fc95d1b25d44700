import { describe, expect, test } from "vitest";
import { isServersAnswer, toAuthorsError, toSessionError } from "../../../../src/source/pgsql/errors.ts";
import { SessionError } from "../../../../src/source/session.ts";

/** An error as pg raises what a server sent. */
function serverError(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code, severity: "ERROR", ...more });
}

describe("toSessionError", () => {
  test.each([
    ["42P01", "statement"],
    ["42501", "statement"],
    ["42601", "statement"],
    ["42883", "statement"],
    ["3F000", "statement"],
    ["54001", "statement"],
    ["25006", "statement"],
    ["0A000", "statement"],
    ["22P02", "key"],
    ["22P05", "key"],
    ["22021", "key"],
    ["22012", "key"],
    ["40001", "retry"],
    ["40P01", "retry"],
    ["57014", "timeout"],
    ["55P03", "timeout"],
    ["57P01", "connection"],
    ["57P02", "connection"],
    ["57P03", "connection"],
    ["57P05", "connection"],
    ["08006", "connection"],
    ["08P01", "connection"],
    ["26000", "connection"],
    ["42P05", "connection"],
    ["53300", "connection"],
    ["21000", "unknown"],
    ["P0001", "unknown"],
    ["XX000", "unknown"],
    ["53200", "unknown"],
  ])("%s is of kind %s", (code, kind) => {
    expect(toSessionError(serverError(code, "words")).kind).toBe(kind);
  });

  test("a prepared statement whose table changed asks for a new connection", () => {
    const error = serverError("0A000", "cached plan must not change result type", { routine: "RevalidateCachedQuery" });
    expect(toSessionError(error).kind).toBe("connection");
  });

  test("repeats the server's words where they name a table or an account, and never where they may hold a key or SQL", () => {
    expect(toSessionError(serverError("42P01", 'relation "mailbox" does not exist')).message).toBe(
      'syntax_error_or_access_rule_violation (42P01): relation "mailbox" does not exist',
    );
    expect(toSessionError(serverError("22P02", 'invalid input syntax for type integer: "alice"')).message).toBe(
      "data_exception (22P02)",
    );
    expect(toSessionError(serverError("42601", 'syntax error at or near "secret"')).message).toBe(
      "syntax_error (42601)",
    );
    expect(toAuthorsError(serverError("42601", 'syntax error at or near "FORM"')).message).toContain('near "FORM"');
  });

  test("what no server sent concerns the connection", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", errno: -111 });
    expect(toSessionError(refused)).toMatchObject({ kind: "connection", message: "connection refused" });
    expect(isServersAnswer(refused)).toBe(false);
    expect(toSessionError(new Error("Connection terminated unexpectedly")).kind).toBe("connection");
    expect(toSessionError("odd")).toMatchObject({ kind: "connection", message: "odd" });
    expect(toAuthorsError(refused).kind).toBe("connection");
  });

  test("keeps what is known already", () => {
    const known = new SessionError("retry", "known");
    expect(toSessionError(known)).toBe(known);
  });
});
