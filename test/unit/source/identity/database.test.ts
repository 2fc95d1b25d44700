import { expect, test } from "vitest";
import { Resolver } from "../../../../src/lookup/resolver.ts";
import type { Found } from "../../../../src/model/reply.ts";
import { IdentityDatabase } from "../../../../src/source/identity/database.ts";

const database = new IdentityDatabase("own", { driver: "identity", domains: ["example.com", "xn--exmple-cua.com"] });
const resolver = new Resolver(database, { recipientDelimiter: "+", localDomains: new Set() });

test.each([
  ["an address", "alice@example.com", "alice@example.com"],
  ["a tagged address is that of its login", "alice+lists@example.com", "alice@example.com"],
  ["a tag at the very start is none", "+x@example.com", "+x@example.com"],
  ["another domain has no owner", "alice@elsewhere.example", undefined],
  ["a subdomain is another domain", "alice@mail.example.com", undefined],
  ["a domain without localpart has none", "@example.com", undefined],
  ["quotes that are needed are not part of the login", '"a..b"@example.com', "a..b@example.com"],
  ["what no login can be has none", '"two words"@example.com', undefined],
  ["a comma would make two logins of it", '"alice@example.com,x"@example.com', undefined],
  ["a domain beyond ASCII in both forms", "anna@xn--exmple-cua.com", "anna@xn--exmple-cua.com,anna@exämple.com"],
])("%s", async (_rule, key, owners) => {
  const answer = await resolver.ownersOf(key, 0);
  expect(answer.kind === "ok" ? (answer as Found).owners.text : undefined).toBe(owners);
});

test("it hosts its domains, and is always there", async () => {
  expect([...(await database.hostedDomains())]).toEqual(["example.com", "xn--exmple-cua.com"]);
  await database.lookAfter();
  expect(database.health()).toEqual({ isUp: true, reason: "", hosts: [] });
  expect(await database.report()).toEqual([{ query: "address", fullScans: [], isInMemory: true }]);
  await database.close();
});
