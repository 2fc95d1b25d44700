import { describe, expect, test } from "vitest";
import { ParameterTypes } from "../../../../src/source/pgsql/parameter-types.ts";
import { SessionError } from "../../../../src/source/session.ts";

/** A server that cannot tell the type of some parameters unless it is written. */
function serverThatNeeds(...numbers: readonly number[]) {
  const asked: string[] = [];
  const run = async (sql: string): Promise<string> => {
    asked.push(sql);
    const open = numbers.find((number) => !sql.includes(`$${number}::text`));
    if (open === undefined) return sql;
    const cause = Object.assign(new Error(`konnte Datentyp von Parameter $${open} nicht ermitteln`), { code: "42P18" });
    throw new SessionError("statement", "indeterminate_datatype", { cause });
  };
  return { asked, run };
}

describe("ParameterTypes", () => {
  test("gives a type to the parameters that need one, whatever the server's language, and to no other", async () => {
    const types = new ParameterTypes();
    const server = serverThatNeeds(1, 11);
    const sql = "SELECT CONCAT($1, '$1', a$1, $11) WHERE b = $2 AND c = $12";
    const typed = "SELECT CONCAT($1::text, '$1', a$1, $11::text) WHERE b = $2 AND c = $12";
    expect(await types.known(sql, server.run)).toBe(typed);
    expect(types.of(sql)).toBe(typed);
  });

  test("learns it once", async () => {
    const types = new ParameterTypes();
    const server = serverThatNeeds(1);
    await types.known("SELECT CONCAT($1)", server.run);
    await types.known("SELECT CONCAT($1)", server.run);
    expect(server.asked).toHaveLength(3);
  });

  test("leaves every other error alone, and one that a type does not cure", async () => {
    const types = new ParameterTypes();
    const other = new SessionError("statement", "no such table");
    await expect(types.known("SELECT $1", () => Promise.reject(other))).rejects.toBe(other);
    await expect(types.known("SELECT a$9", serverThatNeeds(9).run)).rejects.toMatchObject({ kind: "statement" });
  });
});
