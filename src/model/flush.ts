/**
 * What to take out of a cache: everything, an address with all its extensions, a domain, whatever a login may send as. What a change
 * in the database names goes at a cost of as many steps: many addresses at once, each with all its extensions, or many domains (`*` =
 * every one), whose answers are not counted.
 */
export type FlushSelector =
  | { readonly kind: "all" }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "domains"; readonly domains: readonly string[] }
  | { readonly kind: "domain"; readonly domain: string }
  | { readonly kind: "login"; readonly login: string };
