// @ts-check
/** The four forms: token, explain, flush, and what a login may send as. */
import { ApiError } from "./api.js";
import { find, make, row, say, table } from "./elements.js";
import { drawExplanation } from "./explanation.js";
import { formatCount, sum } from "./numbers.js";

/** @typedef {import("./api.js").Api} Api */

/**
 * Lets the token in and out.
 *
 * @param {Api} api
 * @param {() => Promise<void>} poll asks for the status at once, with the token
 */
export function serveTokenForm(api, poll) {
  const form = find("token-form", HTMLFormElement);
  const input = find("token", HTMLInputElement);
  const button = find("token-button", HTMLButtonElement);
  const note = find("token-note", HTMLOutputElement);
  const show = () => {
    button.textContent = api.isUnlocked ? "Lock" : "Unlock";
    find("token-field", HTMLSpanElement).hidden = api.isUnlocked;
    input.required = !api.isUnlocked;
  };
  onSubmit(form, async () => {
    api.useToken(api.isUnlocked ? "" : input.value);
    input.value = "";
    say(note, "");
    try {
      await poll();
    } catch (error) {
      api.useToken("");
      say(note, messageOf(error), "bad");
    }
    show();
  });
}

/** @param {Api} api */
export function serveExplainForm(api) {
  const form = find("explain-form", HTMLFormElement);
  const note = find("explain-note", HTMLOutputElement);
  const explanation = find("explanation", HTMLDivElement);
  onSubmit(form, async () => {
    explanation.replaceChildren();
    if (!isUnlocked(api, note)) return;
    say(note, "Asking…");
    try {
      explanation.replaceChildren(...drawExplanation(await api.call(`v1/lookup?${fieldsOf(form)}`)));
      say(note, "");
    } catch (error) {
      say(note, messageOf(error), "bad");
    }
  });
}

// More are for `loginmapd list`.
const shownKeys = 500;

/** @param {Api} api */
export function serveSendablesForm(api) {
  const form = find("sendables-form", HTMLFormElement);
  const note = find("sendables-note", HTMLOutputElement);
  const list = find("sendables", HTMLDivElement);
  onSubmit(form, async () => {
    list.replaceChildren();
    if (!isUnlocked(api, note)) return;
    say(note, "Listing…");
    try {
      /** @type {{ addresses: { key: string, kind: string, source?: string }[], isComplete: boolean }} */
      const { addresses, isComplete } = await api.call(`v1/addresses?${fieldsOf(form)}`);
      // A map of one source needs no column that says the same on every line.
      const hasSources = addresses.some(({ source }) => source !== undefined);
      const head = ["May send as", "Because of", ...(hasSources ? ["Source"] : [])];
      const shown = addresses
        .slice(0, shownKeys)
        .map(({ key, kind, source = "" }) => (hasSources ? row(key, kind, source) : row(key, kind)));
      if (shown.length > 0) list.replaceChildren(make("section", "scroll", table(head, shown)));
      const isAll = isComplete && shown.length === addresses.length;
      const count = addresses.length === 1 ? "1 key" : `${formatCount(addresses.length)} keys`;
      say(note, isAll ? `${count}.` : `The first ${formatCount(shown.length)}; loginmapd list has all.`);
    } catch (error) {
      say(note, messageOf(error), "bad");
    }
  });
}

/** What a form holds, for a URL. @param {HTMLFormElement} form */
function fieldsOf(form) {
  return new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/**
 * @param {Api} api
 * @param {() => readonly import("./numbers.js").MapStatus[]} maps as they were last seen, to say what a flush of everything costs
 */
export function serveFlushForm(api, maps) {
  const form = find("flush-form", HTMLFormElement);
  const note = find("flush-note", HTMLOutputElement);
  const kind = find("flush-kind", HTMLSelectElement);
  const value = find("flush-value", HTMLInputElement);
  const map = find("flush-map", HTMLSelectElement);
  kind.addEventListener("change", () => {
    const isAll = kind.value === "all";
    find("flush-value-field", HTMLDivElement).hidden = isAll;
    value.required = !isAll;
  });
  onSubmit(form, async () => {
    if (!isUnlocked(api, note)) return;
    if (kind.value === "all" && !(await confirmFlush(maps(), map.value))) return say(note, "Nothing was flushed.");
    const selector = { [kind.value]: kind.value === "all" ? true : value.value };
    try {
      const { flushed } = await api.call(
        "v1/cache/flush",
        map.value === "" ? selector : { ...selector, map: map.value },
      );
      say(note, flushed === 1 ? "1 answer forgotten." : `${formatCount(flushed)} answers forgotten.`, "good");
    } catch (error) {
      say(note, messageOf(error), "bad");
    }
  });
}

/**
 * Asks whether everything is to be forgotten.
 *
 * @param {readonly import("./numbers.js").MapStatus[]} maps @param {string} only the one map to flush; empty = all
 * @returns {Promise<boolean>}
 */
function confirmFlush(maps, only) {
  const dialog = find("flush-dialog", HTMLDialogElement);
  const held = sum(
    maps.filter(({ map }) => only === "" || map === only).map(({ entries }) => entries.positive + entries.negative),
  );
  find("flush-question", HTMLParagraphElement).textContent =
    `Forget all ${formatCount(held)} answers of ${only === "" ? "every map" : `map ${only}`}? ` +
    "Until they are known again, every lookup asks the database; while it is down, nobody is answered.";
  find("flush-cancel", HTMLButtonElement).onclick = () => dialog.close("");
  find("flush-confirm", HTMLButtonElement).onclick = () => dialog.close("flush");
  // Escape closes it too, and leaves the value as it was.
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "flush"), { once: true });
  });
}

/**
 * Fills the choices of maps, once and whenever they change.
 *
 * @param {readonly string[]} maps
 */
export function offerMaps(maps) {
  const each = maps.map((map) => [map, map]);
  offer(find("explain-map", HTMLSelectElement), each);
  offer(find("sendables-map", HTMLSelectElement), each);
  offer(find("flush-map", HTMLSelectElement), [["", "every map"], ...maps.map((map) => [map, map])]);
}

/** @param {HTMLSelectElement} select @param {string[][]} choices value and label */
function offer(select, choices) {
  const wanted = choices.map(([value = "", label = ""]) => new Option(label, value));
  const isSame = wanted.length === select.length && wanted.every(({ value }, i) => value === select.options[i]?.value);
  if (!isSame) select.replaceChildren(...wanted);
}

/** @param {Api} api @param {HTMLElement} note */
function isUnlocked(api, note) {
  if (api.isUnlocked) return true;
  say(note, "Type the admin token at the top of the page first.", "bad");
  find("token", HTMLInputElement).focus();
  return false;
}

/** @param {HTMLFormElement} form @param {() => Promise<void>} act */
function onSubmit(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // One at a time: a second click waits for the answer to the first.
    const button = form.querySelector("button");
    if (button === null || button.disabled) return;
    button.disabled = true;
    try {
      await act();
    } finally {
      button.disabled = false;
    }
  });
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof ApiError ? error.message : "loginmapd does not answer.";
}
