import { describe, expect, test } from "vitest";
import { compileNamed } from "../../../../src/source/sql/named.ts";
import { rowProofOf, sampleKey } from "../../../../src/source/sql/row-proof.ts";
import type { SqlDialect } from "../../../../src/source/sql/sql-text.ts";

function proofOf(text: string, dialect: SqlDialect = "mysql") {
  const compiled = compileNamed(text, dialect, new Set(["email", "user", "domain"]));
  if ("problems" in compiled) throw new Error(compiled.problems.join());
  const values = compiled.binds.map((name) => sampleKey[name as keyof typeof sampleKey]);
  return rowProofOf(compiled.sql, values, dialect);
}

describe("compares the whole address", () => {
  test.each([
    "SELECT login FROM mailbox WHERE address = :email",
    "SELECT login FROM mailbox WHERE address=:email AND active='1' LIMIT 1",
    "SELECT login FROM mailbox WHERE :email = address",
    "SELECT login FROM mailbox WHERE lower(address) = lower(:email)",
    "SELECT login FROM mailbox WHERE address IN (:email)",
    "SELECT login FROM mailbox WHERE localpart = :user AND domain = :domain",
    "SELECT login FROM mailbox WHERE (localpart = :user AND domain = :domain) AND (active = 1 OR active = 2)",
    "SELECT username FROM mailbox WHERE username = :email UNION SELECT goto FROM alias WHERE address = :email AND active = 1",
    "(SELECT username FROM mailbox WHERE username = :email) UNION ALL (SELECT goto FROM alias WHERE address = :email)",
    "SELECT login FROM mailbox WHERE address = :email OR alias = :email",
    "SELECT m.login FROM mailbox m, domain d WHERE m.address = :email AND d.name = :domain AND m.domain = d.name",
    "SELECT m.login FROM mailbox m JOIN domain d ON d.id = m.domain_id AND d.name = :domain WHERE m.localpart = :user",
    "SELECT m.login FROM mailbox m LEFT JOIN domain d ON d.name = :domain WHERE m.address = :email AND d.off IS NOT NULL",
    "SELECT login FROM users WHERE id IN (SELECT user_id FROM aliases WHERE address = :email)",
    "SELECT login FROM users u WHERE EXISTS (SELECT 1 FROM aliases a WHERE a.user_id = u.id AND a.address = :email)",
    "SELECT goto FROM alias WHERE address = :email AND (domain = :domain OR domain = 'x')",
    "SELECT concat(login, ',', other) FROM mailbox WHERE address = :email ORDER BY login",
  ])("%s", (text) => {
    expect(proofOf(text)).toBe("query");
  });

  test("in the words of PostgreSQL", () => {
    expect(proofOf("SELECT login FROM mailbox WHERE address = :email::text AND domain = :domain", "pgsql")).toBe(
      "query",
    );
  });
});

describe("may answer any number of addresses", () => {
  test.each([
    "SELECT goto FROM alias WHERE address = :email OR address = CONCAT('@', :domain)",
    "SELECT goto FROM alias WHERE address = :email OR domain = :domain",
    "SELECT goto FROM alias WHERE address = :email UNION SELECT catchall FROM domain WHERE name = :domain",
    "SELECT goto FROM alias WHERE address IN (:email, :domain)",
    "SELECT goto FROM alias WHERE domain = :domain",
    "SELECT login FROM mailbox WHERE localpart = :user",
    "SELECT goto FROM alias WHERE address LIKE :email",
    "SELECT goto FROM alias WHERE :email LIKE pattern",
    "SELECT goto FROM alias WHERE :email REGEXP pattern",
    "SELECT goto FROM alias WHERE address = SUBSTRING_INDEX(:email, '+', 1)",
    "SELECT goto FROM alias WHERE address = :email || 'x'",
    "SELECT goto FROM alias WHERE address = :email || active = 1",
    "SELECT goto FROM alias WHERE address = :email OR 1 = 1",
    "SELECT goto FROM alias WHERE address <= :email",
    "SELECT goto FROM alias WHERE address != :email",
    "SELECT goto FROM alias WHERE NOT (address = :email)",
    "SELECT goto FROM alias WHERE NOT address = :email",
    "SELECT goto FROM alias WHERE (address = :email) IS NULL OR domain = :domain",
    "SELECT goto FROM alias WHERE CASE WHEN address = :email THEN 1 ELSE domain = :domain END",
    "SELECT goto FROM alias WHERE IF(address = :email, 1, domain = :domain)",
    "SELECT goto FROM domain LEFT JOIN alias ON address = :email WHERE domain.name = :domain",
    "SELECT goto FROM alias WHERE id IN (SELECT COALESCE((SELECT id FROM alias WHERE address = :email), (SELECT id FROM alias WHERE address = :domain)))",
    "SELECT IFNULL((SELECT goto FROM alias WHERE address = :email), 'root') FROM dual",
    "SELECT COALESCE((SELECT goto FROM alias WHERE address = :email), 'root') FROM dual WHERE 1 = 1",
    "SELECT goto FROM alias WHERE :email = CONCAT(:user, '@', domain)",
    "WITH a AS (SELECT goto FROM alias WHERE address = :email) SELECT goto FROM domain WHERE name = :domain",
  ])("%s", (text) => {
    expect(proofOf(text)).toBe("owner");
  });
});

describe("may give out what it was given", () => {
  test.each([
    "SELECT :email",
    "SELECT :email FROM domain WHERE name = :domain",
    "SELECT f(:email)",
    "SELECT CONCAT(:user, '@', name) FROM domain WHERE name = :domain",
    "SELECT goto FROM alias WHERE address = :email UNION SELECT :email FROM domain WHERE name = :domain",
  ])("%s", (text) => {
    expect(proofOf(text)).toBe("none");
  });
});
