import { describe, expect, test } from "vitest";
import { combineArms } from "../../../../src/source/mysql/union.ts";

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
