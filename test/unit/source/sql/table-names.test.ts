import { expect, test } from "vitest";
import { tablesBehind } from "../../../../src/source/sql/table-names.ts";

const sql = `
SELECT u.email FROM virtual_users AS u WHERE u.email = ?
UNION SELECT a.destination FROM vmail.virtual_aliases a JOIN \`two\` AS \`t\` ON 1 -- FROM comment AS c
 WHERE a.source = ' FROM string AS s ' AND NOT EXISTS (SELECT 1 FROM virtual_users AS x WHERE x.email = ?)
UNION SELECT b.x FROM one AS b UNION SELECT b.x FROM other AS b UNION SELECT y FROM plain WHERE y = 1`;

test.each([
  ["an alias is its table", ["u"], ["virtual_users"]],
  ["AS may be left out, and the database may stand before", ["a"], ["vmail.virtual_aliases"]],
  ["quoted names", ["t"], ["two"]],
  ["two aliases of one table are one table", ["u", "x"], ["virtual_users"]],
  ["a name without an alias", ["plain"], ["plain"]],
  ["an alias of two tables stays as it is", ["b"], ["b"]],
  ["strings and comments name nothing", ["s", "c"], ["s", "c"]],
])("%s", (_, names, tables) => {
  expect(tablesBehind(names, sql, "mysql")).toEqual(tables);
});
