/** An SQLite file as a script builds it every night, beside the daemon that reads it. */
import Sqlite from "libsql";

/**
 * Builds it with 2,000 addresses `u0@example.com`, each owned by `owner` and its number.
 *
 * The same statements each time, so that the change counter and the number of pages are those of the night before.
 */
export function buildNightlyFile(path: string, owner: string): void {
  const file = new Sqlite(path);
  file.exec("CREATE TABLE m (a TEXT PRIMARY KEY, o TEXT)");
  const rows = Array.from({ length: 2000 }, (_, i) => `('u${i}@example.com', '${owner}${i}')`);
  file.exec(`INSERT INTO m VALUES ${rows.join()}`);
  file.close();
}
