/**
 * Lists as Postfix writes them, in main.cf and in table files: words apart by white space or comma, and braces that keep both
 * inside a word.
 *
 * @see mystrtokq.c (Postfix 3.7); postconf(5), "check_policy_service { ... }"
 */

// CHARS_COMMA_SP of mail_params.h: no other white space separates.
const separators = " ,\t\r\n";

/** Splits a list. What stands in braces, as in `unionmap:{a, b}`, stays one word, braces included. */
export function splitList(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let depth = 0;
  for (const char of text) {
    if (depth === 0 && separators.includes(char)) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    if (char === "{") depth += 1;
    if (char === "}" && depth > 0) depth -= 1;
    word += char;
  }
  return word === "" ? words : [...words, word];
}

/** Splits a list and the lists in the braces of its words, however deep: every table named in it is among the words. */
export function splitNested(text: string): string[] {
  return splitList(text).flatMap((word) => {
    const inner = /\{(.*)\}$/s.exec(word)?.[1];
    return inner === undefined ? [word] : [word, ...splitNested(inner)];
  });
}
