/** The preset for Mail-in-a-Box, `sql/mailinabox/`. */
import { defineStack } from "./stack.ts";

/** The users and aliases of a Mail-in-a-Box, in its SQLite file. */
export const mailinabox = defineStack({
  name: "mailinabox",
  title: "Mail-in-a-Box (users.sqlite)",
  drivers: ["sqlite"],
  roles: ["address", "domain", "grant", "domains"],
  idle: { include_list_members: "Mail-in-a-Box has no lists apart from aliases" },
});
