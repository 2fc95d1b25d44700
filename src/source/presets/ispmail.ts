/** The preset for the ISPmail guide, `sql/ispmail/`. */
import { defineStack } from "./stack.ts";

/** The tables virtual_domains, virtual_users and virtual_aliases of workaround.org, Linode and many other guides. */
export const ispmail = defineStack({
  name: "ispmail",
  title: "ISPmail (workaround.org), Linode and guides of the kind",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: {
    include_alias_domain: "the schema has no alias domains",
    include_list_members: "the schema has no lists apart from aliases",
  },
});
