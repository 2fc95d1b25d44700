import { expect, test } from "vitest";
import { conditionWords, tablesBehind, tablesIn } from "../../../../src/source/sql/table-names.ts";

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

test.each<[string, string, string[]]>([
  ["a plain table", "SELECT a FROM t WHERE a = ?", ["t"]],
  [
    "a join, with aliases",
    "SELECT m.a FROM mailbox AS m LEFT JOIN vmail.domain d ON d.id = m.d WHERE 1",
    ["mailbox", "vmail.domain"],
  ],
  ["a list", "SELECT a FROM one o, two WHERE o.a = ?", ["one", "two"]],
  ["a subquery", "SELECT a FROM (SELECT a FROM inner_table WHERE a = ?) AS s", ["inner_table"]],
  ["a union, each once", "SELECT a FROM t UNION SELECT a FROM t ORDER BY a", ["t"]],
  ["nothing in strings and comments", "SELECT 'FROM s' FROM t -- FROM c\n LIMIT 1", ["t"]],
  ["the last word", "SELECT a FROM t", ["t"]],
])("tables of %s", (_, text, tables) => {
  expect(tablesIn(text, "mysql")).toEqual(tables);
});

test("words of conditions are those outside of what is selected", () => {
  const words = conditionWords(
    "SELECT owner, m.name FROM m JOIN d ON d.id = m.d WHERE CONCAT(m.`user`, '@', d.Dom) = ?",
    "mysql",
  );
  expect([...words].filter((word) => ["owner", "name", "id", "d", "user", "dom"].includes(word)).toSorted()).toEqual([
    "d",
    "dom",
    "id",
    "user",
  ]);
});
