/** Whether an access table or a policy service before the restriction may say OK, which ends the list. */
import { isPermit, rulesOf } from "./access-answers.ts";
import type { Finding } from "./finding.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";
import type { Step } from "./restriction-list.ts";
import { listWithFirst, type Occurrence } from "./restrictions.ts";

/** Judges each of them: one that says OK is a warning, one that nobody could look at a notice, another is none. */
export function checkAnswers(occurrence: Occurrence, service: Service, patient: Patient): Finding[] {
  const { restriction, list } = occurrence;
  return occurrence.answers.flatMap((step): Finding[] => {
    const words = `${step.name === "access" ? "" : `${step.name} `}${step.argument}`;
    const common = {
      services: [service.name],
      changes: [service.change(list, listWithFirst(service, list, restriction))],
    };
    const rules = step.name === "check_policy_service" ? undefined : rulesOf(step.argument ?? "", patient.observations);
    if (rules === undefined) {
      return [
        {
          ...common,
          check: "answer-before-restriction",
          severity: "notice",
          title: `${words} comes before ${restriction} in ${list}, and may say OK`,
          consequence: `An OK ends the list before the map is asked${howToSee(step)}.`,
        },
      ];
    }
    const permits = rules.filter(({ answer }) => isPermit(answer, service));
    if (permits.length === 0) return [];
    const [{ key, answer } = { key: "", answer: "" }, ...others] = permits;
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    return [
      {
        ...common,
        check: "answer-before-restriction",
        severity: "warning",
        title: `${words} comes before ${restriction} in ${list}, and says OK (${`${key} ${answer}`.trim()}${more})`,
        consequence: `The list ends at an OK before the map is asked: ${whoPasses(step)}.`,
      },
    ];
  });
}

function howToSee({ name, argument }: Step): string {
  if (name === "check_policy_service") return "; only the policy service knows what it says";
  return `; \`postmap -q ADDRESS ${argument}\` shows what it says`;
}

function whoPasses({ name }: Step): string {
  if (/^check_sender/.test(name)) return "every login may send as an address for which the table says so";
  if (/^check_recipient/.test(name))
    return "every login may send as anybody to a recipient for which the table says so";
  if (name === "check_sasl_access") return "a login for which the table says so may send as anybody";
  return "a client for which the table says so may log in and send as anybody";
}
