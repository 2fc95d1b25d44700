/** The programs that write a machine's mail log: rsyslog in both of its file formats, and journald. Each is private, without a service. */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "../wait.ts";
import { projectRoot } from "./daemon.ts";
import { type Child, run, startChild, stopChild } from "./processes.ts";

/** The same mail log, as each of them wrote it. */
export interface SystemLogs {
  /** `RSYSLOG_TraditionalFileFormat`: the default before Debian 12. */
  readonly traditional: string;
  /** `RSYSLOG_FileFormat`: the default since. */
  readonly rfc3339: string;
  /** What `journalctl` prints. */
  readonly journal: string;
  /** What `journalctl -o short-iso` prints. */
  readonly journalIso: string;
}

/**
 * Has a log that Postfix wrote by itself written by rsyslog and by journald: they get its lines as syslog(3) would give them.
 *
 * @param directory for sockets and files; removed by the caller
 * @param log lines of postlogd, the last one ended
 */
export async function writeSystemLogs(directory: string, log: string): Promise<SystemLogs> {
  const count = log.split("\n").length - 1;
  return { ...(await byRsyslog(directory, log, count)), ...(await byJournald(log, count)) };
}

async function byRsyslog(directory: string, log: string, count: number) {
  const [configuration, socket] = [join(directory, "rsyslog.conf"), join(directory, "rsyslog.socket")];
  const formats = { traditional: "RSYSLOG_TraditionalFileFormat", rfc3339: "RSYSLOG_FileFormat" };
  const file = (format: string) => join(directory, `rsyslog-${format}.log`);
  await writeFile(
    configuration,
    `global(workDirectory="${directory}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}")
${Object.entries(formats)
  .map(([format, template]) => `action(type="omfile" file="${file(format)}" template="${template}")\n`)
  .join("")}`,
  );
  const rsyslogd = startChild("rsyslogd", ["-n", "-f", configuration, "-i", join(directory, "rsyslog.pid")]);
  try {
    await sayTo(rsyslogd, socket, log);
    const written = (format: string) => () => whole(readFile(file(format), "utf8"), count);
    return {
      traditional: await waitUntil("rsyslog's traditional file", written("traditional")),
      rfc3339: await waitUntil("rsyslog's other file", written("rfc3339")),
    };
  } finally {
    await stopChild(rsyslogd);
  }
}

async function byJournald(log: string, count: number) {
  const namespace = `loginmapd-test-${process.pid}`;
  const machine = (await readFile("/etc/machine-id", "utf8")).trim();
  const sockets = `/run/systemd/journal.${namespace}`;
  const journald = startChild("/lib/systemd/systemd-journald", [namespace]);
  try {
    await sayTo(journald, join(sockets, "dev-log"), log);
    const print = async (format: string) =>
      (await run("journalctl", ["--namespace", namespace, "--no-pager", "-o", format])).stdout;
    const printed = (format: string) => () => whole(print(format), count);
    return {
      journal: await waitUntil("the journal", printed("short")),
      journalIso: await waitUntil("the journal", printed("short-iso")),
    };
  } finally {
    await stopChild(journald);
    for (const path of [sockets, ...["/run", "/var"].map((base) => `${base}/log/journal/${machine}.${namespace}`)])
      await rm(path, { recursive: true, force: true });
  }
}

async function sayTo(daemon: Child, socket: string, log: string): Promise<void> {
  await waitUntil(socket, async () => {
    if (!daemon.isRunning()) throw new Error(`it ended: ${daemon.stderr()}`);
    return existsSync(socket);
  });
  const script = join(projectRoot, "test/support/servers/to-syslog.pl");
  const said = await run("perl", [script, socket], { input: log });
  if (said.code !== 0) throw new Error(said.stderr);
}

/** The text, once all lines of Postfix are in it. */
async function whole(text: Promise<string>, count: number): Promise<string | undefined> {
  const written = await text.catch(() => "");
  return written.split("\n").filter((line) => /\/\w+\[\d+\]: /.test(line)).length >= count ? written : undefined;
}
