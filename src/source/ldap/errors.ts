/**
 * Says what a result code of an LDAP server means for the lookup and for the host: a table, and nothing else.
 *
 * One rule: a code that a server says of itself (busy, unavailable) is against the host, whatever was asked: it is left out until it
 * answers again, and the lookup goes to the next. A code that it says of the question (a limit, its time, a right, the base) would
 * be the same of every host: the lookup fails, and the host stays. While a session is opened every code is against the host.
 *
 * Codes are those of RFC 4511, section 4.1.9. A server's words are repeated only where they cannot hold a value of a key.
 */
import { codeOf, connectionReason } from "../../system/errno.ts";
import { SessionError, type SessionErrorKind } from "../session.ts";

/** The codes that mean something to a lookup beside "it failed". */
export const resultCode = { success: 0, sizeLimitExceeded: 4, adminLimitExceeded: 11, noSuchObject: 32 } as const;

/** A server answered, with a code that is not success. */
export class LdapError extends SessionError {
  readonly resultCode: number;

  constructor(kind: SessionErrorKind, message: string, code: number) {
    super(kind, message);
    this.name = "LdapError";
    this.resultCode = code;
  }
}

interface Meaning {
  readonly kind: SessionErrorKind;
  readonly name: string;
  /** Whether the server's words may be logged. */
  readonly isQuotable?: true;
}

const byCode: Readonly<Record<number, Meaning>> = {
  // Active Directory says so to a search before a bind.
  1: { kind: "statement", name: "operationsError", isQuotable: true },
  2: { kind: "statement", name: "protocolError", isQuotable: true },
  3: { kind: "timeout", name: "timeLimitExceeded" },
  4: { kind: "unknown", name: "sizeLimitExceeded" },
  7: { kind: "statement", name: "authMethodNotSupported", isQuotable: true },
  8: { kind: "statement", name: "strongerAuthRequired", isQuotable: true },
  10: { kind: "statement", name: "referral (the data is on another server, and referrals are not followed)" },
  11: { kind: "unknown", name: "adminLimitExceeded", isQuotable: true },
  12: { kind: "statement", name: "unavailableCriticalExtension", isQuotable: true },
  13: { kind: "statement", name: "confidentialityRequired (the server wants TLS)", isQuotable: true },
  16: { kind: "statement", name: "noSuchAttribute" },
  17: { kind: "statement", name: "undefinedAttributeType", isQuotable: true },
  18: { kind: "statement", name: "inappropriateMatching", isQuotable: true },
  19: { kind: "key", name: "constraintViolation" },
  21: { kind: "key", name: "invalidAttributeSyntax" },
  32: { kind: "statement", name: "noSuchObject (there is no such search base, or it may not be seen)" },
  33: { kind: "statement", name: "aliasProblem" },
  // A key whose characters an attribute of the search base cannot hold.
  34: { kind: "key", name: "invalidDNSyntax" },
  36: { kind: "statement", name: "aliasDereferencingProblem" },
  48: { kind: "statement", name: "inappropriateAuthentication", isQuotable: true },
  49: { kind: "statement", name: "invalidCredentials" },
  50: { kind: "statement", name: "insufficientAccessRights", isQuotable: true },
  51: { kind: "refused", name: "busy", isQuotable: true },
  // A server that is going down, or whose database is.
  52: { kind: "refused", name: "unavailable", isQuotable: true },
  53: { kind: "statement", name: "unwillingToPerform", isQuotable: true },
  54: { kind: "statement", name: "loopDetect" },
  80: { kind: "unknown", name: "other", isQuotable: true },
};

/** Makes the error of a result. */
export function toLdapError(code: number, serverWords: string): LdapError {
  const { kind, name, isQuotable } = byCode[code] ?? { kind: "unknown", name: "error" };
  const words = isQuotable === true && serverWords !== "" ? `: ${oneLine(serverWords)}` : "";
  return new LdapError(kind, `${name} (${code})${words}`, code);
}

/** Says what went wrong with a connection: what Node, TLS or the system said. */
export function toConnectionError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  const code = codeOf(error);
  const known = code === undefined ? undefined : connectionReason(code);
  const text = known ?? (error instanceof Error ? oneLine(error.message) : "connection failed");
  return new SessionError("connection", text, { cause: error });
}

function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]+/g, " ").trim();
}
