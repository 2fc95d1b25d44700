/** Values that are not of the kind their key takes, and what to say about them. */

/** What to say about such a value: one sentence without the path, what was expected and what was found. */
export class Mismatch {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const maxQuotedLength = 80;

/** Quotes what an administrator wrote, cut when it is long. Never a secret. */
export function quote(text: string): string {
  return JSON.stringify(text.length > maxQuotedLength ? `${text.slice(0, maxQuotedLength)}…` : text);
}

/**
 * Shows the name of a key that an administrator wrote, as far as it can be one. What follows may be a value that a misplaced
 * character made part of the name, such as the password in `password:secret: x`.
 */
export function shownName(name: string): string {
  const plausible = /^[A-Za-z0-9_-]*/.exec(name)?.[0] ?? "";
  return plausible === name ? name : `${plausible}…`;
}

/** Escapes what would break a line, or drive the terminal that shows it. */
export function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
