// @ts-check
/**
 * What two polls of `/v1/status` say of the time between them, and how numbers are written.
 *
 * Pure: no page, no clock.
 */

/**
 * @typedef {object} Status What `/v1/status` answers; docs/admin-api.md describes it.
 * @property {string} version
 * @property {string} node
 * @property {string} startedAt
 * @property {string} now
 * @property {boolean} ready
 * @property {boolean} tokenConfigured
 * @property {boolean} revealed
 * @property {Record<string, number>} lookups
 * @property {{ bounds: number[], counts: number[] }} lookupDuration
 * @property {Record<string, number>} cache
 * @property {{ name: string, bound: boolean, connections: number, connectionsTotal: number, errors: number }[]} listeners
 * @property {SourceStatus[]} sources
 * @property {MapStatus[]} maps
 * @property {HistoryMoment[]} history the last minutes, the earliest first
 * @property {{ listener: string, results: Record<string, number> }[]} messages of milter listeners
 * @property {ErrorStatus[]} [recentErrors]
 * @property {RefusalStatus[]} [refusals]
 *
 * @typedef {object} HistoryMoment What was counted up to a moment.
 * @property {string} now
 * @property {Record<string, number>} lookups
 * @property {number[]} lookupDuration
 * @property {Record<string, number>} cache
 * @property {number} connections
 * @property {Record<string, number>} changes by source
 *
 * @typedef {object} RefusalStatus
 * @property {string} time
 * @property {string} result
 * @property {string} reason
 * @property {string} login
 * @property {string} [header]
 * @property {string} [address]
 * @property {string} [queueId]
 *
 * @typedef {object} SourceStatus
 * @property {string} name
 * @property {boolean} up
 * @property {boolean} servingStale
 * @property {number} hostsUp
 * @property {number} hostsDown
 * @property {Record<string, number>} queries
 * @property {number} changes that listings found since the start
 * @property {string} [reason]
 * @property {{ endpoint: string, up: boolean, reason: string }[]} [hosts]
 * @property {{
 *   listed: number, ageSeconds?: number, listingSeconds: number, intervalSeconds: number, signal?: string, failing: boolean, reason?: string
 * }} [following]
 *
 * @typedef {object} MapStatus
 * @property {string} map
 * @property {string} source
 * @property {string[]} [sources] when there are several
 * @property {Record<string, number>} lookups
 * @property {{ positive: number, negative: number }} entries
 * @property {number} staleEntries
 * @property {number} staleAnswers
 * @property {{ positive: number, negative: number }} limits
 * @property {number} flushed since the start
 *
 * @typedef {object} ErrorStatus
 * @property {string} time
 * @property {string} firstTime
 * @property {number} count
 * @property {"warn" | "error"} level
 * @property {string} message
 * @property {string} [code]
 * @property {string} [reason]
 * @property {string} [source]
 * @property {string} [host]
 * @property {string} [listener]
 * @property {string} [map]
 */

/**
 * @typedef {object} Interval What happened between two polls. `null` where nothing happened that it could be said of.
 * @property {Record<string, number>} lookupsPerSecond by result
 * @property {number | null} memoryShare part of the lookups answered from memory, 0 to 1
 * @property {number | null} staleShare part of the lookups answered with a stale answer
 * @property {number | null} p50 seconds
 * @property {number | null} p99 seconds
 * @property {Record<string, number>} queriesPerSecond by source
 * @property {Record<string, number>} unansweredPerSecond by source
 * @property {Record<string, number>} stalePerSecond answers, by map
 */

/**
 * Compares two polls.
 *
 * @param {Status} earlier
 * @param {Status} later
 * @returns {Interval | undefined} `undefined` when the two cannot be compared: another process, or no time between them
 */
export function compare(earlier, later) {
  const seconds = (Date.parse(later.now) - Date.parse(earlier.now)) / 1000;
  if (earlier.startedAt !== later.startedAt || !(seconds > 0)) return undefined;
  const cache = differences(earlier.cache, later.cache);
  // A lookup that was served stale is counted as a miss too, or as coalesced.
  const met = sum(Object.values({ ...cache, stale: 0 }));
  const fromMemory = (cache["hit"] ?? 0) + (cache["negative_hit"] ?? 0) + (cache["foreign_domain"] ?? 0);
  const { bounds } = later.lookupDuration;
  const counts = later.lookupDuration.counts.map((count, bucket) => {
    return Math.max(0, count - (earlier.lookupDuration.counts[bucket] ?? 0));
  });
  return {
    lookupsPerSecond: scale(differences(earlier.lookups, later.lookups), 1 / seconds),
    memoryShare: met === 0 ? null : fromMemory / met,
    staleShare: met === 0 ? null : (cache["stale"] ?? 0) / met,
    p50: quantile(bounds, counts, 0.5),
    p99: quantile(bounds, counts, 0.99),
    queriesPerSecond: Object.fromEntries(
      later.sources.map(({ name, queries }) => {
        const before = earlier.sources.find((source) => source.name === name)?.queries ?? {};
        return [name, sum(Object.values(differences(before, queries))) / seconds];
      }),
    ),
    unansweredPerSecond: Object.fromEntries(
      later.sources.map(({ name }) => [
        name,
        Math.max(0, unanswered(later, name) - unanswered(earlier, name)) / seconds,
      ]),
    ),
    stalePerSecond: Object.fromEntries(
      later.maps.map(({ map, staleAnswers }) => {
        const before = earlier.maps.find((one) => one.map === map)?.staleAnswers ?? 0;
        return [map, Math.max(0, staleAnswers - before) / seconds];
      }),
    ),
  };
}

