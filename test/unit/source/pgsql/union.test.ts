import { expect, test } from "vitest";
import { combineArms } from "../../../../src/source/pgsql/union.ts";

test("numbers the arms, and their parameters through, and writes every column as the server would", () => {
  const arms = [
    { sql: "SELECT a FROM t WHERE b = $1 AND c = $2", columnCount: 1 },
    { sql: "SELECT d, e FROM u WHERE f = $1::text AND g = '$1' AND h$1 = 1", columnCount: 2 },
  ];
  expect(combineArms(arms)).toBe(
    "SELECT 0 AS arm, concat(t.c1), '' FROM (SELECT a FROM t WHERE b = $1 AND c = $2) AS t (c1)" +
      " UNION ALL SELECT 1 AS arm, concat(t.c1), concat(t.c2)" +
      " FROM (SELECT d, e FROM u WHERE f = $3::text AND g = '$1' AND h$1 = 1) AS t (c1, c2)",
  );
});
