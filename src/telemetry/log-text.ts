/** The log for people: `2026-11-24T07:56:00.123Z WARN  source is down source=mail code=ERR_SOURCE_UNAVAILABLE`. */

// What needs no quotes in `name=value`. Everything else is written as JSON, which escapes control characters, so that no
// value can end its line or move the cursor of a terminal.
const plain = /^[\w.:/@+,-]+$/;
const controls = /[\0-\x1f\x7f-\x9f]/g;

/**
 * Rewrites one JSON line of the log as one line of text; a stack follows on lines of its own, indented.
 *
 * @param line an object with `level`, `time` and `msg`, as pino writes it
 */
export function toTextLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const stacks: string[] = [];
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value, stacks)}`);
  const head = `${time} ${String(level).toUpperCase().padEnd(5)} ${escapeControls(String(msg))}`;
  return `${head}${pairs.join("")}\n${stacks.map(indent).join("")}`;
}

function formatValue(value: unknown, stacks: string[]): string {
  if (typeof value === "string") return plain.test(value) ? value : escapeControls(JSON.stringify(value));
  if (typeof value !== "object" || value === null) return String(value);
  if ("stack" in value && typeof value.stack === "string") {
    const { stack, ...rest } = value;
    stacks.push(stack);
    return escapeControls(JSON.stringify(rest));
  }
  return escapeControls(JSON.stringify(value));
}

function indent(stack: string): string {
  return stack
    .split("\n")
    .map((line) => `    ${escapeControls(line)}\n`)
    .join("");
}

function escapeControls(text: string): string {
  return text.replace(controls, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
