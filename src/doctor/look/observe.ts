/** Looks at the machine for the doctor: files, the account of Postfix, the daemon on the wire, Dovecot's auth socket. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { type Endpoint, formatEndpoint, type Settings } from "../../model/settings.ts";
import { ask, NoServer } from "../../net/ask.ts";
import { stepsTo } from "../access.ts";
import { saslEndpoint } from "../check-sasl-socket.ts";
import { askingServices, loginServices } from "../logins.ts";
import type { Account, FileStatus, Observations, SaslAnswer, TableAnswer } from "../observations.ts";
import { placeOf, type ReachedTable } from "../place.ts";
import type { PostfixConfig } from "../postfix.ts";
import { tablesOf } from "../table.ts";
import { lookAtTables } from "./access-tables.ts";
import { readMechanisms } from "./dovecot-auth.ts";
import { loginFormatOf, ownersOfMaps } from "./login-forms.ts";

/**
 * Looks at everything that the checks ask for. What could not be looked at, for lack of rights, is `hidden` or `unknown`.
 *
 * @param directory where Postfix's configuration is; `undefined` = that of the system
 */
export async function observe(
  postfix: PostfixConfig,
  settings: Settings,
  directory: string | undefined,
): Promise<Observations> {
  const tables = askingServices(postfix).flatMap((service) =>
    tablesOf(service).flatMap((table) => placeOf(table, service, postfix) ?? []),
  );
  const auth = loginServices(postfix).flatMap((service) => saslEndpoint(service, postfix) ?? []);
  return {
    account: accountOf(postfix.main.value("mail_owner")),
    files: statAll([...tables.map(({ endpoint }) => endpoint), ...auth], postfix.queueDirectory),
    tables: await askAll(tables, postfix, settings),
    sasl: await greetAll(auth),
    ...lookAtTables(postfix, directory),
    loginFormat: loginFormatOf(),
    ...(await ownersOfMaps(settings)),
  };
}

function statAll(endpoints: readonly Endpoint[], queueDirectory: string): Map<string, FileStatus> {
  const paths = endpoints.flatMap((endpoint) => (endpoint.kind === "unix" ? stepsTo(endpoint.path, "/") : []));
  const resolver = ["hosts", "resolv.conf"].map((name) => `${queueDirectory}/etc/${name}`);
  return new Map([...paths, ...resolver].map((path) => [path, statusOf(path)]));
}

function statusOf(path: string): FileStatus {
  try {
    const stat = statSync(path);
    return { kind: stat.isSocket() ? "socket" : "other", uid: stat.uid, gid: stat.gid, mode: stat.mode };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? { kind: "absent" } : { kind: "hidden" };
  }
}

/** Node knows no accounts but its own; id(1) does. */
function accountOf(name: string): Account | undefined {
  const read = (option: string) => spawnSync("id", [option, name], { encoding: "utf8" });
  const [uid, gids] = [read("-u"), read("-G")];
  if (uid.status !== 0 || gids.status !== 0) return undefined;
  return { name, uid: Number(uid.stdout), gids: gids.stdout.trim().split(/\s+/).map(Number) };
}

async function askAll(
  tables: readonly ReachedTable[],
  postfix: PostfixConfig,
  settings: Settings,
): Promise<Map<string, TableAnswer>> {
  // Any address will do: what counts is whether an answer comes.
  const key = `postmaster@${postfix.main.value("myhostname") || "localhost"}`;
  // The daemon's own deadline, and a little for the way.
  const timeoutMs = settings.limits.lookupTimeoutMs + 1000;
  const byKey = new Map(tables.map((table) => [table.key, table]));
  const answers = [...byKey].map(async ([name, { table, endpoint }]): Promise<[string, TableAnswer]> => {
    const question = { server: endpoint, protocol: table.protocol, map: table.map, key, timeoutMs };
    try {
      const reply = await ask(question);
      switch (reply.kind) {
        case "ok":
        case "notFound":
          return [name, { kind: "answered" }];
        case "temporary":
        case "timeout":
          return [name, { kind: "failing", reason: reply.reason }];
        case "permanent":
          return [name, { kind: "refused", reason: reply.reason }];
      }
    } catch (error) {
      if (!(error instanceof NoServer)) throw error;
      return [name, answerOf(error.message, error.systemCode)];
    }
  });
  return new Map(await Promise.all(answers));
}

async function greetAll(endpoints: readonly Endpoint[]): Promise<Map<string, SaslAnswer>> {
  const byPlace = new Map(endpoints.map((endpoint) => [formatEndpoint(endpoint), endpoint]));
  const answers = [...byPlace].map(async ([place, endpoint]): Promise<[string, SaslAnswer]> => {
    try {
      return [place, { kind: "mechanisms", names: await readMechanisms(endpoint) }];
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      return [place, answerOf(message, code)];
    }
  });
  return new Map(await Promise.all(answers));
}

/** Lack of rights on our side says nothing about Postfix's. */
function answerOf(reason: string, code: string | undefined) {
  const isOurs = code === "EACCES" || code === "EPERM";
  return isOurs ? ({ kind: "unknown" } as const) : ({ kind: "unreachable", reason } as const);
}
