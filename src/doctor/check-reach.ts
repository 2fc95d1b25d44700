/** Whether Postfix reaches the daemon: through the chroot, past file permissions, at one of our listeners, on the wire. */
import { formatEndpoint, type ListenerSettings } from "../model/settings.ts";
import { denialOn, stepsTo } from "./access.ts";
import { listenerMistake } from "./check-listener.ts";
import type { Change, Finding } from "./finding.ts";
import { askingServices } from "./logins.ts";
import type { Patient, TableAnswer } from "./observations.ts";
import { placeOf, type ReachedTable } from "./place.ts";
import type { Service } from "./postfix.ts";
import { recommendedTable, tablesOf } from "./table.ts";

const parameter = "smtpd_sender_login_maps";

/** The first thing that stands between a service and each of its tables. */
export function checkReach(patient: Patient): Finding[] {
  const { postfix, observations } = patient;
  return askingServices(postfix).flatMap((service) =>
    tablesOf(service).flatMap((table): Finding[] => {
      const reached = placeOf(table, service, postfix);
      if (reached === undefined) return [];
      const answer = observations.tables.get(reached.key) ?? { kind: "unknown" };
      const finding =
        chrootMistake(patient, service, reached) ??
        permissionMistake(patient, service, reached) ??
        listenerMistake(patient, service, reached, answer) ??
        silence(service, reached, answer);
      return finding === undefined ? [] : [finding];
    }),
  );
}

/** In a chroot an absolute path begins at the queue directory, and names cannot be resolved without files of a resolver. */
function chrootMistake(patient: Patient, service: Service, { table, endpoint, isChrooted }: ReachedTable) {
  const { postfix, observations, settings } = patient;
  if (!isChrooted) return undefined;
  const { queueDirectory } = postfix;
  const common = { severity: "error", services: [service.name] } as const;
  const replaced = (text: string) => [service.change(parameter, service.value(parameter).replace(table.text, text))];
  if (endpoint.kind === "unix" && table.endpoint?.kind === "unix" && table.endpoint.path.startsWith("/")) {
    const { path } = table.endpoint;
    const isThere = (one: string) => observations.files.get(one)?.kind === "socket";
    // Bound or mounted there on purpose.
    if (isThere(endpoint.path) || settings.listeners.some((one) => isAt(one, endpoint.path))) return undefined;
    const isBelow = path.startsWith(`${queueDirectory}/`);
    const relative = path.slice(queueDirectory.length + 1);
    return {
      ...common,
      check: "chroot-path",
      title: `${path} does not exist in the chroot of this service (${queueDirectory})`,
      consequence: "Every lookup fails, and every client that is logged in is told 451: No such file or directory.",
      changes: isBelow
        ? replaced(table.text.replace(`unix:${path}`, `unix:${relative}`))
        : movedTo(patient, path, table.map, replaced),
    } satisfies Finding;
  }
  if (endpoint.kind === "unix" || /^[\d.]+$|:/.test(endpoint.host)) return undefined;
  const file = `${queueDirectory}/etc/${endpoint.host === "localhost" ? "hosts" : "resolv.conf"}`;
  if (observations.files.get(file)?.kind !== "absent") return undefined;
  return {
    ...common,
    check: "chroot-name",
    title: `the name ${endpoint.host} cannot be resolved in the chroot of this service (no ${file})`,
    consequence: "Every lookup fails, and every client that is logged in is told 451: Temporary lookup failure.",
    changes:
      endpoint.host === "localhost"
        ? replaced(table.text.replace("localhost", "127.0.0.1"))
        : [
            {
              where: "shell",
              line: `mkdir -p ${queueDirectory}/etc && cp /etc/hosts /etc/resolv.conf ${queueDirectory}/etc/`,
            },
          ],
  } satisfies Finding;
}

/** A socket outside of the queue directory cannot be had in the chroot: another listener, or this one has to move. */
function movedTo(
  { settings, postfix }: Patient,
  path: string,
  map: string,
  replaced: (table: string) => Change[],
): Change[] {
  const isOutside = settings.listeners.some((listener) => isAt(listener, path));
  const hasAnother = settings.listeners.some(
    ({ protocol, endpoint }) =>
      protocol !== "milter" && (endpoint.kind === "inet" || endpoint.path.startsWith(`${postfix.queueDirectory}/`)),
  );
  if (!isOutside || hasAnother) return replaced(recommendedTable(settings, postfix, map));
  const endpoint = `unix:${postfix.queueDirectory}/loginmapd/socketmap`;
  return [
    ...replaced(`socketmap:unix:loginmapd/socketmap:${map}`),
    {
      where: "loginmapd.yaml",
      line: `- { protocol: socketmap, endpoint: "${endpoint}", mode: "0660", group: postfix }`,
    },
  ];
}

function isAt({ endpoint }: ListenerSettings, path: string): boolean {
  return endpoint.kind === "unix" && endpoint.path === path;
}

function permissionMistake(patient: Patient, service: Service, reached: ReachedTable): Finding | undefined {
  const { postfix, observations, settings } = patient;
  const { endpoint, isBelowQueue } = reached;
  if (endpoint.kind !== "unix") return undefined;
  const denial = denialOn(stepsTo(endpoint.path, isBelowQueue ? postfix.queueDirectory : "/"), observations);
  if (denial === undefined) return undefined;
  const account = observations.account?.name ?? "postfix";
  const listener = settings.listeners.find((one) => isAt(one, endpoint.path));
  const { protocol = "socketmap", map } = listener ?? {};
  const mapKey = map === undefined ? "" : `, map: ${map}`;
  return {
    check: "socket-permission",
    severity: "error",
    services: [service.name],
    title: denial.isSocket
      ? `the account ${account} may not connect to ${denial.path} (${modeOf(patient, denial.path)})`
      : `the account ${account} may not enter ${denial.path} (${modeOf(patient, denial.path)})`,
    consequence: "Every lookup fails, and every client that is logged in is told 451: Permission denied.",
    changes: denial.isSocket
      ? [
          {
            where: "loginmapd.yaml",
            line: `- { protocol: ${protocol}, endpoint: "unix:${endpoint.path}"${mapKey}, mode: "0660", group: ${account} }`,
          },
        ]
      : [{ where: "shell", line: `chgrp ${account} ${denial.path} && chmod g+x ${denial.path}` }],
  };
}

function modeOf({ observations }: Patient, path: string): string {
  const status = observations.files.get(path);
  if (status === undefined || !("mode" in status)) return "";
  return `mode ${(status.mode & 0o7777).toString(8).padStart(4, "0")}, uid ${status.uid}, gid ${status.gid}`;
}

function silence(service: Service, { table, endpoint }: ReachedTable, answer: TableAnswer) {
  const common = { severity: "error", services: [service.name] } as const;
  if (answer.kind === "unreachable") {
    return {
      ...common,
      check: "daemon-silent",
      title: `no answer from ${table.text} at ${formatEndpoint(endpoint)}: ${answer.reason}`,
      consequence: "Every lookup fails, and every client that is logged in is told 451: Temporary lookup failure.",
      changes: [{ where: "shell", line: "systemctl start loginmapd.socket loginmapd" }],
    } satisfies Finding;
  }
  if (answer.kind !== "failing") return undefined;
  return {
    ...common,
    check: "daemon-failing",
    title: `the daemon at ${formatEndpoint(endpoint)} says: ${answer.reason}`,
    consequence: "Addresses that are not in its cache are answered with 451 until its source is back.",
    changes: [{ where: "shell", line: "loginmapd check --connect" }],
  } satisfies Finding;
}
