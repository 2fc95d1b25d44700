/** Makes the database slow where a test wants it: alive, but with a statement that waits for a lock. */
import mysql from "mysql2/promise";
import type { Mariadb } from "./mariadb.ts";

/** A lock that is held until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/** Locks a table for writing: whoever reads it waits, everything else goes on. */
export async function lockTable(mariadb: Mariadb, table: string): Promise<Lock> {
  const connection = await mysql.createConnection({
    socketPath: mariadb.socket,
    user: "root",
    database: mariadb.database,
  });
  await connection.query(`LOCK TABLES \`${table}\` WRITE`);
  return { release: () => connection.end() };
}
