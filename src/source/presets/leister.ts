/** The preset for Thomas Leister's vmail schema, `sql/leister/`. */
import { defineStack } from "./stack.ts";

/** The tables domains, accounts and aliases of Thomas Leister's mail server guide. */
export const leister = defineStack({
  name: "leister",
  title: "Thomas Leister's vmail schema",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: {
    include_alias_domain: "the schema has no alias domains",
    include_list_members: "the schema has no lists apart from aliases",
  },
});
