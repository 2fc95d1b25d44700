/** The preset for PostfixAdmin, `sql/postfixadmin/`. */
import { ConfigError } from "../../model/errors.ts";
import type { Preset } from "./preset.ts";
import { defineStack } from "./stack.ts";

const stack = defineStack({
  name: "postfixadmin",
  title: "PostfixAdmin 3 and 4 on MySQL or MariaDB",
  drivers: ["mysql"],
  roles: ["address", "domain", "grant", "domains"],
  idle: { include_list_members: "PostfixAdmin has no lists apart from aliases" },
  options: [
    {
      name: "table_prefix",
      type: "string",
      default: "",
      help: "What the names of all tables begin with: database_prefix in PostfixAdmin's config.local.php.",
    },
  ],
  rewrite: (sql, options) => sql.replace(/\b(FROM|JOIN) (\w+) AS\b/g, `$1 ${options["table_prefix"]}$2 AS`),
});

/** PostfixAdmin's mailboxes, aliases, alias domains and catch-alls; its tables may have a prefix. */
export const postfixadmin: Preset = {
  ...stack,
  plan(options, driver) {
    const prefix = options["table_prefix"];
    // The prefix is the one thing of the configuration that becomes SQL.
    if (typeof prefix === "string" && !/^\w{0,32}$/.test(prefix)) {
      const message = `expected letters, digits and _, at most 32, got ${JSON.stringify(prefix)}`;
      throw new ConfigError("ERR_CONFIG_INVALID", [{ path: "options.table_prefix", message }]);
    }
    return stack.plan(options, driver);
  },
};
