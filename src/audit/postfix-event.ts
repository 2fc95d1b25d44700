/**
 * What a line of Postfix says about a message: who opened it, which sender it has, that it ended, that it was refused.
 *
 * Addresses and HELO names in a line are the client's own text and may look like anything. Each pattern is therefore
 * anchored where Postfix writes fixed text, and a refusal that can be read in two ways names nobody.
 *
 * @see smtpd.c, smtpd_check.c, qmgr_active.c, pickup.c (Postfix 3.12); log lines of 3.7
 */

/** One thing that happened. */
export type PostfixEvent =
  /** A client's message got its queue id; `login` is `undefined` when nobody was logged in. */
  | { readonly kind: "opened"; readonly id: string; readonly login: string | undefined }
  /** The message is in the queue, again at each try. */
  | { readonly kind: "queued"; readonly id: string; readonly sender: string }
  | { readonly kind: "removed"; readonly id: string }
  /** The map refused the sender, or would have: `warned` is what `warn_if_reject` logs. */
  | { readonly kind: "refused" | "warned"; readonly login: string; readonly sender: string }
  /** A milter refused the message whose id this is. */
  | { readonly kind: "milterRefused"; readonly id: string; readonly sender: string }
  /** A client's message goes to a before-queue filter (`smtpd_proxy_filter`), and has no id here. */
  | { readonly kind: "proxied"; readonly login: string | undefined }
  /** The filter took it. Whose it is, the line before says: this one ends in the client's own text. */
  | { readonly kind: "passed"; readonly sender: string }
  /** A session began or ended. */
  | { readonly kind: "session" }
  /** It is about a sender of a login, but its text can be read in several ways. */
  | { readonly kind: "ambiguous" };

const session: PostfixEvent = { kind: "session" };
const ambiguous: PostfixEvent = { kind: "ambiguous" };

const client =
  /^([0-9A-Za-z]+): client=\S+(?:, sasl_method=[^,]*, sasl_username=(.*?))?(?:, sasl_sender=.*|, orig_queue_id=.*|, orig_client=.*)?$/;
const queued = /^([0-9A-Za-z]+): from=<(.*)>, size=\d+, nrcpt=\d+ \(queue active\)$/;
const removed = /^([0-9A-Za-z]+): removed$/;
const local = /^([0-9A-Za-z]+): uid=\d+ from=<.*>$/;
const refusal = /^[0-9A-Za-z]+: (reject|reject_warning): (?:RCPT|MAIL|DATA|END-OF-MESSAGE) from \S+: 553 5\.7\.1 </;
const notOwned = ">: Sender address rejected: not owned by user ";
const milter = /^([0-9A-Za-z]+): milter-reject: END-OF-MESSAGE from \S+: /;
const passed = /^NOQUEUE: proxy-accept: END-OF-MESSAGE: .*?; from=<(.*?)> to=</;

/** Reads what the daemon said; `undefined` when it says nothing of the kind. */
export function eventOf(daemon: string, message: string): PostfixEvent | undefined {
  switch (daemon) {
    case "smtpd":
      return smtpdEvent(message);
    case "pickup": {
      const id = local.exec(message)?.[1];
      return id === undefined ? undefined : { kind: "opened", id, login: undefined };
    }
    case "cleanup":
      return milterEvent(message);
    default:
      return qmgrEvent(message);
  }
}

function smtpdEvent(message: string): PostfixEvent | undefined {
  if (message.startsWith("connect from ") || message.startsWith("disconnect from ")) return session;
  if (message.startsWith("NOQUEUE: proxy-accept:")) return proxyEvent(message);
  if (message.includes(": client=")) {
    const [, id, login] = client.exec(message) ?? [];
    if (id !== undefined) return id === "NOQUEUE" ? { kind: "proxied", login } : { kind: "opened", id, login };
  }
  const [start, verb] = refusal.exec(message) ?? [];
  if (start === undefined) return undefined;
  return refusalEvent(message.slice(start.length), verb === "reject" ? "refused" : "warned");
}

function proxyEvent(message: string): PostfixEvent | undefined {
  const sender = passed.exec(message)?.[1];
  if (sender === undefined) return undefined;
  return message.indexOf("; from=<") === message.lastIndexOf("; from=<") ? { kind: "passed", sender } : ambiguous;
}

/** Reads `ADDRESS>: … not owned by user LOGIN; from=<…`; the address stands there as the client meant it, without quotes. */
function refusalEvent(text: string, kind: "refused" | "warned"): PostfixEvent | undefined {
  const at = text.indexOf(notOwned);
  if (at === -1) return undefined;
  // Once in the reply, and in the address or the HELO name when the client wants to be somebody else.
  if (text.indexOf(notOwned, at + 1) !== -1) return ambiguous;
  const after = text.slice(at + notOwned.length);
  const end = after.indexOf("; from=<");
  return end === -1 ? undefined : { kind, login: after.slice(0, end), sender: text.slice(0, at) };
}

function milterEvent(message: string): PostfixEvent | undefined {
  const [start, id] = milter.exec(message) ?? [];
  if (start === undefined || id === undefined) return undefined;
  const [, sender] = /; from=<(.*?)> to=<.*> proto=\S+ helo=<.*>/.exec(message.slice(start.length)) ?? [];
  return sender === undefined ? { kind: "removed", id } : { kind: "milterRefused", id, sender };
}

function qmgrEvent(message: string): PostfixEvent | undefined {
  const [, id, sender] = queued.exec(message) ?? [];
  if (id !== undefined && sender !== undefined) return { kind: "queued", id, sender };
  const gone = removed.exec(message)?.[1];
  return gone === undefined ? undefined : { kind: "removed", id: gone };
}
