/** Where a service asks Dovecot who has logged in. */
import type { Endpoint } from "../model/settings.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { parseInet, pathSeenFrom } from "./table.ts";

/** Finds it, as seen from outside of any chroot; `undefined` with another SASL server. */
export function saslEndpoint(service: Service, { queueDirectory }: PostfixConfig): Endpoint | undefined {
  if (service.value("smtpd_sasl_type") !== "dovecot") return undefined;
  const path = service.value("smtpd_sasl_path");
  if (path.startsWith("inet:")) return parseInet(path.slice("inet:".length));
  return { kind: "unix", path: pathSeenFrom(path, service.isChrooted, queueDirectory) };
}
