/** The load generator itself: a benchmark that cannot see a fault measures nothing. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { compilePrograms } from "../../bench/c-programs.ts";
import { cGenerator, type Generator, nodeGenerator } from "../../bench/generator.ts";
import type { LoadJob } from "../../bench/load-job.ts";
import { makeDirectory } from "../../support/directories.ts";

const directory = await makeDirectory("generator");
const programs = await compilePrograms(directory.path);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(directory.remove);

/** Serves with one function from query to reply; `undefined` closes the connection. */
async function serve(answer: (query: string, socket: Socket) => string | undefined): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const reply = answer(chunk.toString("latin1"), socket);
      if (reply === undefined) socket.destroy();
      else socket.write(reply, "latin1");
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const keyOf = (query: string) => /^34:senders (.*),$/.exec(query)?.[1];
const echo = (query: string) => `29:OK ${keyOf(query)},`;

function job(port: number, changes: Partial<LoadJob> = {}): LoadJob {
  return {
    target: { port },
    protocol: "socketmap",
    workload: { population: "mailbox", first: 10, count: 100, order: "uniform", repeat: 1 },
    isConstant: false,
    connections: 4,
    askAllFirst: false,
    warmMs: 0,
    measureMs: 100,
    pid: process.pid,
    seed: 1,
    ...changes,
  };
}

const generators = [
  ["in TypeScript", nodeGenerator] as const,
  ...(programs === undefined ? [] : [["in C", () => cGenerator(programs.load)] as const]),
];

describe.each(generators)("the load generator %s", (_, make) => {
  let generator: Generator;
  beforeAll(() => {
    generator = make();
  });
  afterAll(() => generator.close());

  test("counts and times the replies of a server, and its CPU time and memory", async () => {
    const result = await generator.run(job(await serve(echo)));

    expect(result.lookups).toBeGreaterThan(50);
    expect(result.asked).toBeGreaterThanOrEqual(result.lookups);
    expect(Math.abs(result.perSecond - result.lookups / result.seconds) / result.perSecond).toBeLessThan(0.01);
    expect(result.p50Us).toBeGreaterThan(1);
    expect(result.p99Us).toBeGreaterThanOrEqual(result.p50Us);
    expect(result.maxUs).toBeGreaterThanOrEqual(result.p999Us);
    expect(result.rssBytes).toBeGreaterThan(10_000_000);
  });

  test("asks every key once when told to, and nothing else when nothing is measured", async () => {
    const asked: string[] = [];
    const port = await serve((query) => {
      asked.push(keyOf(query) as string);
      return echo(query);
    });
    const result = await generator.run(job(port, { askAllFirst: true, measureMs: 0 }));

    expect(asked).toHaveLength(100);
    expect(new Set(asked).size).toBe(100);
    expect(asked).toContain("user0000010@host10.invalid");
    expect(asked).toContain("user0000109@host09.invalid");
    expect(result).toMatchObject({ asked: 100, lookups: 0, wrong: 0 });
  });

  test("gives no figures of a server with a wrong answer among its replies", async () => {
    let count = 0;
    const port = await serve((query) => (++count === 20 ? "29:OK user9999999@host99.invalid," : echo(query)));

    await expect(generator.run(job(port))).rejects.toThrow("1 wrong replies; got");
  });

  test("gives no figures of a server that fails a lookup", async () => {
    const port = await serve(() => "14:TEMP no source,");

    await expect(generator.run(job(port))).rejects.toThrow("wrong replies");
  });

  test("gives no figures of a server that closes a connection on a query", async () => {
    let count = 0;
    const port = await serve((query) => (++count === 20 ? undefined : echo(query)));

    await expect(generator.run(job(port))).rejects.toThrow("load:");
  });

  test("takes a reply that arrives in pieces for one", async () => {
    const port = await serve((query, socket) => {
      socket.write("29:OK us", "latin1");
      setImmediate(() => socket.write(echo(query).slice("29:OK us".length), "latin1"));
      return "";
    });
    const result = await generator.run(job(port));

    expect(result.lookups).toBeGreaterThan(0);
  });

  test("takes any text of a tcp_table server for not found, and no other code", async () => {
    const wanted = { protocol: "tcp_table", workload: { ...job(0).workload, population: "nobody" } } as const;
    const result = await generator.run(job(await serve(() => "500 no%20such%20owner\n"), wanted));
    expect(result.lookups).toBeGreaterThan(10);

    await expect(generator.run(job(await serve(() => "400 later\n"), wanted))).rejects.toThrow("wrong replies");
  });

  test("opens a connection again after so many lookups, and asks a key so many times in a row on it", async () => {
    const perConnection = new Map<Socket, string[]>();
    const port = await serve((query, socket) => {
      perConnection.set(socket, [...(perConnection.get(socket) ?? []), keyOf(query) as string]);
      return echo(query);
    });
    const workload = { ...job(0).workload, repeat: 5 };
    await generator.run(job(port, { workload, churnAfter: 5, connections: 2 }));

    const lists = [...perConnection.values()];
    expect(lists.length).toBeGreaterThan(4);
    for (const keys of lists) expect(keys.length).toBeLessThanOrEqual(5);
    for (const keys of lists) expect(new Set(keys).size).toBe(1);
  });

  test("counts latency in an open loop from the moment a lookup was due, so a stall shows in all it delayed", async () => {
    let stalledAt = 0;
    let first = 0;
    const port = await serve((query) => {
      first ||= performance.now();
      // Halfway through, nothing is answered for 200 ms.
      if (stalledAt === 0 && performance.now() - first > 250) {
        stalledAt = performance.now();
        while (performance.now() - stalledAt < 200);
      }
      return echo(query);
    });
    const result = await generator.run(job(port, { ratePerSecond: 1000, connections: 2, measureMs: 600 }));

    // A closed loop of two connections would ask many times as often.
    expect(result.perSecond).toBeLessThan(2000);
    // Only two lookups were in flight when the server stalled; the two hundred that came due meanwhile waited as well.
    expect(result.p99Us).toBeGreaterThan(150_000);
    expect(result.p50Us).toBeLessThan(result.p99Us);
  });
});
