/** What the doctor found: what does not fit, what comes of it, and the line that puts it right. */
import type { ListenerSettings } from "../model/settings.ts";

/**
 * How much harm is done, worst first.
 *
 * critical: senders are not checked. error: mail that is right is refused, or nobody can log in. warning: some addresses
 * or clients are judged wrongly. notice: no harm today, but not what the administrator thinks.
 */
export const severities = ["critical", "error", "warning", "notice"] as const;

/** One of them. */
export type Severity = (typeof severities)[number];

/** One line to change, and the file that holds it. */
export interface Change {
  /** `main.cf`, `master.cf, submission inet`, `loginmapd.yaml`, `Dovecot 2.3`, or `shell` for a command to run. */
  readonly where: string;
  /** The line as it should be. */
  readonly line: string;
  /** The parameter of Postfix that the line sets; `undefined` for a line of another program. */
  readonly sets?: { readonly name: string; readonly value: string };
  /** The listener that the line adds to our configuration. */
  readonly adds?: ListenerSettings;
}

/** One thing that does not fit. */
export interface Finding {
  /** A stable name for programs. */
  readonly check: string;
  readonly severity: Severity;
  /** Names of the Postfix services it is about; none when it is about no service in particular. */
  readonly services: readonly string[];
  /** What does not fit. A sentence without the services. */
  readonly title: string;
  /** What comes of it, in one sentence. */
  readonly consequence: string;
  readonly changes: readonly Change[];
}

/**
 * Orders findings by harm, and makes one of those that are the same for several services: their lines say the same, or a line
 * that is about all of them stands with the first alone.
 */
export function orderFindings(findings: readonly Finding[]): Finding[] {
  const merged: Finding[] = [];
  for (const finding of findings) {
    const known = merged.findIndex((one) => isSame(one, finding));
    if (known === -1) merged.push(finding);
    else merged[known] = mergeTwo(merged[known] as Finding, finding);
  }
  return merged.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function isSame(a: Finding, b: Finding): boolean {
  const words = ({ check, severity, title, consequence }: Finding) =>
    JSON.stringify([check, severity, title, consequence]);
  const [linesOfA, linesOfB] = [a, b].map(({ changes }) => new Set(changes.map(({ line }) => line))) as [
    Set<string>,
    Set<string>,
  ];
  return words(a) === words(b) && (isWithin(linesOfA, linesOfB) || isWithin(linesOfB, linesOfA));
}

function isWithin(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((line) => whole.has(line)) && (part.size > 0 || whole.size === 0);
}

function mergeTwo(a: Finding, b: Finding): Finding {
  const changes = [...a.changes];
  for (const change of b.changes) {
    if (!changes.some(({ where, line }) => where === change.where && line === change.line)) changes.push(change);
  }
  return { ...a, services: [...new Set([...a.services, ...b.services])], changes };
}
