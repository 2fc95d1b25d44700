/** One run of the load generator: connections that ask, closed loop or open, and what their replies took. */
import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { UsageReader } from "./process-usage.ts";
import {
  addressOf,
  constantReply,
  drawSequence,
  isWholeReply,
  queryText,
  replyText,
  seededRandom,
} from "./workload.ts";

const giveUpMs = 10_000;
const readBuffer = Buffer.allocUnsafeSlow(65_536);
const usage = new UsageReader();

/** Lookups under way on one connection: one at most. */
class Client {
  socket: Socket | undefined;
  /** When the query in flight was sent or due. */
  since = 0;
  expected = "";
  /** The begin of a reply that has not arrived whole. */
  partial = "";
  inFlight = false;
  place = 0;
  repeatsLeft = 0;
  lookups = 0;
}

/** Starts with `start`; calls back once, with what it measured or with why it gave up. */
export class LoadRun {
  readonly #job: LoadJob;
  readonly #done: (result: LoadResult) => void;
  readonly #failed: (error: Error) => void;
  readonly #sequence: Uint32Array;
  readonly #queries: string[];
  readonly #replies: string[];
  readonly #clients: Client[] = [];
  readonly #idle: Client[] = [];
  readonly #random: () => number;
  /** When the lookups that found no idle client were due; served from `#backlogHead` on. */
  #backlog: number[] = [];
  #backlogHead = 0;
  #nextDue = 0;
  #position = 0;
  #toAsk = 0;
  #phase: "asking all" | "warming" | "measuring" | "over" = "asking all";
  #phaseEnd = Number.POSITIVE_INFINITY;
  // In nanoseconds, to three digits; the generator gives up after 10 s.
  #histogram = createHistogram({ highest: 60_000_000_000, figures: 3 });
  #began = 0;
  #serverCpuMs = 0;
  #ownCpuUs = 0;
  #wrong = 0;
  #broken = 0;
  #firstFault = "";
  #repliesSeen = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(job: LoadJob, done: (result: LoadResult) => void, failed: (error: Error) => void) {
    this.#job = job;
    this.#done = done;
    this.#failed = failed;
    this.#sequence = drawSequence(job.workload, job.seed);
    this.#random = seededRandom(job.seed + 1);
    this.#queries = new Array(job.workload.count);
    this.#replies = new Array(job.workload.count);
  }

  start(): void {
    const { connections, askAllFirst, workload } = this.#job;
    let open = 0;
    let seenBefore = -1;
    this.#watchdog = setInterval(() => {
      if (this.#repliesSeen === seenBefore) this.#giveUp(new Error(`no reply within ${giveUpMs} ms`));
      seenBefore = this.#repliesSeen;
    }, giveUpMs);
    const allOpen = (): void => {
      if (++open < connections) return;
      if (askAllFirst) this.#toAsk = workload.count;
      else this.#enter("warming", performance.now());
      for (const client of [...this.#clients]) this.#goOn(client, performance.now());
    };
    for (let i = 0; i < connections; i++) {
      const client = new Client();
      this.#clients.push(client);
      this.#open(client, allOpen);
    }
  }

  #open(client: Client, opened: () => void): void {
    const { target } = this.#job;
    const where = "path" in target ? target : { host: "127.0.0.1", port: target.port };
    const socket = connect({
      ...where,
      noDelay: true,
      // One buffer for all connections: what a `data` event would allocate is not what is measured here.
      onread: {
        buffer: readBuffer,
        callback: (length: number): boolean => {
          this.#received(client, length);
          return true;
        },
      },
    });
    client.socket = socket;
    socket.on("connect", opened);
    socket.on("error", (error) => this.#fault(client, socket, error.message));
    socket.on("close", () => this.#fault(client, socket, "connection closed"));
  }

  #fault(client: Client, socket: Socket, text: string): void {
    if (this.#phase === "over" || client.socket !== socket) return;
    this.#broken++;
    this.#firstFault ||= text;
    client.socket = undefined;
    this.#giveUp(new Error(text));
  }

  #received(client: Client, length: number): void {
    if (!client.inFlight) return;
    const now = performance.now();
    const text = client.partial + readBuffer.toString("latin1", 0, length);
    const { protocol } = this.#job;
    if (text !== client.expected) {
      if (!isWholeReply(protocol, text)) {
        client.partial = text;
        return;
      }
      const isAnyNotFound = client.expected === "500 " && text.startsWith("500 ");
      if (!isAnyNotFound) {
        this.#wrong++;
        this.#firstFault ||= `got ${JSON.stringify(text)}, expected ${JSON.stringify(client.expected)}`;
      }
    }
    client.partial = "";
    client.inFlight = false;
    this.#repliesSeen++;
    if (this.#phase === "measuring") this.#histogram.record(Math.max(1, Math.round((now - client.since) * 1e6)));
    if (now >= this.#phaseEnd) this.#enter(this.#phase === "warming" ? "measuring" : "over", now);
    const { churnAfter } = this.#job;
    if (churnAfter !== undefined && ++client.lookups % churnAfter === 0 && this.#phase !== "over") {
      client.socket?.destroy();
      this.#open(client, () => this.#goOn(client, now));
      return;
    }
    this.#goOn(client, now);
  }

  /** Gives an idle client its next lookup, if one is due. */
  #goOn(client: Client, now: number): void {
    if (this.#phase === "over") return;
    if (this.#phase === "asking all") {
      if (this.#toAsk > 0) {
        this.#toAsk--;
        this.#ask(client, this.#toAsk, now);
      } else {
        this.#idle.push(client);
        if (this.#idle.length === this.#clients.length) this.#askedAll();
      }
      return;
    }
    if (this.#job.ratePerSecond === undefined) {
      this.#askNext(client, now);
    } else if (this.#backlogHead < this.#backlog.length) {
      this.#askNext(client, this.#backlog[this.#backlogHead++] as number);
    } else {
      this.#idle.push(client);
    }
  }

  #askedAll(): void {
    const now = performance.now();
    this.#enter(this.#job.measureMs === 0 ? "over" : "warming", now);
    if (this.#job.ratePerSecond !== undefined) return;
    for (const client of this.#idle.splice(0)) this.#goOn(client, now);
  }

  #askNext(client: Client, since: number): void {
    if (client.repeatsLeft === 0) {
      client.place = this.#sequence[this.#position] as number;
      client.repeatsLeft = this.#job.workload.repeat;
      if (++this.#position === this.#sequence.length) this.#position = 0;
    }
    client.repeatsLeft--;
    this.#ask(client, client.place, since);
  }

  #ask(client: Client, place: number, since: number): void {
    let query = this.#queries[place];
    if (query === undefined) {
      const { protocol, workload, isConstant } = this.#job;
      const key = addressOf(workload.population, workload.first + place);
      query = queryText(protocol, key);
      this.#queries[place] = query;
      this.#replies[place] = isConstant ? constantReply(protocol) : replyText(protocol, workload.population, key);
    }
    client.expected = this.#replies[place] as string;
    client.inFlight = true;
    client.since = since;
    client.socket?.write(query, "latin1");
  }

  #enter(phase: "warming" | "measuring" | "over", now: number): void {
    this.#phase = phase;
    if (phase === "warming") {
      this.#phaseEnd = now + this.#job.warmMs;
      if (this.#job.ratePerSecond !== undefined) {
        this.#nextDue = now;
        setImmediate(this.#pump);
      }
    } else if (phase === "measuring") {
      this.#phaseEnd = now + this.#job.measureMs;
      this.#began = now;
      this.#serverCpuMs = usage.read(this.#job.pid).cpuMs;
      const { user, system } = process.cpuUsage();
      this.#ownCpuUs = user + system;
    } else {
      this.#finish(now);
    }
  }

  /** Open loop: sends what is due. Spins, since a timer is 1 ms late and the lookups are not to be. */
  readonly #pump = (): void => {
    if (this.#phase === "over") return;
    const now = performance.now();
    const meanMs = 1000 / (this.#job.ratePerSecond as number);
    while (this.#nextDue <= now) {
      const client = this.#idle.pop();
      if (client === undefined) this.#backlog.push(this.#nextDue);
      else this.#askNext(client, this.#nextDue);
      this.#nextDue -= Math.log(1 - this.#random()) * meanMs;
    }
    if (this.#backlogHead === this.#backlog.length) {
      this.#backlog = [];
      this.#backlogHead = 0;
    }
    setImmediate(this.#pump);
  };

  #finish(now: number): void {
    clearInterval(this.#watchdog);
    const server = usage.read(this.#job.pid);
    const { user, system } = process.cpuUsage();
    const histogram = this.#histogram;
    const lookups = histogram.count;
    const seconds = (now - this.#began) / 1000;
    const perLookup = (us: number) => (lookups === 0 ? 0 : us / lookups);
    this.#closeAll();
    this.#done({
      lookups,
      asked: this.#repliesSeen,
      seconds,
      perSecond: lookups / seconds,
      p50Us: histogram.percentile(50) / 1000,
      p99Us: histogram.percentile(99) / 1000,
      p999Us: histogram.percentile(99.9) / 1000,
      maxUs: lookups === 0 ? 0 : histogram.max / 1000,
      cpuUs: perLookup((server.cpuMs - this.#serverCpuMs) * 1000),
      generatorCpuUs: perLookup(user + system - this.#ownCpuUs),
      rssBytes: server.rssBytes,
      wrong: this.#wrong,
      broken: this.#broken,
      firstFault: this.#firstFault,
    });
  }

  #giveUp(error: Error): void {
    clearInterval(this.#watchdog);
    this.#phase = "over";
    this.#closeAll();
    this.#failed(error);
  }

  #closeAll(): void {
    for (const client of this.#clients) client.socket?.destroy();
  }
}
