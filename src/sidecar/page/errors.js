// @ts-check
/** The recent warnings and errors, for whoever brings the token. */
import { find, make } from "./elements.js";
import { formatCount, formatMoment } from "./numbers.js";

/** @typedef {import("./numbers.js").ErrorStatus} ErrorStatus */

// What fits the page beside everything else; the rest waits behind a click.
const shown = matchMedia("(max-width: 30rem)").matches ? 4 : 8;
/** What is drawn, so that it is not drawn anew while somebody selects text in it. */
let drawn = "";

/** @param {import("./numbers.js").Status} status */
export function drawErrors({ tokenConfigured, recentErrors }) {
  const lock = tokenConfigured ? "Unlock with the admin token to see them." : "No admin token is configured.";
  const none = recentErrors === undefined ? lock : recentErrors.length === 0 ? "None since the start." : "";
  const next = none + JSON.stringify(recentErrors ?? []);
  if (next === drawn) return;
  drawn = next;
  const errors = recentErrors ?? [];
  find("errors-note", HTMLParagraphElement).textContent = none;
  find("errors", HTMLOListElement).replaceChildren(...errors.slice(0, shown).map(errorItem));
  const older = errors.slice(shown);
  find("older-errors", HTMLDetailsElement).hidden = older.length === 0;
  find("older-errors-summary", HTMLElement).textContent = `${formatCount(older.length)} older`;
  find("older-errors-list", HTMLOListElement).replaceChildren(...older.map(errorItem));
}

/** @param {ErrorStatus} error */
function errorItem({ time, firstTime, count, level, message, code, reason, source, host, listener, map }) {
  const what = make("span", "what", reason === undefined ? message : `${message}: ${reason}`);
  const about = Object.entries({ source, host, map, listener })
    .filter(([, name]) => name !== undefined && name !== "")
    .map(([kind, name]) => `${kind} ${name}`);
  const where = [...about, code].filter((text) => text !== undefined && text !== "").join(" · ");
  const times = count === 1 ? [] : [`${formatCount(count)} times since `, moment(firstTime)];
  return make("li", level, moment(time), what, make("span", "quiet", where), make("span", "quiet times", ...times));
}

/** @param {string} time */
function moment(time) {
  const made = document.createElement("time");
  made.dateTime = time;
  made.textContent = formatMoment(time);
  return made;
}
