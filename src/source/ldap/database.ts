/**
 * A source in a directory: lookups brought to its sessions by the pool that all drivers share, several searches at a time on each.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";
import { type Ask, type Cells, type KeyForm, notAsked, type Role } from "../../model/keys.ts";
import type { Listing } from "../../model/listing.ts";
import type { Log } from "../../model/log.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import type { QueryReport, RowProof } from "../../model/source.ts";
import type { SourceTally } from "../../model/tally.ts";
import { HostNames } from "../../system/host-names.ts";
import type { DatabaseDependencies } from "../database.ts";
import type { Outcome, Settle } from "../pool/dispatcher.ts";
import { toSourceError } from "../pool/listing.ts";
import { type OpenApart, PooledDatabase, type PoolUse } from "../pool/pooled-database.ts";
import { readTls } from "../pool/tls.ts";
import { isAgainstHost, SessionError } from "../session.ts";
import { constantEnd } from "./key-text.ts";
import { LdapListing } from "./listing.ts";
import { answerAsks, type Lookup } from "./lookup.ts";
import { reportTables } from "./report.ts";
import { rowProofOf } from "./row-proof.ts";
import { noKey, type RunSearch } from "./search.ts";
import { type LdapSession, ldapSessions } from "./session.ts";
import type { LdapPlan } from "./table.ts";

type LdapSettings = Extract<ConnectionSettings, { driver: "ldap" }>;

// Of so many questions some lead to groups, each with several searches of its own; slapd takes a hundred of a connection.
const maxArms = 16;

// A group of thousands keeps a session for seconds; lookups that come meanwhile are asked beside it.
const batchesPerSession = 4;

/** Answers lookups from a directory. */
export class LdapDatabase extends PooledDatabase<LdapSession, Lookup> {
  readonly keyForm: KeyForm;
  readonly roles: ReadonlySet<Role>;
  readonly rowProof: RowProof | undefined;
  readonly listing: Listing | undefined;
  readonly #plan: LdapPlan;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tally: SourceTally;

  /**
   * Connects to nothing yet.
   *
   * @throws {ConfigError} when a certificate cannot be read
   */
  constructor(name: string, settings: LdapSettings, plan: LdapPlan, deps: DatabaseDependencies) {
    const { servers, bind, startTls, tls, poolSize, connectTimeoutMs, queryTimeoutMs } = settings;
    const certificates = readTls(tls) ?? { ca: undefined, cert: undefined, key: undefined, verify: true };
    const hosts = servers.map(({ endpoint }) => endpoint);
    const { names = new HostNames() } = deps;
    const login = { bind, startTls, tls: certificates, names, sampleBase: sampleBase(plan) };
    const use: PoolUse<LdapSession, Lookup> = {
      open: ldapSessions(servers, { ...login, queryTimeoutMs }),
      prepare: async () => {},
      batchesPerSession,
      maxArms,
      serve: (session, lookups, settle) => this.#serve(session, lookups, settle),
      onRefused: () => {},
    };
    super(name, { hosts, poolSize, connectTimeoutMs }, use, deps);
    this.keyForm = plan.keyForm;
    this.roles = new Set(Object.keys(plan.roles) as Role[]);
    this.rowProof = plan.roles.address && rowProofOf(plan.roles.address);
    this.#plan = plan;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#tally = deps.tally;
    const openApart: OpenApart<LdapSession> = (timeoutMs, signal) =>
      this.openApart(ldapSessions(servers, { ...login, queryTimeoutMs: timeoutMs }), signal);
    this.listing = plan.listing && new LdapListing(plan.listing, openApart);
  }

  find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells> {
    const { roles } = this.#plan;
    const arms = asks.map(({ role, key }) => ({ table: roles[role], key }));
    if (arms.every(({ table, key }) => table?.takes(key) !== true)) return asks.map(() => notAsked);
    const lookup: Lookup = { shape: "lookup", arms, isFirstHitOnly: this.keyForm === "postfix", deadlineMs };
    return this.dispatcher.ask(() => lookup, deadlineMs);
  }

  protected override async readDomains(deadlineMs: number): Promise<readonly string[] | undefined> {
    const { domains } = this.#plan;
    if (domains === undefined) return undefined;
    const arms = [{ table: domains, key: noKey }];
    const lookup: Lookup = { shape: "domains", arms, isFirstHitOnly: false, deadlineMs };
    const [cells = []] = await this.dispatcher.ask(() => lookup, deadlineMs);
    return cells;
  }

  protected override reportOn(session: LdapSession): Promise<readonly QueryReport[]> {
    return reportTables(session, this.#plan);
  }

  /** Each lookup ends when its own searches do. */
  async #serve(session: LdapSession, lookups: readonly Lookup[], settle: Settle): Promise<void> {
    await Promise.all(lookups.map(async (lookup, i) => settle(i, await this.#answer(session, lookup))));
    if (!session.isOpen) throw new SessionError("connection", "connection closed");
  }

  async #answer(session: LdapSession, lookup: Lookup): Promise<Outcome> {
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
      if (!(error instanceof SessionError) || isAgainstHost(error)) throw error;
      return toSourceError(error, "the directory did not answer a search");
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

/** What lookups are asked below. */
function sampleBase({ roles }: LdapPlan): string {
  const [table] = Object.values(roles);
  return table === undefined ? "" : constantEnd(table.base);
}
