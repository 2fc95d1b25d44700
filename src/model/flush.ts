/**
 * What to take out of a cache: everything, an address with all its extensions, a domain, whatever a login may send as; or many
 * addresses at once, each with all its extensions, at a cost of as many steps (what a change in the database names).
 */
export type FlushSelector =
  | { readonly kind: "all" }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "domain"; readonly domain: string }
  | { readonly kind: "login"; readonly login: string };
