/** The preset for ISPConfig, `sql/ispconfig/`. */
import { defineStack } from "./stack.ts";

/** ISPConfig's mailboxes, aliases, forwards, alias domains and catch-alls of one server. */
export const ispconfig = defineStack({
  name: "ispconfig",
  title: "ISPConfig 3.2",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: { include_list_members: "members of lists are not in the database" },
  options: [
    {
      name: "server_id",
      type: "integer",
      default: undefined,
      help: "The number of this mail server in ISPConfig's table server; 1 where there is only one.",
    },
    {
      name: "include_cc",
      type: "boolean",
      default: false,
      help: "Those who get the copies of a mailbox that delivers nothing itself own its address.",
    },
  ],
});
