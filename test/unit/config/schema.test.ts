import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import type { AnyKey, Keys } from "../../../src/config/key.ts";
import { Mismatch } from "../../../src/config/mismatch.ts";
import { schema } from "../../../src/config/schema.ts";

const all = flatten(schema, "");
const values = all.filter(([, key]) => key.kind === "leaf" || key.kind === "leafList");

test("every key of the public configuration is in the schema", () => {
  expect(all.map(([path]) => path)).toEqual([
    "listeners",
    "listeners[].protocol",
    "listeners[].endpoint",
    "listeners[].map",
    "listeners[].action",
    "listeners[].resent",
    "listeners[].mode",
    "listeners[].group",
    "limits",
    "limits.max_connections",
    "limits.max_query_bytes",
    "limits.lookup_timeout",
    "limits.idle_timeout",
    "limits.drain_timeout",
    "limits.max_waiting_lookups",
    "admin",
    "admin.endpoint",
    "admin.token",
    "admin.token_file",
    "maps",
    "maps.*.source",
    "maps.*.sources",
    "maps.*.combine",
    "maps.*.recipient_delimiter",
    "maps.*.local_domains",
    "maps.*.login_realm",
    "sources",
    "sources.*.driver",
    "sources.*.hosts",
    "sources.*.user",
    "sources.*.password",
    "sources.*.password_file",
    "sources.*.database",
    "sources.*.charset",
    "sources.*.server_public_key_file",
    "sources.*.tls",
    "sources.*.tls.ca_file",
    "sources.*.tls.cert_file",
    "sources.*.tls.key_file",
    "sources.*.tls.verify",
    "sources.*.path",
    "sources.*.domains",
    "sources.*.preset",
    "sources.*.options",
    "sources.*.queries",
    "sources.*.queries.address",
    "sources.*.queries.domain",
    "sources.*.queries.grant",
    "sources.*.queries.domains",
    "sources.*.queries.listing",
    "sources.*.uri",
    "sources.*.start_tls",
    "sources.*.bind_dn",
    "sources.*.bind_password",
    "sources.*.bind_password_file",
    "sources.*.search_base",
    "sources.*.scope",
    "sources.*.filters",
    "sources.*.filters.address",
    "sources.*.filters.domain",
    "sources.*.filters.grant",
    "sources.*.filters.domains",
    "sources.*.filters.listing",
    "sources.*.result_attribute",
    "sources.*.login_attribute",
    "sources.*.member_attribute",
    "sources.*.domain_attribute",
    "sources.*.postfix_cf",
    "sources.*.listing_interval",
    "sources.*.pool_size",
    "sources.*.connect_timeout",
    "sources.*.query_timeout",
    "cache",
    "cache.max_entries",
    "cache.max_negative_entries",
    "cache.ttl",
    "cache.negative_ttl",
    "cache.stale_if_error",
    "cache.snapshot_file",
    "log",
    "log.level",
    "log.format",
  ]);
});

test.each(values)("the default and the example of %s are values it takes", (_, key) => {
  if (key.kind !== "leaf" && key.kind !== "leafList") throw new Error("only values have a type");
  const fallbacks = key.fallback === undefined ? [] : [key.fallback].flat();
  const examples: unknown[] = [parseYaml(key.example)].flat();
  expect(examples.length).toBeGreaterThan(0);
  for (const text of [...fallbacks, ...examples.map(String)]) {
    expect(key.type.read(text), text).not.toBeInstanceOf(Mismatch);
  }
});

test.each(all)("the help of %s is one or more sentences", (_, { help }) => {
  expect(help).toMatch(/^[A-Z`].*[.:]$/s);
});

test("the secrets are known as such, so that no message quotes them", () => {
  const secrets = values.filter(([, key]) => key.kind === "leaf" && key.type.isSecret).map(([path]) => path);
  expect(secrets).toEqual(["admin.token", "sources.*.password", "sources.*.bind_password"]);
});

function flatten(keys: Keys, before: string): [string, AnyKey][] {
  return Object.entries(keys).flatMap(([name, key]): [string, AnyKey][] => {
    const path = `${before}${name}`;
    switch (key.kind) {
      case "section":
        return [[path, key], ...flatten(key.keys, `${path}.`)];
      case "sectionList":
        return [[path, key], ...flatten(key.keys, `${path}[].`)];
      case "namedSections":
        return [[path, key], ...flatten(key.keys, `${path}.*.`)];
      default:
        return [[path, key]];
    }
  });
}
