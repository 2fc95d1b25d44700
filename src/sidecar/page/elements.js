// @ts-check
/** The few ways in which the page touches its elements. Text is only ever set as text. */

/**
 * Finds an element of index.html.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function find(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/**
 * Makes a row of a table.
 *
 * @param {...(Node | string | number)} cells numbers are set right
 */
export function row(...cells) {
  return make(
    "tr",
    "",
    ...cells.map((cell) => {
      return typeof cell === "number" ? make("td", "number", cell.toLocaleString("en-GB")) : make("td", "", cell);
    }),
  );
}

/**
 * Makes a table with a head.
 *
 * @param {readonly string[]} heads
 * @param {readonly Node[]} rows
 */
export function table(heads, rows) {
  const head = make("thead", "", make("tr", "", ...heads.map((text) => make("th", "", text))));
  return make("table", "", head, make("tbody", "", ...rows));
}

/**
 * Says something beside a form.
 *
 * @param {HTMLElement} note
 * @param {string} message empty to say nothing
 * @param {"good" | "bad" | "quiet"} tone
 */
export function say(note, message, tone = "quiet") {
  note.textContent = message;
  note.dataset["tone"] = tone;
}

/**
 * Makes a short text on a coloured ground.
 *
 * @param {string} text @param {"good" | "bad"} tone
 */
export function badge(text, tone) {
  const made = make("span", "badge", text);
  made.dataset["tone"] = tone;
  return made;
}
