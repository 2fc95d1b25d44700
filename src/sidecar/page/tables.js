// @ts-check
/** The tables of the page: sources, caches, listeners. Each is drawn anew from every poll. */
import { badge, find, make, row } from "./elements.js";
import { changesPerMinute, formatCount, formatRate, sum, unanswered } from "./numbers.js";

/** @typedef {import("./numbers.js").Status} Status */
/** @typedef {import("./numbers.js").Interval} Interval */

/**
 * @param {Status} status
 * @param {Interval | undefined} interval `undefined` before there are two polls to compare
 */
export function drawTables(status, interval) {
  const { sources, maps, listeners } = status;
  body(
    "sources",
    sources.flatMap((source) => sourceRows(source, status, interval)),
  );
  body(
    "caches",
    maps.map((map) => cacheRow(map, interval?.stalePerSecond[map.map] ?? 0)),
  );
  body(
    "listeners",
    listeners.map(({ name, bound, connections, connectionsTotal, errors }) => {
      const state = bound ? badge("bound", "good") : badge("not bound", "bad");
      return row(named(name, state), connections, connectionsTotal, errors);
    }),
  );
}

/** @param {string} id @param {Node[]} rows */
function body(id, rows) {
  find(id, HTMLTableSectionElement).replaceChildren(...rows);
}

/** A name with its state beside it, or below where there is no room. @param {string} name @param {Node} state */
function named(name, state) {
  return make("div", "named", make("span", "", name), state);
}

/** @param {import("./numbers.js").SourceStatus} source @param {Status} status @param {Interval | undefined} interval */
function sourceRows(source, status, interval) {
  const { name, up, servingStale, queries } = source;
  const state = up ? badge("up", "good") : badge(servingStale ? "down, stale served" : "down", "bad");
  const failed = sum([queries["error"] ?? 0, queries["timeout"] ?? 0]);
  const made = row(
    named(name, state),
    rate(interval?.queriesPerSecond[name] ?? 0),
    failed,
    growing(unanswered(status, name), interval?.unansweredPerSecond[name] ?? 0),
  );
  made.className = "joined";
  const cell = document.createElement("td");
  cell.colSpan = 4;
  cell.append(hostsOf(source), followingOf(source, changesPerMinute(status, name)));
  return [made, make("tr", "", cell)];
}

// Where the hosts are and what is wrong with them: there only with the token.
/** @param {import("./numbers.js").SourceStatus} source */
function hostsOf({ reason = "", hosts, hostsUp, hostsDown }) {
  if (hosts === undefined) {
    const down = hostsDown === 0 ? "" : `, ${hostsDown} down`;
    return make("div", "quiet", `${hostsUp} ${hostsUp === 1 ? "host" : "hosts"} up${down}`);
  }
  const items = hosts.map((host) => {
    const mark = make("span", host.up ? "good" : "bad", host.up ? "✓ " : "✗ ");
    return make("li", "", mark, host.endpoint, make("span", "quiet", host.up ? "" : ` ${host.reason || "down"}`));
  });
  // The reason of the source is that of its hosts, unless none of them has one.
  if (reason !== "" && !hosts.some((host) => host.reason !== "")) items.push(make("li", "quiet", reason));
  return make("ul", "plain hosts", ...items);
}

/**
 * How following a source fares, in a line.
 *
 * @param {import("./numbers.js").SourceStatus} source @param {number} perMinute changes
 */
function followingOf({ following }, perMinute) {
  if (following === undefined) return make("div", "quiet", "not followed: answers live for cache.ttl");
  const { listed, ageSeconds, listingSeconds, signal, failing, reason } = following;
  if (failing) return make("div", "bad", `cannot be listed${reason === undefined ? "" : `: ${reason}`}`);
  if (ageSeconds === undefined) return make("div", "quiet", "being listed for the first time");
  const age = ageSeconds < 10 ? ageSeconds.toFixed(1) : ageSeconds.toFixed(0);
  const how = signal === undefined ? "" : `, signalled by ${signal}`;
  const took = `${Math.ceil(listingSeconds * 1000)} ms`;
  return make(
    "div",
    "quiet",
    `followed: ${formatCount(listed)} keys listed ${age} s ago, in ${took}; ${formatCount(perMinute)} changes in the last minute${how}`,
  );
}

/** @param {import("./numbers.js").MapStatus} map @param {number} stalePerSecond */
function cacheRow({ map, entries, limits, staleEntries }, stalePerSecond) {
  return row(
    map,
    fill(entries.positive, limits.positive),
    fill(entries.negative, limits.negative),
    staleEntries,
    rate(stalePerSecond),
  );
}

/** @param {number} entries @param {number} limit */
function fill(entries, limit) {
  const meter = document.createElement("meter");
  meter.max = limit;
  meter.value = entries;
  meter.title = `${formatCount(entries)} of at most ${formatCount(limit)}`;
  return make("div", "number", formatCount(entries), meter);
}

/** @param {number} perSecond */
function rate(perSecond) {
  return make("div", "number", formatRate(perSecond));
}

/** A count of failures, and how fast it grows if it does. @param {number} total @param {number} perSecond */
function growing(total, perSecond) {
  const made = make("div", "number", formatCount(total));
  if (perSecond > 0) made.append(make("div", "bad", `${formatRate(perSecond)} /s`));
  return made;
}
