import { describe, expect, test } from "vitest";
import { combineArms, typeListing } from "../../../../src/source/mysql/union.ts";

describe("combineArms", () => {
  test("numbers the arms and types their columns as text of one collation", () => {
    const arms = [
      { sql: "SELECT a FROM t WHERE b = ?", columnCount: 1 },
      { sql: "SELECT c FROM u", columnCount: 1 },
    ];
    expect(combineArms(arms)).toBe(
      "SELECT 0 AS arm, _utf8mb4'' COLLATE utf8mb4_bin AS c1 FROM DUAL WHERE FALSE" +
        " UNION ALL SELECT 0, t.* FROM (SELECT a FROM t WHERE b = ?) AS t" +
        " UNION ALL SELECT 1, t.* FROM (SELECT c FROM u) AS t",
    );
  });

  test("fills narrow arms up to the widest", () => {
    const text = combineArms([
      { sql: "SELECT 1", columnCount: 1 },
      { sql: "SELECT 1, 2, 3", columnCount: 3 },
    ]);
    expect(text).toContain("SELECT 0, t.*, NULL, NULL FROM (SELECT 1) AS t");
    expect(text).toContain("SELECT 1, t.* FROM (SELECT 1, 2, 3) AS t");
    expect(text).toContain(
      "AS c1, _utf8mb4'' COLLATE utf8mb4_bin AS c2, _utf8mb4'' COLLATE utf8mb4_bin AS c3 FROM DUAL",
    );
  });
});

describe("typeListing", () => {
  test("types the columns of a union by a first arm without rows, and leaves the union at the top", () => {
    expect(typeListing("SELECT a, b, 'address' FROM t UNION ALL SELECT c, d, 'alias' FROM u", 3)).toBe(
      "SELECT _utf8mb4'' COLLATE utf8mb4_bin, _utf8mb4'' COLLATE utf8mb4_bin, _utf8mb4'' COLLATE utf8mb4_bin FROM DUAL" +
        " WHERE FALSE UNION ALL SELECT a, b, 'address' FROM t UNION ALL SELECT c, d, 'alias' FROM u",
    );
  });

  test("leaves a statement alone whose columns are not known", () => {
    const own = "SELECT address, login FROM mailbox UNION ALL SELECT alias, login FROM aliases";
    expect(typeListing(own, undefined)).toBe(own);
  });
});
