/** The preset for iRedMail, `sql/iredmail/`. */
import { defineStack } from "./stack.ts";

/** iRedMail's mailboxes, alias addresses, alias domains and, if wanted, lists and catch-alls; SQL editions on MariaDB. */
export const iredmail = defineStack({
  name: "iredmail",
  title: "iRedMail 1.x on MySQL or MariaDB",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  // iRedAPD, which iRedMail checks senders with, grants nothing for a catch-all.
  defaults: { include_catchall: false },
});
