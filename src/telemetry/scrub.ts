/**
 * The second fence before the log: takes out values that are secrets by their name, and reduces errors to what is known
 * to be harmless.
 */
import { CodedError } from "../model/errors.ts";
import { escapePeerText } from "./peer-text.ts";

const secretName = /(?:password|passwd|passphrase|token|secret|credentials?|authorization|cookie)$/i;
const censored = "[secret]";
// Fields are flat as a rule; deeper is a mistake, or a cycle.
const maxDepth = 4;

/** Copies log fields without secrets; errors become name, code, message, cause and, when nobody expected them, stack. */
export function scrub(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return scrubRecord(fields, maxDepth);
}

function scrubRecord(record: object, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    // A function has nothing to say, and as `toJSON` it would speak in place of the record.
    if (value === undefined || typeof value === "function") continue;
    fields[name] = secretName.test(name) ? censored : scrubValue(value, depth);
  }
  return fields;
}

function scrubValue(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value, depth);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  // Bytes can only be a peer's.
  if (value instanceof Uint8Array) return escapePeerText(value);
  if (depth === 0) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, depth - 1));
  return scrubRecord(value, depth - 1);
}

// Only what is listed here: mysql2 hangs the statement with its parameters on its errors as `sql`.
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(error instanceof CodedError ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth === 0 ? {} : { cause: scrubValue(error.cause, depth - 1) }),
  };
}
