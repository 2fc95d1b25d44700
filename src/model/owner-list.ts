/** Who may send as an address: the SASL logins that Postfix compares with the one that authenticated. */
import { foldCase } from "./fold-case.ts";

// A list without a login, as a table of Postfix can hold it: smtpd finds it and nobody in it.
const noLogin = ",";

/**
 * Who may send as an address. "No owners" is not a list but an answer without one (`Nobody`); a list that names nobody is what
 * a table file of Postfix says with a cell of separators only: the address is known, and refused to everybody.
 *
 * Kept as the text that is sent: an array of logins beside it would cost a cache entry a seventh more memory.
 */
export class OwnerList {
  /** The logins joined with `,`, as both protocols send them. */
  readonly text: string;

  /** @param logins without commas and without duplicates; use `toOwnerList` for what a database says */
  constructor(logins: readonly string[]) {
    this.text = logins.length === 0 ? noLogin : logins.join(",");
  }

  /** SASL logins in first-seen order and spelling, without duplicates (compared caselessly). */
  get logins(): readonly string[] {
    return this.text === noLogin ? [] : this.text.split(",");
  }
}

// smtpd_check.c splits at CHARS_COMMA_SP: comma, space, tab, CR, LF. A login that holds one of these cannot be expressed.
// No other white space: a login with a no-break space in it would become two, and the second may be somebody else's.
const separators = /[, \t\r\n]+/;

/** Splits one cell of a result, which may hold several logins, into its non-empty logins. */
export function splitOwners(cell: string): string[] {
  return separators.test(cell) ? cell.split(separators).filter((login) => login !== "") : cell === "" ? [] : [cell];
}

/** Whether any of the cells holds a login: then `toOwnerList` makes a list of them. */
export function holdsOwner(cells: readonly string[]): boolean {
  return cells.some((cell) => splitOwners(cell).length > 0);
}

/**
 * Makes the owner list of all cells of an answer.
 *
 * NULL and empty cells are dropped; a login that differs only in case from an earlier one is dropped, since Postfix
 * compares caselessly (smtpd_check.c, check_mail_sender_login).
 *
 * @returns `undefined` when no login is left: the caller answers NOTFOUND, never an empty OK, which smtpd takes for a
 *   server configuration error (451 4.3.5).
 */
export function toOwnerList(cells: readonly (string | null)[]): OwnerList | undefined {
  const [only] = cells;
  // The most common answer by far, made without a set.
  if (cells.length === 1 && only && !separators.test(only)) return new OwnerList([only]);
  const seen = new Set<string>();
  const logins: string[] = [];
  for (const cell of cells) {
    if (cell === null) continue;
    for (const login of splitOwners(cell)) {
      const folded = foldCase(login);
      if (seen.has(folded)) continue;
      seen.add(folded);
      logins.push(login);
    }
  }
  return logins.length === 0 ? undefined : new OwnerList(logins);
}

/** Tells whether a SASL login is among the owners, compared as smtpd does: caselessly. */
export function isOwner(owners: OwnerList, login: string): boolean {
  const folded = foldCase(login);
  return owners.logins.some((owner) => foldCase(owner) === folded);
}
