/** What the doctor found: what does not fit, what comes of it, and the line that puts it right. */

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

/** Orders findings by harm, and makes one of those that are the same for several services. */
export function orderFindings(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const { services, ...rest } = finding;
    const key = JSON.stringify({ ...rest, changes: finding.changes.map(lineOf) });
    const known = merged.get(key);
    merged.set(key, known === undefined ? finding : mergeTwo(known, finding));
  }
  return [...merged.values()].toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function lineOf({ line }: Change): string {
  return line;
}

function mergeTwo(a: Finding, b: Finding): Finding {
  const changes = [...a.changes];
  for (const change of b.changes) {
    if (!changes.some(({ where, line }) => where === change.where && line === change.line)) changes.push(change);
  }
  return { ...a, services: [...new Set([...a.services, ...b.services])], changes };
}
