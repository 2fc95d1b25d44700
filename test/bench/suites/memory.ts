/** What a full cache weighs; with as many addresses as a large site has it is what the suite of following measures. */
import type { Pace } from "../pace.ts";
import { UsageReader } from "../process-usage.ts";
import type { Stage } from "../stage.ts";
import type { Entry, Lineup } from "../statistics.ts";
import { jobOf } from "./contestants.ts";

/** Resident memory of a loginmapd that has just started, and of others whose caches were filled from the database. */
export async function measureMemory(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const entries: Entry[] = [];
  for (const owners of [0, Math.min(...pace.cachedOwners)]) {
    // Without expiry: what was cached first is to be there still when the last owner comes.
    const loginmapd = await stage.startLoginmapd(`memory-${owners}`, {
      cache: { max_entries: Math.max(owners, 1), ttl: "1h" },
    });
    try {
      if (owners > 0) {
        const workload = { population: "mailbox", first: 0, count: owners, order: "walk", repeat: 1 } as const;
        const setting = { way: "socketmap unix", connections: 50, workload, askAllFirst: true } as const;
        await stage.generator.run(jobOf(loginmapd, setting, { ...pace, measureMs: 0 }, 0));
        const cached = await loginmapd.metric('loginmapd_cache_entries{map="senders",kind="positive"}');
        if (cached !== owners) throw new Error(`${owners} owners were asked for, ${cached} are cached`);
      }
      const { rssBytes } = new UsageReader().read(loginmapd.pid);
      entries.push({ name: `${owners.toLocaleString("en")} cached owners`, samples: [{ rssBytes }] });
    } finally {
      await loginmapd.stop();
    }
  }
  return [{ suite: "memory", title: "resident memory", entries }];
}
