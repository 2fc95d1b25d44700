/**
 * Floods of senders that do not exist, beside owners that do: the owners stay in the cache, memory stays where it is.
 *
 * SOAK_SENDERS says how many distinct senders are made up; CI makes up five million, a run by hand as many as wanted.
 */
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSocketmapReplyDecoder, formatSocketmapQuery } from "../../../src/protocol/socketmap-client.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";

const { SOAK_SENDERS } = process.env;
const senders = Number(SOAK_SENDERS ?? 60_000);
const rounds = 10;
const owners = 1_000;
const connections = 8;
const pipelined = 50;

let stage: Stage;

beforeAll(async () => {
  stage = await startStage({
    rows: `INSERT INTO logins (login) SELECT CONCAT('real', seq, '@example.com') FROM seq_1_to_${owners};
           INSERT INTO addresses (domain, localpart, login)
             SELECT 'example.com', CONCAT('real', seq), CONCAT('real', seq, '@example.com') FROM seq_1_to_${owners};`,
    // Nothing expires: whoever leaves the cache was pushed out.
    config: { cache: { max_entries: 5_000, max_negative_entries: 5_000, ttl: "1h", negative_ttl: "1h" } },
  });
});

afterAll(() => stage.stop());

/** Asks for the keys over several connections, some at a time, and counts the replies by their kind. */
async function askAll(keyOf: (n: number) => string, from: number, to: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let next = from;
  const worker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket: Socket = connect(stage.ports.socketmap, "127.0.0.1");
      const decoder = createSocketmapReplyDecoder();
      let owed = 0;
      const send = (): void => {
        const queries: Buffer[] = [];
        for (; queries.length < pipelined && next < to; next++)
          queries.push(formatSocketmapQuery("senders", keyOf(next)));
        owed = queries.length;
        if (owed > 0) socket.write(Buffer.concat(queries));
        else {
          socket.destroy();
          resolve();
        }
      };
      const sink = {
        reply: ({ kind }: { kind: string }): boolean => {
          counts[kind] = (counts[kind] ?? 0) + 1;
          owed--;
          return true;
        },
      };
      socket.setNoDelay(true);
      socket.once("error", reject);
      socket.once("connect", send);
      socket.on("data", (chunk) => {
        decoder.push(chunk, chunk.length, sink);
        if (owed === 0) send();
      });
    });
  await Promise.all(Array.from({ length: connections }, worker));
  return counts;
}

/** A third each: nobody in a domain of ours, a made-up tag of an owner, a domain that is not ours. */
function madeUp(n: number): string {
  if (n % 3 === 0) return `nobody${n}@example.com`;
  return n % 3 === 1 ? `real${(n % owners) + 1}+tag${n}@example.com` : `somebody@domain${n}.example`;
}

const hits = () => stage.metric("loginmapd_cache_requests_total", { outcome: "hit" });
const realOwner = (n: number) => `real${n + 1}@example.com`;

test(`${senders} senders that do not exist push no owner out of the cache and take no more memory`, async () => {
  await askAll(realOwner, 0, owners);
  const memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = Math.floor((senders * round) / rounds);
    const to = Math.floor((senders * (round + 1)) / rounds);
    const before = await hits();
    // The owners are asked for during the flood and after it.
    const [flood, during] = await Promise.all([askAll(madeUp, from, to), askAll(realOwner, 0, owners)]);
    const { ok = 0, notFound = 0, ...failed } = flood;
    expect(failed).toEqual({});
    expect(ok + notFound).toBe(to - from);
    expect(ok).toBe(Array.from({ length: to - from }, (_, i) => from + i).filter((n) => n % 3 === 1).length);
    expect(during).toEqual({ ok: owners });
    expect(await askAll(realOwner, 0, owners)).toEqual({ ok: owners });
    expect((await hits()) - before).toBe(2 * owners);
    memory.push(Math.round((await stage.daemon.residentBytes()) / 1_048_576));
  }
  console.log(`resident memory after each tenth of ${senders} senders, MiB: ${memory.join(" ")}`);
  // The first tenths fill the caches and the heap; from the middle on nothing may grow but by chance.
  const early = Math.max(...memory.slice(0, rounds / 2));
  const late = Math.max(...memory.slice(rounds / 2));
  expect(late).toBeLessThan(early * 1.15 + 10);
}, 3_600_000);
