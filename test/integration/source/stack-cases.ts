/**
 * Who owns what in the example rows of each stack: by the query that the stack ships for Postfix, and by our preset.
 *
 * Owners are written without their domain where it is plain; `-` is "not found".
 */
import { froxlor } from "./stacks/froxlor.ts";
import { iredmail } from "./stacks/iredmail.ts";
import { ispconfig } from "./stacks/ispconfig.ts";
import { ispmail } from "./stacks/ispmail.ts";
import { leister } from "./stacks/leister.ts";
import { mailcow } from "./stacks/mailcow.ts";
import { modoboa } from "./stacks/modoboa.ts";
import { postfixadmin } from "./stacks/postfixadmin.ts";
import type { Stack } from "./stacks/stack.ts";
import { vimbadmin } from "./stacks/vimbadmin.ts";

export const stacks: readonly Stack[] = [
  iredmail,
  postfixadmin,
  ispconfig,
  mailcow,
  modoboa,
  froxlor,
  ispmail,
  leister,
  vimbadmin,
];

/** The table file that Mail-in-a-Box ships for its SQLite file, without `dbpath` (setup/mail-users.sh). */
export const mailinaboxTable =
  "query = SELECT permitted_senders FROM (SELECT permitted_senders, 0 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NOT NULL UNION SELECT destination AS permitted_senders, 1 AS priority FROM aliases WHERE source='%s' AND permitted_senders IS NULL UNION SELECT email as permitted_senders, 2 AS priority FROM users WHERE email='%s') ORDER BY priority LIMIT 1;";
