// @ts-check
/** Draws the document of `/v1/lookup` as far as it is understood; it is there whole below. */
import { badge, make, row, table } from "./elements.js";
import { formatSeconds } from "./numbers.js";

/**
 * @param {any} document
 * @returns {Node[]}
 */
export function drawExplanation(document) {
  const { asks = [], verdicts = [] } = document;
  return [
    make("p", "outcome", outcomeOf(document)),
    make("p", "quiet", circumstancesOf(document)),
    ...(verdicts.length === 0 ? [] : drawVerdicts(document, verdicts)),
    ...(asks.length === 0 ? [] : drawAsks(asks)),
    drawWhole(document),
  ];
}

/** @param {any} document */
function outcomeOf({ outcome, owners = [], reason }) {
  switch (outcome) {
    case "ok":
      return `${owners.length === 1 ? "Owner" : "Owners"}: ${owners.join(", ")}`;
    case "notfound":
      return reason === undefined ? "Nobody owns this address." : `Nobody owns this address (${reason}).`;
    default:
      return `No answer: ${reason ?? outcome}`;
  }
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

/** @param {any} document @param {any[]} verdicts */
function drawVerdicts({ login }, verdicts) {
  const whom = login === null || login === undefined ? "a client that is not logged in" : login;
  const items = verdicts.map(({ restriction, code, text = "" }) => {
    const reply = badge(String(code), code === 250 ? "good" : "bad");
    return make("li", "", reply, " ", make("code", "", String(restriction)), make("div", "quiet", text));
  });
  return [make("h3", "", `What smtpd answers ${whom}`), make("ul", "plain verdicts", ...items)];
}

/** @param {any[]} asks */
function drawAsks(asks) {
  const rows = asks.map(({ role, key, owners = [], won }) => {
    const made = row(
      won ? `✓ ${role}` : String(role),
      make("code", "", String(key)),
      make("span", "owners", owners.length === 0 ? "–" : owners.join(", ")),
    );
    if (won) made.className = "won";
    return made;
  });
  return [
    make("h3", "", "Keys tried, in order; ✓ is in the answer"),
    make("div", "scroll asks", table(["Role", "Key", "Owners"], rows)),
  ];
}

/** @param {any} document */
function drawWhole(document) {
  const text = make("pre", "", JSON.stringify(document, null, 2));
  text.tabIndex = 0;
  return make("details", "", make("summary", "", "The whole document"), text);
}
