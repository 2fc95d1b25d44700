/** Messages whose header the milter reads, all owners in memory, beside a bare milter that accepts everything. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { startDaemon } from "../../support/servers/daemon.ts";
import { freePorts, isListening } from "../../support/servers/ports.ts";
import { startChild, stopChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";
import { endOfHeaders, header, mail, packet, postfixOffer } from "../../support/wire/milter-wire.ts";
import type { Pace } from "../pace.ts";
import { UsageReader } from "../process-usage.ts";
import { findPlaces, loginmapdConfig } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup, Sample } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { addressOf, mapName } from "../workload.ts";

/** A milter that is measured. */
interface Milter {
  readonly name: "loginmapd" | "bare Node";
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
}

// As many sessions as a quiet, a usual and a busy submission server has.
const connections = [1, 16, 64] as const;
// Owners that are asked in turns; all of them are in memory after the first round.
const senders = 1000;

/** Messages per second, time and CPU of each, at every number of connections. */
export async function measureMilter(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const milters = [await startOurs(stage), await startBare()];
  try {
    const lineups: Lineup[] = [];
    for (const count of connections) {
      const contestants = milters.map((milter): Contestant => {
        return { name: milter.name, measure: () => measure(milter, count, pace) };
      });
      const title = `milter (messages, not lookups), ${count} connections`;
      lineups.push({ suite: "milter", title, entries: await inTurns(contestants, pace.repetitions) });
    }
    return lineups;
  } finally {
    for (const milter of milters) await milter.stop();
  }
}

async function startOurs(stage: Stage): Promise<Milter> {
  const places = await findPlaces(stage.folder, "milter");
  const [port] = (await freePorts(1)) as [number];
  const config = loginmapdConfig(stage.mariadb, places, { cache: { ttl: "1h" } }) as Record<string, unknown>;
  const listeners = [{ protocol: "milter", endpoint: `inet:127.0.0.1:${port}`, map: mapName }];
  const daemon = await startDaemon({ config: { ...config, listeners }, listening: [port, places.adminPort] });
  return { name: "loginmapd", pid: daemon.pid, port, stop: () => daemon.stop() };
}

async function startBare(): Promise<Milter> {
  const [port] = (await freePorts(1)) as [number];
  const program = fileURLToPath(new URL("../bare-milter.mjs", import.meta.url));
  const child = startChild(process.execPath, [program, `${port}`]);
  await waitUntil("the bare milter to listen", () => isListening(port));
  return { name: "bare Node", pid: child.pid, port, stop: () => stopChild(child) };
}

async function measure({ name, pid, port }: Milter, count: number, pace: Pace): Promise<Sample> {
  const usage = new UsageReader();
  const sessions = await Promise.all(Array.from({ length: count }, (_, n) => Session.open(port, n)));
  try {
    const run = async (ms: number) => {
      const endMs = performance.now() + ms;
      return (await Promise.all(sessions.map((session) => session.sendUntil(endMs)))).flat();
    };
    await run(pace.warmMs);
    // Whoever was not asked for yet is asked for now.
    if (name === "loginmapd") await sessions[0]?.sendAll();
    const before = usage.read(pid).cpuMs;
    const beganMs = performance.now();
    const took = (await run(pace.measureMs)).sort((a, b) => a - b);
    const seconds = (performance.now() - beganMs) / 1000;
    const at = (share: number) => 1000 * (took[Math.floor(share * (took.length - 1))] ?? Number.NaN);
    return {
      perSecond: took.length / seconds,
      p50Us: at(0.5),
      p99Us: at(0.99),
      cpuUs: (1000 * (usage.read(pid).cpuMs - before)) / took.length,
    };
  } finally {
    for (const session of sessions) session.close();
  }
}

/** The packets of a usual message, as Postfix sends them: those of MAIL, then those of the header. */
const messages = Array.from({ length: senders }, (_, n) => {
  const address = addressOf("mailbox", n);
  const fields = [
    header(
      "Received",
      "from [192.0.2.7] (client.example [192.0.2.7])\n\tby mx.example.test (Postfix) with ESMTPSA id 4XYZ",
    ),
    header("Message-ID", `<${n}.1764315000@client.example>`),
    header("Date", "Sat, 28 Nov 2026 13:00:00 +0000"),
    header("MIME-Version", "1.0"),
    header("User-Agent", "Mozilla Thunderbird"),
    header("To", "Recipient <recipient@elsewhere.example>"),
    header("From", `A Usual Name <${address}>`),
    header("Subject", "An ordinary subject of an ordinary length"),
    header("Content-Type", "text/plain; charset=UTF-8; format=flowed"),
    header("Content-Transfer-Encoding", "8bit"),
  ];
  return [mail(address, address), fields.join("") + endOfHeaders()] as const;
});

/** One smtpd, closed loop: MAIL and its reply, the header and its verdict, the end of the message. */
class Session {
  readonly #socket: Socket;
  #next: number;
  #wake: (reply: string) => void = () => {};

  private constructor(socket: Socket, first: number) {
    this.#socket = socket;
    this.#next = first;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#wake(String.fromCharCode(bytes[4] ?? 0)));
  }

  static async open(port: number, n: number): Promise<Session> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const session = new Session(socket, n * 17);
    if ((await session.#ask(postfixOffer)) !== "O") throw new Error("no agreement");
    return session;
  }

  /** @returns how long each message took, in milliseconds */
  async sendUntil(endMs: number): Promise<number[]> {
    const took: number[] = [];
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await this.#send(this.#next++ % senders);
      const thenMs = performance.now();
      took.push(thenMs - nowMs);
      nowMs = thenMs;
    }
    return took;
  }

  async sendAll(): Promise<void> {
    for (let n = 0; n < senders; n++) await this.#send(n);
  }

  close(): void {
    this.#socket.end(Buffer.from(packet("Q"), "latin1"));
  }

  async #send(n: number): Promise<void> {
    const [sender, rest] = messages[n] as (typeof messages)[number];
    if ((await this.#ask(sender)) !== "c") throw new Error("MAIL was not continued");
    const verdict = await this.#ask(rest);
    if (verdict !== "a") throw new Error(`the message was answered ${verdict}`);
    this.#socket.write(packet("A"), "latin1");
  }

  #ask(wire: string): Promise<string> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#socket.write(wire, "latin1");
    });
  }
}
