/** What it costs to follow a source: its listings on both sides, what they do to hits beside them, and what they spare. */
import { setTimeout as delay } from "node:timers/promises";
import { startMailDatabase } from "../database.ts";
import { LiveListings } from "../listings.ts";
import type { Pace } from "../pace.ts";
import { UsageReader } from "../process-usage.ts";
import { type Loginmapd, startLoginmapd } from "../servers.ts";
import type { Stage } from "../stage.ts";
import type { Contestant, Lineup, Sample } from "../statistics.ts";
import { inTurns } from "../undisturbed.ts";
import { hits, jobOf, type Setting } from "./contestants.ts";

// 300,000 lookups a minute: more than a large site has, and a load at which the processor has time for other work.
const ratePerSecond = 5000;
// Only the changes that are made here have the source listed.
const listingInterval = "1h";
// Node counts the 10 ms after which its timer is due into what the event loop was late by.
const loopResolutionMs = 10;
const repetitions = 3;
const unixWith16 = { way: "socketmap unix", connections: 16, askAllFirst: false } as const;

/** A followed source of each size, given as soon as it is measured: listings, hits beside them, lookups that wait, memory in the end. */
export async function* measureFollowing(stage: Stage, pace: Pace): AsyncGenerator<Lineup> {
  for (const addresses of pace.cachedOwners) {
    const mariadb = await startMailDatabase(addresses, ["--log-bin=binlog", "--server-id=1", "--sync-binlog=0"]);
    try {
      const cache = { max_entries: addresses + 1 };
      const loginmapd = await startLoginmapd(stage.folder, mariadb, { cache, listingInterval }, `follow-${addresses}`);
      try {
        const listings = new LiveListings(mariadb, addresses);
        yield await measureOne(stage, pace, { addresses, listings, loginmapd });
      } finally {
        await loginmapd.stop();
      }
    } finally {
      await mariadb.remove();
    }
  }
}

interface Followed {
  readonly addresses: number;
  readonly listings: LiveListings;
  readonly loginmapd: Loginmapd;
}

async function measureOne(stage: Stage, pace: Pace, followed: Followed): Promise<Lineup> {
  const { addresses, listings, loginmapd } = followed;
  const usage = new UsageReader();
  await warmed(followed);
  const waitingShare = await shareThatWaits(stage, pace, followed);
  const entries = await inTurns(
    [
      { name: "hits", measure: (repetition) => measureHits(stage, pace, loginmapd, repetition) },
      {
        name: "hits during a listing",
        async measure(repetition) {
          await listings.begin();
          const sample = await measureHits(stage, pace, loginmapd, repetition);
          await listings.awaitEnd(await costOf(loginmapd));
          return sample;
        },
      },
      { name: "a listing", measure: () => measureListing(followed, usage) },
    ] satisfies Contestant[],
    repetitions,
  );
  const { rssBytes } = usage.read(loginmapd.pid);
  return {
    suite: "follow",
    title: `following ${addresses.toLocaleString("en")} addresses`,
    entries: [
      ...entries,
      { name: "realistic mix after warming", samples: [{ waitingShare }] },
      { name: "the daemon in the end", samples: [{ rssBytes }] },
    ],
  };
}

async function warmed({ addresses, listings, loginmapd }: Followed): Promise<void> {
  while ((await loginmapd.metric('loginmapd_cache_entries{map="senders",kind="positive"}')) < addresses) {
    await delay(1000);
  }
  await listings.awaitEnd(await costOf(loginmapd));
}

async function costOf(loginmapd: Loginmapd): Promise<number> {
  return 1000 * (await loginmapd.metric('loginmapd_source_listing_duration_seconds{source="mail"}'));
}

async function measureHits(stage: Stage, pace: Pace, loginmapd: Loginmapd, repetition: number): Promise<Sample> {
  const setting: Setting = { ...unixWith16, workload: hits, ratePerSecond };
  const { perSecond, p50Us, p99Us } = await stage.generator.run(jobOf(loginmapd, setting, pace, repetition));
  return { perSecond, p50Us, p99Us };
}

/** One of the listings that a change brings about. */
async function measureListing({ listings, loginmapd }: Followed, usage: UsageReader): Promise<Sample> {
  // Node's histogram of what the event loop was late by begins anew with every scrape, so there is none in between.
  const costMs = await costOf(loginmapd);
  const made = await listings.count();
  const cpuMs = () => [usage.read(loginmapd.pid).cpuMs, usage.read(listings.pid).cpuMs] as const;
  const before = cpuMs();
  await listings.begin();
  await listings.awaitEnd(costMs);
  const after = cpuMs();
  const count = (await listings.count()) - made;
  const loopDelayMs = 1000 * (await loginmapd.metric("nodejs_eventloop_lag_max_seconds")) - loopResolutionMs;
  return {
    ms: await costOf(loginmapd),
    cpuMs: (after[0] - before[0]) / count,
    databaseCpuMs: (after[1] - before[1]) / count,
    loopDelayMs,
  };
}

/** The share of lookups that ask the source, of those that a mail server makes. */
async function shareThatWaits(stage: Stage, pace: Pace, { addresses, loginmapd }: Followed): Promise<number> {
  const requests = (outcome: string) =>
    loginmapd.metric(`loginmapd_cache_requests_total{map="senders",outcome="${outcome}"}`);
  const waited = async () => (await requests("miss")) + (await requests("coalesced"));
  const before = await waited();
  const workload = { population: "mailbox", first: 0, count: addresses, order: 1.1, repeat: 10 } as const;
  const job = jobOf(loginmapd, { ...unixWith16, workload }, { ...pace, measureMs: 5000 }, 0);
  const { asked } = await stage.generator.run(job);
  return ((await waited()) - before) / asked;
}
