// @ts-check
/** Draws the document of `/v1/lookup` as far as it is understood; it is there whole below. */
import { badge, make, row, table } from "./elements.js";
import { formatCount, formatSeconds } from "./numbers.js";

// A list that no protocol carries would bury everything else; the whole document has it.
const shownOwners = 20;
// A key of usual length stays in one piece; a long one may break anywhere.
const wholeKeyChars = 48;

/**
 * @param {any} document
 * @returns {Node[]}
 */
export function drawExplanation(document) {
  const { asks = [], verdicts, replies = [], source = "" } = document;
  const parts = [
    ...(verdicts === undefined ? [] : [drawVerdicts(document)]),
    ...(asks.length === 0 ? [] : [drawAsks(asks, source)]),
  ];
  return [
    make("p", "outcome", outcomeOf(document)),
    ...[document.cause ?? [], replies.filter(isUnsent).map(unsentText)].flat().map((text) => make("p", "bad", text)),
    make("p", "quiet", circumstancesOf(document)),
    make("div", "explained", ...parts),
    drawWhole(document),
  ];
}

/** @param {any} document */
function outcomeOf({ outcome, owners = [], reason }) {
  switch (outcome) {
    case "ok":
      return `${owners.length === 1 ? "Owner" : "Owners"}: ${shorten(owners)}`;
    case "notfound":
      return reason === undefined ? "Nobody owns this address." : `Nobody owns this address (${reason}).`;
    default:
      return `No answer: ${reason ?? outcome}`;
  }
}

/** Whether there are owners and this protocol does not carry them. @param {any} reply */
function isUnsent({ result, listBytes }) {
  return result !== "ok" && listBytes !== undefined;
}

/** @param {any} reply */
function unsentText({ protocol, reason, listBytes, maxListBytes }) {
  const size = `${formatCount(listBytes)} bytes, the limit is ${formatCount(maxListBytes)}`;
  return `No answer over ${protocol}: ${reason} (${size})`;
}

/** @param {any} document */
function circumstancesOf({ key, source, cache }) {
  const age = cache?.ageMs === undefined ? "" : `, ${formatSeconds(cache.ageMs / 1000)} old`;
  return [
    key === null || key === undefined ? "" : `asked as ${key}`,
    source === undefined ? "" : `source ${source}`,
    cache?.state === undefined ? "" : `in the cache: ${String(cache.state).replaceAll("_", " ")}${age}`,
  ]
    .filter((text) => text !== "")
    .join(" · ");
}

/** @param {any} document */
function drawVerdicts({ login, verdicts, replies = [] }) {
  const whom = login === null || login === undefined ? "a client that is not logged in" : login;
  // One list serves every protocol unless one of them tells Postfix something else.
  const others = replies.filter((/** @type {any} */ reply) => reply.verdicts !== undefined);
  const lists = [{ protocol: replies[0]?.protocol, verdicts }, ...others];
  return make(
    "section",
    "",
    ...lists.flatMap(({ protocol, verdicts: list }) => [
      make("h3", "", `What smtpd answers ${whom}${others.length === 0 ? "" : `, asking over ${protocol}`}`),
      make("ul", "plain verdicts", ...list.map(verdictItem)),
    ]),
  );
}

/** @param {any} verdict */
function verdictItem({ restriction, code, text = "" }) {
  // The name may break after each of its words, and nowhere else.
  const words = String(restriction).split(/(?<=_)/);
  const name = make("code", "", ...words.flatMap((word, i) => (i === 0 ? [word] : [make("wbr", ""), word])));
  const reply = badge(String(code), code === 250 ? "good" : "bad");
  if (code === 250) return make("li", "", reply, " ", name, " ", make("span", "quiet", text));
  return make("li", "", reply, " ", name, make("div", "quiet", text));
}

/** @param {any[]} asks @param {string} source */
function drawAsks(asks, source) {
  const isOne = asks.every((ask) => ask.source === undefined);
  const rows = asks.map((ask) => {
    const { role, key, won, source: asked } = ask;
    const text = make("code", String(key).length > wholeKeyChars ? "long" : "", String(key));
    const name = won ? `✓ ${role}` : String(role);
    const made = isOne ? row(name, text, foundBy(ask)) : row(name, text, String(asked), foundBy(ask));
    if (won) made.className = "won";
    return made;
  });
  return make(
    "section",
    "",
    make("h3", "", `Keys for ${isOne ? "source" : "sources"} ${source}, in order; ✓ is in the answer`),
    make("div", "scroll asks", table(isOne ? ["Role", "Key", "Owners"] : ["Role", "Key", "Source", "Owners"], rows)),
  );
}

/** @param {any} ask */
function foundBy({ state, owners = [] }) {
  switch (state) {
    case "failed":
      return make("span", "bad", "no answer");
    case "not_asked":
      return make("span", "quiet", "not asked");
    default:
      return make("span", "owners", owners.length === 0 ? "–" : shorten(owners));
  }
}

/** @param {readonly string[]} owners */
function shorten(owners) {
  const more = owners.length - shownOwners;
  const shown = owners.slice(0, shownOwners).join(", ");
  return more > 0 ? `${shown} … and ${formatCount(more)} more` : shown;
}

/** @param {any} document */
function drawWhole(document) {
  const text = make("pre", "", JSON.stringify(document, null, 2));
  text.tabIndex = 0;
  return make("details", "", make("summary", "", "The whole document"), text);
}
