/**
 * Every command but `serve`, loaded together: a file for each would cut what they share with `serve` into two dozen files, and its
 * start reads each of them.
 */
import { audit } from "./audit.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { completion } from "./completion.ts";
import { doctor } from "./doctor.ts";
import { flush } from "./flush.ts";
import { importFiles } from "./import.ts";
import { list } from "./list.ts";
import { lookup } from "./lookup.ts";
import { query } from "./query.ts";

/** The commands by name. */
export const commandsBesideServe: Readonly<Record<string, Command>> = {
  check,
  lookup,
  query,
  flush,
  import: importFiles,
  doctor,
  list,
  audit,
  completion,
};
