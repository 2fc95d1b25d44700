/** The demo database as a file of a test: the native schema with the rows of sql/demo/. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { projectRoot } from "./daemon.ts";

/** Makes it and returns its path. */
export async function makeDemoDatabase(directory: string): Promise<string> {
  const file = join(directory, "native.sqlite");
  const database = new Database(file);
  for (const script of ["sql/native/001-schema.sqlite.sql", "sql/demo/rows.sql"])
    database.exec(await readFile(join(projectRoot, script), "utf8"));
  database.close();
  return file;
}
