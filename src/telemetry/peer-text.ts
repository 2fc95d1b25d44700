/** Makes what a peer sent fit to be written into a log line. */

// Enough to recognise an HTTP verb, a TLS hello or a mistyped map name; no more, since it may hold an address.
const maxShown = 64;
const shown = /^[ !#-[\]-~]$/;

/**
 * Escapes a peer's bytes and cuts them to 64 characters of output, then `…`.
 *
 * Printable ASCII stays, but for `"` and `\`; every other byte becomes `\xNN`. A string is taken byte for byte in UTF-8.
 */
export function escapePeerText(peer: Uint8Array | string): string {
  // No more than maxShown bytes can be shown, so no more are converted, however much was sent.
  const bytes = Buffer.from(typeof peer === "string" ? peer.slice(0, maxShown + 1) : peer.subarray(0, maxShown + 1));
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    const escaped = shown.test(character) ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
    if (text.length + escaped.length > maxShown) return `${text}…`;
    text += escaped;
  }
  return text;
}
