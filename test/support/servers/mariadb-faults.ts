/** What tests do to a MariaDB that a daemon asks: connections killed and taken, passwords changed, rights given and taken away. */
import mysql from "mysql2/promise";
import { waitUntil } from "../wait.ts";
import { askOnce } from "../wire/wire.ts";
import type { Mariadb } from "./mariadb.ts";

/** Gives an address an owner and takes it away again, with connections that were open before: both must count, without a flush. */
export async function giveAndTake(mariadb: Mariadb, port: number): Promise<void> {
  const ask = () => askOnce(port, "senders", "jörg@example.com");
  const row = "domain = 'example.com' AND localpart = 'jörg'";
  await mariadb.query(
    "INSERT INTO addresses (domain, localpart, login) VALUES ('example.com', 'jörg', 'bob@example.com'); COMMIT",
  );
  await waitUntil("the new owner to be accepted", async () => (await ask()) === "OK bob@example.com");
  await mariadb.query(`DELETE FROM addresses WHERE ${row}; COMMIT`);
  await waitUntil("the owner that is none any more to be refused", async () => (await ask()) === "NOTFOUND ");
}

/** How many statements of the daemon wait for a lock. */
export async function statementsWaiting(mariadb: Mariadb): Promise<number> {
  const [row] = await mariadb.query(
    "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd' AND state LIKE 'Waiting%'",
  );
  return Number(row?.["n"]);
}

/** Ends every connection of the daemon, from the server's side. */
export async function killConnections(mariadb: Mariadb): Promise<void> {
  await mariadb.query("KILL USER loginmapd");
}

/** Takes every connection that the server has left, and those of the daemon as well. */
export async function hogConnections(mariadb: Mariadb): Promise<{ destroy(): void }[]> {
  await mariadb.query("CREATE USER hog@localhost; CREATE USER hog@'127.0.0.1'");
  const hogs: mysql.Connection[] = [];
  let quietRounds = 0;
  // A connection that was killed is given back a little later: only rounds without a change show that none is left.
  await waitUntil("the server to be full and the daemon to be out", async () => {
    const before = hogs.length;
    for (;;) {
      const hog = await mysql.createConnection({ socketPath: mariadb.socket, user: "hog" }).catch(() => undefined);
      if (hog === undefined) break;
      hogs.push(hog);
    }
    const [row] = await mariadb.query(
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = 'loginmapd'",
    );
    const isQuiet = hogs.length === before && Number(row?.["n"]) === 0;
    if (Number(row?.["n"]) > 0) await killConnections(mariadb);
    quietRounds = isQuiet ? quietRounds + 1 : 0;
    return quietRounds >= 5;
  });
  return hogs;
}

/** Changes the password of the daemon's account. */
export async function setPassword(mariadb: Mariadb, password: string): Promise<void> {
  for (const host of ["localhost", "127.0.0.1"])
    await mariadb.query(`ALTER USER loginmapd@'${host}' IDENTIFIED BY '${password}'`);
}
