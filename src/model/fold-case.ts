/**
 * Unicode case folding, as smtpd folds a sender before it asks (casefold.c, full case folding of ICU).
 *
 * It differs from lower case where a letter has two small forms or none: `ß` is `ss`, `ſ` is `s`, `ς` is `σ`. Node has no
 * case folding of its own; lower, upper and lower case again, character by character, gives the same but for two kinds of
 * letters.
 */

const beyondAscii = /[^\0-\x7f]/;
// Folds to itself, though its upper case is I.
const dotlessI = "\u0131";
// The one script that folds to its capitals, since they were encoded first.
const cherokee = /[\u13a0-\u13ff\uab70-\uabbf]/u;

/** Folds text so that two spellings which differ only in case become equal. Never fails; may lengthen the text. */
export function foldCase(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase();
  let folded = "";
  // By character, since toLowerCase makes another sigma of the last one of a word.
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

function foldCharacter(character: string): string {
  if (character === dotlessI) return character;
  if (cherokee.test(character)) return character.toUpperCase();
  return character.toLowerCase().toUpperCase().toLowerCase();
}
