// @ts-check
/** What the milter did: messages by what became of them, and the last refusals, for whoever brings the token. */
import { find, make, row } from "./elements.js";
import { formatMoment } from "./numbers.js";

/** @typedef {import("./numbers.js").Status} Status */
/** @typedef {import("./numbers.js").RefusalStatus} RefusalStatus */

/** What is drawn, so that it is not drawn anew while somebody selects text in it. */
let drawn = "";

/** Draws the card, which is there only when there is a milter. @param {Status} status */
export function drawMessages({ messages, refusals, tokenConfigured }) {
  find("messages-card", HTMLElement).hidden = messages.length === 0;
  find("messages", HTMLTableSectionElement).replaceChildren(
    ...messages.map(({ listener, results }) => {
      const { accept = 0, would_reject: wouldReject = 0, reject = 0, temp = 0 } = results;
      return row(listener, accept, wouldReject, reject, temp);
    }),
  );
  const lock = tokenConfigured
    ? "Unlock with the admin token to see the last refusals."
    : "No admin token is configured.";
  const none = refusals === undefined ? lock : refusals.length === 0 ? "No message was refused since the start." : "";
  const next = none + JSON.stringify(refusals ?? []);
  if (next === drawn) return;
  drawn = next;
  find("refusals-note", HTMLParagraphElement).textContent = none;
  find("refusals", HTMLOListElement).replaceChildren(...(refusals ?? []).map(refusalItem));
}

/** @param {RefusalStatus} refusal */
function refusalItem({ time, result, reason, login, header, address, queueId }) {
  const when = document.createElement("time");
  when.dateTime = time;
  when.textContent = formatMoment(time);
  const what = make("span", "what", address === undefined ? `${header}: ${reason}` : `${header} ${address}`);
  const by = [`login ${login}`, result, reason, queueId]
    .filter((text) => text !== undefined && text !== "")
    .join(" · ");
  return make(
    "li",
    result === "reject" ? "error" : "warn",
    when,
    what,
    make("span", "quiet", by),
    make("span", "quiet times"),
  );
}
