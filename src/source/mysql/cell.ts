/**
 * Writes the values of a prepared statement as text, as the text protocol gives them, and so as Postfix's own client gets them.
 *
 * The binary protocol leaves out what the declaration of a column adds to a number or a time (MariaDB: "Binary protocol value").
 */
import type { FieldPacket } from "mysql2";

// Column types of the protocol (field_types.h).
const types = { decimal: 246, float: 4, double: 5, timestamp: 7, time: 11, datetime: 12, year: 13 } as const;
const declaredTypes: ReadonlySet<number> = new Set([types.decimal, types.float, types.double, types.year]);
const zerofillFlag = 64;
/** The number of decimals that says that a column has no fixed one. */
const noDecimals = 31;
// FLT_DIG and DBL_DIG of float.h: what a text of a number of that type shows for certain.
const floatDigits = 6;
// Larger numbers, and smaller ones, are written with an exponent (my_gcvt in strings/dtoa.c).
const maxPlainExponent = 15;
const minPlainExponent = -15;

/** What mysql2 says of a column, under names that its types leave out. */
interface Column {
  readonly columnType: number;
  readonly flags: number;
  readonly columnLength: number;
  readonly decimals: number;
}

/** Whether a column's text depends on its declaration: the server writes its values otherwise as part of a UNION. */
export function isDeclared(field: FieldPacket): boolean {
  const { columnType, flags } = field as unknown as Column;
  return (flags & zerofillFlag) !== 0 || declaredTypes.has(columnType);
}

/**
 * Writes one value; `null` stays NULL. A text ends at its first NUL, as it does for a client in C.
 *
 * @param field its column; `undefined` when all columns are text
 */
export function toCell(value: unknown, field: FieldPacket | undefined): string | null {
  if (value === null || value === undefined) return null;
  const text = textOf(value, field as unknown as Column | undefined);
  const end = text.indexOf("\0");
  return end === -1 ? text : text.slice(0, end);
}

function textOf(value: unknown, column: Column | undefined): string {
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  if (column === undefined) return String(value);
  const { columnType, flags, columnLength, decimals } = column;
  const text = typedText(value, columnType, decimals);
  return (flags & zerofillFlag) === 0 ? text : text.padStart(columnLength, "0");
}

function typedText(value: unknown, columnType: number, decimals: number): string {
  switch (columnType) {
    case types.float:
    case types.double:
      return writeNumber(Number(value), columnType === types.float, decimals);
    case types.year:
      return String(value).padStart(4, "0");
    case types.time:
    case types.datetime:
    case types.timestamp:
      return withDecimals(String(value), decimals);
    default:
      return String(value);
  }
}

function writeNumber(value: number, isFloat: boolean, decimals: number): string {
  if (decimals < noDecimals) return value.toFixed(decimals);
  const shown = isFloat ? Number(value.toPrecision(floatDigits)) : value;
  const [mantissa = "0", exponent = "0"] = shown.toExponential().split("e");
  const power = Number(exponent);
  if (power >= maxPlainExponent || (shown !== 0 && power < minPlainExponent)) return `${mantissa}e${power}`;
  return shown.toFixed(Math.max(0, mantissa.replace(/\D/g, "").length - 1 - power));
}

function withDecimals(text: string, decimals: number): string {
  if (decimals === 0 || decimals >= noDecimals) return text;
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(decimals, "0").slice(0, decimals)}`;
}
