/** The header of a message in a file, read as Postfix takes it off the wire: for `loginmapd lookup --message`. */
import { Buffer } from "node:buffer";
import { claimingHeader, type HeaderField } from "./header-claims.ts";

/** A field and the line where it begins, from 1. */
export interface PlacedField extends HeaderField {
  readonly line: number;
}

/**
 * Finds the fields that claim something.
 *
 * A header ends at the first empty line, or at the first that is neither field nor continuation (cleanup_message.c); a first line of mbox
 * (`From bob@x Mon …`) is passed over. Bytes that are no UTF-8 become U+FFFD, as the milter reads them.
 *
 * @param message its bytes from the first on; lines end with LF or CRLF
 */
export function claimingFields(message: Uint8Array): PlacedField[] {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const text = bytes.toString("utf8");
  const fields: PlacedField[] = [];
  let open: { header: HeaderField["header"] | undefined; value: string; line: number } | undefined;
  const close = (): void => {
    if (open?.header !== undefined) fields.push({ header: open.header, value: open.value, line: open.line });
  };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") break;
    if (index === 0 && line.startsWith("From ")) continue;
    if (/^[ \t]/.test(line) && open !== undefined) {
      open.value += `\n${line}`;
      continue;
    }
    const [, name, value] = /^([!-9;-~]+)[ \t]*:[ \t]?(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) break;
    close();
    open = { header: claimingHeader(name), value, line: index + 1 };
  }
  close();
  return fields;
}
