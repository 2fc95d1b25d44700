/** A MariaDB with our own schema and the built daemon in front of it, as most end-to-end tests need them. */
import { join } from "node:path";
import { type Daemon, type DaemonOptions, projectRoot, startDaemon } from "./daemon.ts";
import { type Mariadb, type MariadbOptions, startMariadb } from "./mariadb.ts";
import { freePorts } from "./ports.ts";

/** Sections of the daemon's configuration that a test sets in place of the stage's. */
export type ConfigSections = Readonly<Record<string, unknown>>;

/** What a test may want otherwise. */
export interface StageOptions {
  /** SQL on top of the rows of the demo database. */
  readonly rows?: string;
  /** Unix sockets on which to serve socketmap too, open to everybody. */
  readonly unixSockets?: readonly string[];
  readonly config?: ConfigSections | ((mariadb: Mariadb) => ConfigSections);
  readonly mariadb?: MariadbOptions;
  /** Ports of its own listeners, when `config` has some. */
  readonly listening?: readonly number[];
  /** The port of a milter listener beside the others. */
  readonly milterPort?: number;
  /** How the daemon is started. */
  readonly daemon?: Pick<DaemonOptions, "env" | "prefix">;
}

/** The running pair. */
export interface Stage {
  readonly mariadb: Mariadb;
  readonly daemon: Daemon;
  readonly ports: { readonly socketmap: number; readonly tcpTable: number; readonly admin: number };
  /** What the daemon was configured with, to start another one. */
  readonly config: ConfigSections;
  /** GET on the admin endpoint, with the token. */
  admin(path: string): Promise<Response>;
  /** Sum of a metric over the labels given. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Ends both; the daemon has to end cleanly. */
  stop(): Promise<void>;
}

/** Bearer token of every stage. */
export const adminToken = "stage-token-0123456789abcdef";

/** The native schema and the rows of the demo database. */
export const nativeSchema = ["sql/native/001-schema.mysql.sql", "sql/demo/rows.sql"].map((file) =>
  join(projectRoot, file),
);

/** Starts MariaDB with the native schema and the rows of `sql/demo/rows.sql`, then the daemon. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const mariadb = await startMariadb({
    load: nativeSchema,
    ...options.mariadb,
    ...(options.rows !== undefined && { sql: options.rows }),
  });
  try {
    await mariadb.addReader("loginmapd", "reader-password");
    const [socketmap, tcpTable, admin] = (await freePorts(3)) as [number, number, number];
    const unixSockets = options.unixSockets ?? [];
    const config: ConfigSections = {
      listeners: [
        { protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` },
        { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcpTable}`, map: "senders" },
        ...(options.milterPort === undefined
          ? []
          : [{ protocol: "milter", endpoint: `inet:127.0.0.1:${options.milterPort}`, map: "senders" }]),
        ...unixSockets.map((path) => ({ protocol: "socketmap", endpoint: `unix:${path}`, mode: "0666" })),
      ],
      admin: { endpoint: `inet:127.0.0.1:${admin}`, token: adminToken },
      maps: { senders: { source: "mail", recipient_delimiter: "+" } },
      sources: { mail: nativeSource(mariadb) },
      ...(typeof options.config === "function" ? options.config(mariadb) : options.config),
    };
    const listening = [...(options.listening ?? [socketmap, tcpTable]), admin, ...unixSockets];
    const daemon = await startDaemon({ config, listening, ...options.daemon });
    const fetchAdmin = (path: string) =>
      fetch(`http://127.0.0.1:${admin}${path}`, { headers: { authorization: `Bearer ${adminToken}` } });
    return {
      mariadb,
      daemon,
      ports: { socketmap, tcpTable, admin },
      config,
      admin: fetchAdmin,
      metric: async (name, labels = {}) => sumOf(await (await fetchAdmin("/metrics")).text(), name, labels),
      async stop() {
        try {
          await daemon.stop();
        } finally {
          await mariadb.remove();
        }
      },
    };
  } catch (error) {
    await mariadb.remove();
    throw error;
  }
}

/** The source of the native schema in a private MariaDB. */
export function nativeSource(mariadb: Mariadb): ConfigSections {
  return {
    driver: "mysql",
    hosts: [`inet:127.0.0.1:${mariadb.port}`],
    user: "loginmapd",
    password: "reader-password",
    database: mariadb.database,
    preset: "native",
    // Most of what is asked of a stage is about answers that grow old; following.test.ts is about those that do not.
    listing_interval: "off",
  };
}

function sumOf(exposition: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return exposition
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((pair) => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
