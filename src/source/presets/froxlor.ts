/** The preset for Froxlor, `sql/froxlor/`. */
import { defineStack } from "./stack.ts";

/** Froxlor's mailboxes, addresses, catch-alls and, since 2.3.0, allowed senders. */
export const froxlor = defineStack({
  name: "froxlor",
  title: "Froxlor 2",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  optionalColumns: ["mail_sender_aliases.allowed_sender"],
  idle: {
    include_alias_domain: "Froxlor has no alias domains for mail",
    include_list_members: "Froxlor has no lists apart from forwarders",
  },
});
