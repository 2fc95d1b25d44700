/**
 * Gives every parameter one line that cures all its findings.
 *
 * A finding knows a line that cures it alone; two of one parameter would undo each other, and a cure can lay another
 * mistake bare. So the lines are tried on a copy of the configuration, one finding after the other, until nothing new is
 * found; what a parameter then holds is its line.
 */
import type { Change, Finding } from "./finding.ts";
import type { Patient } from "./observations.ts";

/** Looks at something and says what does not fit. */
export type Check = (patient: Patient) => Finding[];

/** What is known of a finding while the configuration is treated. */
interface Case {
  readonly finding: Finding;
  readonly stage: number;
  /** The changes that cured it, its own or those of another; `undefined` while it waits. */
  changes: readonly Change[] | undefined;
}

// Each round cures one finding. More of them than this in one configuration would be a mistake of ours.
const maxRounds = 1000;

/** Finds and cures, stage by stage: a stage is looked at only while nothing of those before it is left. */
export function treat(patient: Patient, stages: readonly (readonly Check[])[]): Finding[] {
  const cases = new Map<string, Case>();
  let treated = patient;
  let last: readonly Change[] = [];
  for (let round = 0; round < maxRounds; round += 1) {
    const next = nextOf(stages, treated, cases, last);
    if (next === undefined) break;
    last = next.changes;
    const open = cases.get(keyOf(next));
    if (open !== undefined) open.changes = [...(open.changes ?? []), ...last];
    treated = withLines(treated, last);
  }
  return [...cases.values()].map(({ finding, changes = [] }) => ({
    ...finding,
    changes: finalLines(changes, treated),
  }));
}

function withLines(patient: Patient, changes: readonly Change[]): Patient {
  const added = changes.flatMap(({ adds }) => (adds === undefined ? [] : [adds]));
  return { ...patient, postfix: patient.postfix.with(changes), added: [...(patient.added ?? []), ...added] };
}

/** Looks again, opens a case for what is new, closes those that the last changes cured, and gives what to cure next. */
function nextOf(
  stages: readonly (readonly Check[])[],
  treated: Patient,
  cases: Map<string, Case>,
  last: readonly Change[],
): Finding | undefined {
  for (const [stage, checks] of stages.entries()) {
    const open = new Map(checks.flatMap((check) => check(treated)).map((finding) => [keyOf(finding), finding]));
    for (const [key, finding] of open) {
      if (!cases.has(key)) cases.set(key, { finding: asFoundBehind(cases, stage, finding), stage, changes: undefined });
    }
    for (const [key, one] of cases) if (one.stage === stage && !open.has(key)) one.changes ??= last;
    // One that is still open after its line has the same mistake twice.
    const next = [...open].find(
      ([key, { changes }]) => cases.get(key)?.changes === undefined || differs(treated, changes),
    );
    if (next !== undefined) return next[1];
  }
  return undefined;
}

/** Tells whether the configuration would be another with the changes. */
function differs({ postfix }: Patient, changes: readonly Change[]): boolean {
  return changes.some((change) => change.sets !== undefined && postfix.lineOf(change).line !== change.line);
}

/** What is the same finding in another round: its lines differ with the state of the configuration. */
function keyOf({ check, services, title }: Finding): string {
  return JSON.stringify([check, services, title]);
}

/** A service that answers nobody, for a mistake of an earlier stage, does no other harm yet. */
function asFoundBehind(cases: ReadonlyMap<string, Case>, stage: number, finding: Finding): Finding {
  const isDead = [...cases.values()].some(
    (one) =>
      one.stage < stage &&
      one.finding.severity === "error" &&
      one.finding.services.some((name) => finding.services.includes(name)),
  );
  if (!isDead) return finding;
  const consequence = finding.consequence.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
  return { ...finding, consequence: `As soon as this service works again: ${consequence}` };
}

function finalLines(changes: readonly Change[], { postfix }: Patient): Change[] {
  const lines = changes.map((change) => {
    const { where, line } = postfix.lineOf(change);
    return { where, line };
  });
  return lines.filter((one, i) => lines.findIndex(({ where, line }) => where === one.where && line === one.line) === i);
}
