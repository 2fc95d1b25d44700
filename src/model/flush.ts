/** What to take out of a cache: everything, an address with all its extensions, a domain, whatever a login may send as. */
export type FlushSelector =
  | { readonly kind: "all" }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "domain"; readonly domain: string }
  | { readonly kind: "login"; readonly login: string };
