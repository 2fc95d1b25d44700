/** Makes the database of `serve --demo` from the files in sql/. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { readSql } from "../presets/sql-file.ts";
import { loadLibsql } from "./open-file.ts";

/**
 * Creates the SQLite file with the native schema and the demo's rows, in a directory that exists. A file that is there
 * already stays, with what somebody has changed in it.
 *
 * It appears whole or not at all: it is made under another name first.
 */
export function createDemoDatabase(path: string): void {
  if (existsSync(path)) return;
  const Database = loadLibsql();
  const unfinished = `${path}.${process.pid}.new`;
  rmSync(unfinished, { force: true });
  const database = new Database(unfinished);
  try {
    database.exec("PRAGMA foreign_keys = ON");
    database.exec(readSql("native/001-schema.sqlite.sql"));
    database.exec(readSql("demo/rows.sql"));
  } finally {
    database.close();
  }
  renameSync(unfinished, path);
}
