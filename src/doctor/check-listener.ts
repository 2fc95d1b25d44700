/** Whether the place where Postfix asks is one of our listeners, speaks the protocol, and knows the map. */
import { formatEndpoint } from "../model/settings.ts";
import type { Finding } from "./finding.ts";
import type { Patient, TableAnswer } from "./observations.ts";
import type { ReachedTable } from "./place.ts";
import type { Service } from "./postfix.ts";
import { listenerAt, recommendedTable } from "./table.ts";

const parameter = "smtpd_sender_login_maps";

/** Compares the table with our configuration. A daemon elsewhere that answers well is not held against it. */
export function listenerMistake(
  { postfix, settings }: Patient,
  service: Service,
  { table, endpoint }: ReachedTable,
  answer: TableAnswer,
): Finding | undefined {
  if (answer.kind === "answered") return undefined;
  const common = {
    severity: "error",
    services: [service.name],
    consequence: "Every lookup fails, and every client that is logged in is told 451.",
    changes: [
      service.change(
        parameter,
        service.value(parameter).replace(table.text, recommendedTable(settings, postfix, table.map)),
      ),
    ],
  } as const;
  const listener = listenerAt(endpoint, settings);
  const place = formatEndpoint(endpoint);
  if (listener === undefined) {
    // Reached, but not by our configuration: another machine, or a forwarded port.
    if (answer.kind === "unknown" || answer.kind === "failing") return undefined;
    if (answer.kind === "refused") {
      return {
        ...common,
        check: "map-unknown",
        title: `the server at ${place} refuses ${table.text}: ${answer.reason}`,
      };
    }
    const ours = settings.listeners.map((one) => `${one.protocol} at ${formatEndpoint(one.endpoint)}`).join(", ");
    return {
      ...common,
      check: "listener-missing",
      title: `${table.text} is none of our listeners (${ours}), and nothing answers there: ${answer.reason}`,
    };
  }
  if (listener.protocol !== table.protocol) {
    const type = table.protocol === "socketmap" ? "socketmap" : "tcp";
    return {
      ...common,
      check: "protocol",
      title: `Postfix speaks ${type} to ${place}, our listener there speaks ${listener.protocol}`,
    };
  }
  if (table.protocol === "socketmap" && !(table.map in settings.maps)) {
    const known = Object.keys(settings.maps).join(", ");
    return {
      ...common,
      check: "map-unknown",
      title: `${table.text} asks for the map ${table.map}; the configuration has ${known}`,
      consequence: "Every client that is logged in is told 451 4.3.5 Server configuration error.",
    };
  }
  return answer.kind === "refused"
    ? { ...common, check: "map-unknown", title: `the server at ${place} refuses ${table.text}: ${answer.reason}` }
    : undefined;
}
