/** The preset for mailcow: dockerized, `sql/mailcow/`. */
import { defineStack } from "./stack.ts";

/** mailcow's mailboxes, aliases, alias domains, catch-alls and sender ACLs. */
export const mailcow = defineStack({
  name: "mailcow",
  title: "mailcow: dockerized",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  // Added in January 2026.
  optionalColumns: ["alias.sender_allowed"],
  idle: { include_list_members: "mailcow has no lists apart from aliases" },
});
