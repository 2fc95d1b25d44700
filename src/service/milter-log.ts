/**
 * What is told of verdicts: counted all of them; refusals written to the log and kept for the status page.
 *
 * A refusal is logged at level info with login and address, as Postfix does with those of its own: somebody will ask the administrator
 * why a message did not leave. Nothing else of a message is ever written.
 */
import type { Log } from "../model/log.ts";
import type { MessageResult, MessageVerdict, MilterAction, Refusal } from "../model/message.ts";
import type { MessageTally } from "../model/tally.ts";

/** What a listener notes verdicts with. */
export interface NoteParts {
  /** The listener's endpoint. */
  readonly listener: string;
  readonly action: () => MilterAction;
  readonly tally: MessageTally;
  /** @returns for how many addresses the login was refused of late, if this is a new one among them; else 0 */
  readonly keep: (refusal: Refusal) => number;
  readonly log: Log;
}

/** Whose message it is. */
export interface MessageSender {
  readonly login: string;
  readonly queueId: string | undefined;
}

/** Notes a verdict. */
export type Note = (verdict: MessageVerdict, message: MessageSender) => void;

// A mail program with two accounts mixed up tries two or three. The alert of deploy/prometheus has the same number.
const manyAddresses = 10;
// What a client sent may be long; a log line and the status page need not be.
const maxTextChars = 200;

const messages: Record<Exclude<MessageResult, "accept">, string> = {
  reject: "message refused",
  temp: "message deferred",
  would_reject: "message would be refused",
};

/** Makes what notes the verdicts of one listener. */
export function noteWith({ listener, action, tally, keep, log }: NoteParts): Note {
  return ({ result: strict, reason, place, address }, { login, queueId }) => {
    const result = strict === "accept" ? strict : action() === "log" ? "would_reject" : strict;
    const counts = tally[result];
    counts[reason] = (counts[reason] ?? 0) + 1;
    if (result === "accept") return;
    const shown = { login: cut(login), queueId: queueId === undefined ? undefined : cut(queueId) };
    const about = { place, address: address === undefined ? undefined : cut(address) };
    log.info({ ...shown, header: about.place, address: about.address, reason }, messages[result]);
    const addresses = keep({ listener, result, reason, ...shown, ...about });
    if (addresses === manyAddresses) {
      log.warn(
        { login: shown.login, addresses },
        "a login was refused for many addresses: look whether its password was stolen",
      );
    }
  };
}

function cut(text: string): string {
  return text.length > maxTextChars ? `${text.slice(0, maxTextChars - 1)}…` : text;
}
