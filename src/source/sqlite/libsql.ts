/** Loads libsql when the first file is opened: a daemon with MySQL only, and every short command, start without it. */
import { createRequire } from "node:module";
import type Libsql from "libsql";

/** Gives the constructor of libsql's databases. */
export function loadLibsql(): typeof Libsql {
  return createRequire(import.meta.url)("libsql") as typeof Libsql;
}
