/**
 * A source in a directory: lookups brought to its sessions by the pool that all drivers share, several searches at a time on each.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";
import { type Ask, type Cells, type KeyForm, notAsked, type Role } from "../../model/keys.ts";
import type { Log } from "../../model/log.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { Database, QueryReport, SourceHealth } from "../../model/source.ts";
import type { SourceTally } from "../../model/tally.ts";
import { type DatabaseDependencies, lookAfterIntervalMs } from "../database.ts";
import { HostedDomains } from "../hosted-domains.ts";
import { Dispatcher, type Outcome } from "../pool/dispatcher.ts";
import { readTls } from "../pool/tls.ts";
import { SessionError } from "../session.ts";
import { answerAsks, type Lookup } from "./lookup.ts";
import { reportTables } from "./report.ts";
import { noKey, type RunSearch } from "./search.ts";
import { type LdapSession, ldapSessions } from "./session.ts";
import type { LdapPlan } from "./table.ts";

type LdapSettings = Extract<ConnectionSettings, { driver: "ldap" }>;

// Of so many questions some lead to groups, each with several searches of its own; slapd takes a hundred of a connection.
const maxArms = 16;

/** Answers lookups from a directory. */
export class LdapDatabase implements Database {
  readonly name: string;
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly #plan: LdapPlan;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tally: SourceTally;
  readonly #hosted: HostedDomains;
  readonly #dispatcher: Dispatcher<LdapSession, Lookup>;
  #looking: NodeJS.Timeout | undefined;

  /**
   * Connects to nothing yet.
   *
   * @throws {ConfigError} when a certificate cannot be read
   */
  constructor(name: string, settings: LdapSettings, plan: LdapPlan, deps: DatabaseDependencies) {
    const { clock, log, tally, maxWaitingLookups, random = Math.random } = deps;
    const { servers, bind, startTls, tls, poolSize, connectTimeoutMs, queryTimeoutMs } = settings;
    this.name = name;
    this.keyForm = plan.keyForm;
    this.roles = new Set(Object.keys(plan.roles) as Role[]);
    this.#plan = plan;
    this.#clock = clock;
    this.#log = log;
    this.#tally = tally;
    this.#hosted = new HostedDomains(name, log);
    const certificates = readTls(tls) ?? { ca: undefined, cert: undefined, key: undefined, verify: true };
    const open = ldapSessions(servers, { bind, startTls, tls: certificates, queryTimeoutMs });
    const hosts = servers.map(({ endpoint }) => endpoint);
    this.#dispatcher = new Dispatcher({
      sessions: { source: name, hosts, open, poolSize, connectTimeoutMs, log, random, prepare: async () => {} },
      clock,
      maxWaitingLookups,
      maxArms,
      serve: (session, lookups) => Promise.all(lookups.map((lookup) => this.#serve(session, lookup))),
      onRefused: () => {},
    });
  }

  find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells> {
    const { roles } = this.#plan;
    const arms = asks.map(({ role, key }) => ({ table: roles[role], key }));
    if (arms.every(({ table, key }) => table?.takes(key) !== true)) return asks.map(() => notAsked);
    const lookup: Lookup = { shape: "lookup", arms, isFirstHitOnly: this.keyForm === "postfix", deadlineMs };
    return this.#dispatcher.ask(() => lookup, deadlineMs);
  }

  async hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined> {
    const { domains } = this.#plan;
    if (domains === undefined) return undefined;
    const arms = [{ table: domains, key: noKey }];
    const lookup: Lookup = { shape: "domains", arms, isFirstHitOnly: false, deadlineMs };
    const [cells = []] = await this.#dispatcher.ask(() => lookup, deadlineMs);
    return this.#hosted.read(cells);
  }

  health(): SourceHealth {
    const { hosts } = this.#dispatcher;
    const isUp = hosts.isAnyUp;
    return { isUp, reason: isUp ? "" : hosts.reason(), hosts: hosts.health() };
  }

  async report(deadlineMs: number): Promise<readonly QueryReport[]> {
    const session = await this.#dispatcher.openApart(deadlineMs);
    try {
      return await reportTables(session, this.#plan);
    } finally {
      await session.end();
    }
  }

  async lookAfter(): Promise<void> {
    if (this.#dispatcher.isClosing) return;
    this.#looking ??= setInterval(() => void this.#dispatcher.lookAfter(), lookAfterIntervalMs).unref();
    await this.#dispatcher.lookAfter();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#dispatcher.close();
  }

  async #serve(session: LdapSession, lookup: Lookup): Promise<Outcome> {
    try {
      return await answerAsks(lookup, {
        search: (search) => this.#search(session, lookup.deadlineMs, search),
        onDangling: (dn) => {
          this.#log.warn({ source: this.name }, "a group names an entry that is not there, or may not be read");
          this.#log.debug({ source: this.name, dn }, "not there");
        },
      });
    } catch (error) {
      if (error instanceof SourceError) return error;
      if (!(error instanceof SessionError) || error.kind === "connection" || !session.isOpen) throw error;
      return toSourceError(error);
    }
  }

  async #search(session: LdapSession, deadlineMs: number, search: Parameters<RunSearch>[0]): ReturnType<RunSearch> {
    const startMs = this.#clock.nowMs();
    if (startMs >= deadlineMs) throw new SourceError("ERR_SOURCE_TIMEOUT", "no time left for further searches");
    let outcome: keyof SourceTally["queries"] = "ok";
    try {
      return await session.search(search);
    } catch (error) {
      outcome = error instanceof SessionError && error.kind === "timeout" ? "timeout" : "error";
      throw error;
    } finally {
      this.#tally.queries[outcome]++;
      this.#tally.duration.observe((this.#clock.nowMs() - startMs) / 1000);
    }
  }
}

function toSourceError({ kind, message }: SessionError): SourceError {
  return kind === "timeout"
    ? new SourceError("ERR_SOURCE_TIMEOUT", `the directory gave up: ${message}`)
    : new SourceError("ERR_SOURCE_SQL", `the directory refused the search: ${message}`);
}
