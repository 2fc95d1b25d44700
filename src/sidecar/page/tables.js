// @ts-check
/** The tables of the page: sources, caches, listeners, recent errors. Each is drawn anew from every poll. */
import { badge, find, make, row } from "./elements.js";
import { formatCount, formatRate, sum } from "./numbers.js";

/** @typedef {import("./numbers.js").Status} Status */

/**
 * @param {Status} status
 * @param {Record<string, number>} queriesPerSecond by source
 */
export function drawTables(status, queriesPerSecond) {
  const { sources, maps, listeners } = status;
  body(
    "sources",
    sources.flatMap((source) => sourceRows(source, queriesPerSecond[source.name] ?? 0)),
  );
  body("caches", maps.map(cacheRow));
  body(
    "listeners",
    listeners.map(({ name, bound, connections, connectionsTotal, errors }) => {
      return row(
        name,
        bound ? badge("bound", "good") : badge("not bound", "bad"),
        connections,
        connectionsTotal,
        errors,
      );
    }),
  );
  drawErrors(status);
}

/** @param {string} id @param {Node[]} rows */
function body(id, rows) {
  find(id, HTMLTableSectionElement).replaceChildren(...rows);
}

/** @param {import("./numbers.js").SourceStatus} source @param {number} queriesPerSecond */
function sourceRows(source, queriesPerSecond) {
  const { name, up, servingStale, hostsUp, hostsDown, queries } = source;
  const state = up ? badge("up", "good") : badge(servingStale ? "down, stale served" : "down", "bad");
  const hosts = hostsDown === 0 ? `${hostsUp} up` : `${hostsUp} up, ${hostsDown} down`;
  const failed = sum([queries["error"] ?? 0, queries["timeout"] ?? 0]);
  return [row(name, state, hosts, rate(queriesPerSecond), failed), ...revealedRows(source)];
}

// Where the hosts are and what is wrong with them: there only with the token.
/** @param {import("./numbers.js").SourceStatus} source */
function revealedRows({ reason = "", hosts }) {
  if (hosts === undefined) return [];
  const items = hosts.map((host) => {
    const mark = make("span", host.up ? "good" : "bad", host.up ? "✓ " : "✗ ");
    return make("li", "", mark, host.endpoint, make("span", "quiet", host.up ? "" : ` ${host.reason || "down"}`));
  });
  if (!hosts.some((host) => host.reason === reason)) items.push(make("li", "quiet", reason));
  const cell = document.createElement("td");
  cell.colSpan = 5;
  cell.append(make("ul", "plain hosts", ...items));
  return [make("tr", "", cell)];
}

/** @param {import("./numbers.js").MapStatus} map */
function cacheRow({ map, entries, limits, staleEntries, flushed }) {
  return row(
    map,
    fill(entries.positive, limits.positive),
    fill(entries.negative, limits.negative),
    staleEntries,
    flushed,
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

/** @param {Status} status */
function drawErrors({ tokenConfigured, recentErrors }) {
  const note = find("errors-note", HTMLParagraphElement);
  const list = find("errors", HTMLOListElement);
  if (recentErrors === undefined) {
    note.textContent = tokenConfigured ? "Unlock with the admin token to see them." : "No admin token is configured.";
    list.replaceChildren();
    return;
  }
  note.textContent = recentErrors.length === 0 ? "None since the start." : "";
  list.replaceChildren(...recentErrors.map(errorItem));
}

/** @param {import("./numbers.js").ErrorStatus} error */
function errorItem({ time, level, message, code, source, listener, map, suppressed }) {
  const when = document.createElement("time");
  when.dateTime = time;
  when.textContent = new Date(time).toLocaleTimeString("en-GB");
  const more = suppressed === undefined ? "" : `and ${formatCount(suppressed)} more`;
  const where = [code, source, listener, map, more].filter((text) => text !== undefined && text !== "").join(" · ");
  const item = make("li", level, when, make("span", "", message), make("span", "quiet", where));
  return item;
}
