/**
 * Takes a header field apart without judging it: quoted strings, comments, what stands in `<…>`, and the rest.
 *
 * Agrees with a strict reading of a field that is well formed. Of any other field nobody can say what its quotes mean.
 */

/** The parts of a field. */
export interface FieldOutline {
  /** Quoted strings of display names, without their quotes. */
  readonly displayed: readonly string[];
  /** Comments, without their parentheses; those inside others with theirs. */
  readonly comments: readonly string[];
  /** Everything but quoted strings of display names, blanks between its parts: text, comments, what stands in `<…>`, quoted localparts. */
  readonly rest: string;
  /** Characters of the longest display name, quotes and comments included. */
  readonly longestPhrase: number;
}

const blank = /\s/;

/** Makes the outline in one pass; time and memory grow with the length of the field alone. */
export function outlineOf(field: string): FieldOutline {
  return new Outliner(field).outline();
}

class Outliner {
  readonly #field: string;
  readonly #displayed: string[] = [];
  readonly #comments: string[] = [];
  readonly #rest: string[] = [];
  #at = 0;
  /** A quoted string that has ended, until it is known whether an `@` follows and makes it a localpart. */
  #pending: string | undefined;
  #phraseStart = 0;
  #longestPhrase = 0;

  constructor(field: string) {
    this.#field = field;
  }

  outline(): FieldOutline {
    while (this.#at < this.#field.length) this.#takeOne(this.#field.charAt(this.#at));
    this.#settle(false);
    this.#endPhrase();
    return {
      displayed: this.#displayed,
      comments: this.#comments,
      rest: this.#rest.join(" "),
      longestPhrase: this.#longestPhrase,
    };
  }

  #takeOne(character: string): void {
    switch (character) {
      case '"': {
        this.#settle(false);
        const end = this.#endOf('"');
        this.#pending = this.#field.slice(this.#at + 1, end).replace(/\\(.)/gs, "$1");
        this.#at = end + 1;
        return;
      }
      case "(": {
        const end = this.#endOfComment();
        const comment = this.#field.slice(this.#at + 1, end);
        this.#comments.push(comment);
        this.#rest.push(comment);
        this.#at = end + 1;
        return;
      }
      case "<": {
        this.#settle(false);
        this.#endPhrase();
        const end = this.#endOf(">");
        this.#rest.push(this.#field.slice(this.#at + 1, end));
        this.#at = end + 1;
        this.#phraseStart = this.#at;
        return;
      }
      default:
        this.#takeText();
    }
  }

  /** Takes unquoted text up to the next thing that is none. */
  #takeText(): void {
    const start = this.#at;
    while (this.#at < this.#field.length && !'"(<'.includes(this.#field.charAt(this.#at))) {
      const character = this.#field.charAt(this.#at);
      if (!blank.test(character)) this.#settle(character === "@");
      if (character === "," || character === ":" || character === ";") {
        this.#endPhrase();
        this.#phraseStart = this.#at + 1;
      }
      this.#at++;
    }
    this.#rest.push(this.#field.slice(start, this.#at));
  }

  /** Puts the pending quoted string where it belongs. */
  #settle(isLocalpart: boolean): void {
    if (this.#pending === undefined) return;
    if (isLocalpart) this.#rest.push(this.#pending);
    else this.#displayed.push(this.#pending);
    this.#pending = undefined;
  }

  #endPhrase(): void {
    this.#longestPhrase = Math.max(this.#longestPhrase, this.#at - this.#phraseStart);
  }

  /** Where the quoted string or angle address that begins here ends; quotes inside `<…>` may hold a `>`. */
  #endOf(closing: string): number {
    let isQuoted = false;
    for (let i = this.#at + 1; i < this.#field.length; i++) {
      const character = this.#field.charAt(i);
      if (character === "\\") i++;
      else if (closing === ">" && character === '"') isQuoted = !isQuoted;
      else if (character === closing && !isQuoted) return i;
    }
    return this.#field.length;
  }

  #endOfComment(): number {
    let depth = 0;
    for (let i = this.#at; i < this.#field.length; i++) {
      const character = this.#field.charAt(i);
      if (character === "\\") i++;
      else if (character === "(") depth++;
      else if (character === ")" && --depth === 0) return i;
    }
    return this.#field.length;
  }
}