/**
 * The status as it was at a moment of the history, as far as that is known; the rest is as it is now.
 *
 * @param {Status} status @param {HistoryMoment} moment
 * @returns {Status}
 */
export function statusAt(status, { now, lookups, lookupDuration, cache }) {
  const { bounds } = status.lookupDuration;
  return { ...status, now, lookups, lookupDuration: { bounds, counts: lookupDuration }, cache };
}

/**
 * How many keys of a source listings found changed in the last minute, or since the start when that is less.
 *
 * @param {Status} status @param {string} source
 */
export function changesPerMinute({ history, now, sources }, source) {
  const minuteAgo = Date.parse(now) - 60_000;
  const before = history.find((moment) => Date.parse(moment.now) >= minuteAgo)?.changes[source] ?? 0;
  return Math.max(0, (sources.find(({ name }) => name === source)?.changes ?? 0) - before);
}

/**
 * Counts the lookups of a source's maps that got no answer. A source that is down is sent no queries, so none of them fails:
 * this is what tells.
 *
 * @param {Status} status @param {string} source
 */
export function unanswered({ maps, sources }, source) {
  const isUp = (/** @type {string} */ name) => sources.find((one) => one.name === name)?.up ?? true;
  return sum(
    maps
      // Of several, those that are down are at fault.
      .filter((map) => {
        const names = map.sources ?? [map.source];
        return names.includes(source) && (!isUp(source) || names.every(isUp));
      })
      .map(({ lookups }) => (lookups["temp"] ?? 0) + (lookups["timeout"] ?? 0)),
  );
}

/**
 * Estimates a quantile from a histogram as Prometheus's histogram_quantile does: linear within the bucket.
 *
 * @param {readonly number[]} bounds upper bounds, ascending
 * @param {readonly number[]} counts per bucket, one longer than the bounds
 * @param {number} q 0 to 1
 * @returns {number | null} `null` without observations; the last bound when it lies above all of them
 */
export function quantile(bounds, counts, q) {
  const total = sum(counts);
  if (total === 0) return null;
  const rank = q * total;
  let below = 0;
  for (const [bucket, bound] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    if (below + count >= rank && count > 0) {
      const start = bounds[bucket - 1] ?? 0;
      return start + ((bound - start) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}

// A reload that drops a map drops its counts, so a sum can shrink: that is no negative rate.
/** @param {Record<string, number>} earlier @param {Record<string, number>} later */
function differences(earlier, later) {
  return Object.fromEntries(
    Object.entries(later).map(([word, count]) => [word, Math.max(0, count - (earlier[word] ?? 0))]),
  );
}

/** @param {Record<string, number>} numbers @param {number} factor */
function scale(numbers, factor) {
  return Object.fromEntries(Object.entries(numbers).map(([word, number]) => [word, number * factor]));
}

/** @param {readonly number[]} numbers */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Writes a number of things: `1,204`. @param {number} count */
export function formatCount(count) {
  return Math.round(count).toLocaleString("en-GB");
}

/** Writes a rate without its unit: `0.5`, `12.3`, `1,204`. @param {number} perSecond */
export function formatRate(perSecond) {
  return perSecond >= 100 ? formatCount(perSecond) : String(Number(perSecond.toFixed(perSecond < 1 ? 2 : 1)));
}

/** Writes a share: `97.4 %`. @param {number} share 0 to 1 */
export function formatShare(share) {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** Writes a duration with the unit that fits: `50 µs`, `2.5 ms`, `1.2 s`. @param {number} seconds */
export function formatSeconds(seconds) {
  if (seconds < 0.001) return `${Number((seconds * 1e6).toPrecision(2))} µs`;
  if (seconds < 1) return `${Number((seconds * 1e3).toPrecision(2))} ms`;
  return `${Number(seconds.toPrecision(2))} s`;
}

/** Writes a moment with its date: `24 Nov 07:59:12`. @param {string} time as ISO 8601 */
export function formatMoment(time) {
  const at = new Date(time);
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${at.toLocaleTimeString("en-GB")}`;
}

/** Writes how long something has lasted: `3 d 4 h`, `2 h 5 min`, `40 s`. @param {number} seconds */
export function formatUptime(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
