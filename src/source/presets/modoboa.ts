/** The preset for Modoboa, `sql/modoboa/`. */
import { defineStack } from "./stack.ts";

/** Modoboa's mailboxes, aliases, domain aliases, catch-alls and extra sender addresses, on MySQL or MariaDB. */
export const modoboa = defineStack({
  name: "modoboa",
  title: "Modoboa 2 on MySQL or MariaDB",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: { include_list_members: "members of lists are not in the database" },
});
