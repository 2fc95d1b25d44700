/** The preset for ViMbAdmin, `sql/vimbadmin/`. */
import { defineStack } from "./stack.ts";

/** ViMbAdmin's mailboxes, aliases and catch-alls. */
export const vimbadmin = defineStack({
  name: "vimbadmin",
  title: "ViMbAdmin 3",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: {
    include_alias_domain: "ViMbAdmin has no alias domains",
    include_list_members: "ViMbAdmin has no lists apart from aliases",
  },
});
