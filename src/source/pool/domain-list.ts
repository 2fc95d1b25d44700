/**
 * Reads the hosted domains of a database server: on a connection of the lookups, or on one of its own where that takes longer
 * than a lookup may.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";
import type { Cells, Key } from "../../model/keys.ts";
import type { StatementSession } from "../session.ts";
import type { ArmSet } from "../sql/arm.ts";
import type { Lookup } from "../sql/lookup.ts";
import { toSourceError } from "./listing.ts";

/** What the reading stands on. */
export interface DomainListParts {
  readonly clock: Clock;
  /** Asks as lookups do. @throws {SourceError} */
  ask(bind: () => Lookup, deadlineMs: number): Promise<Cells>;
  /** Opens a connection on which a statement may take that long. @throws {SourceError} */
  open(queryTimeoutMs: number): Promise<StatementSession>;
  /** Learns the schema on a connection, where it is not known. @throws {SessionError} */
  learn(session: StatementSession): Promise<void>;
  arms(): ArmSet | undefined;
}

/** The domains of one source. */
export class DomainList {
  readonly #parts: DomainListParts;
  /** The last reading on a connection of the lookups took too long. */
  #isLong = false;

  constructor(parts: DomainListParts) {
    this.#parts = parts;
  }

  /** @returns the cells; `undefined` when the schema has no such query. @throws {SourceError} at the latest at `deadlineMs` */
  async read(deadlineMs: number): Promise<readonly string[] | undefined> {
    if (this.#isLong) return this.#readApart(deadlineMs);
    try {
      const [cells] = await this.#parts.ask(() => domainsLookup(this.#parts.arms() as ArmSet), deadlineMs);
      return cells;
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== "ERR_SOURCE_TIMEOUT") throw error;
      this.#isLong = true;
      return this.#readApart(deadlineMs);
    }
  }

  async #readApart(deadlineMs: number): Promise<readonly string[] | undefined> {
    const { clock, open, learn, arms } = this.#parts;
    const session = await open(deadlineMs - clock.nowMs());
    try {
      await learn(session);
      const arm = arms()?.domains;
      if (arm === undefined) return undefined;
      const { rows } = await session.run(arm.sql, arm.bind(noKey) ?? []);
      return arm.collect(rows, noKey);
    } catch (error) {
      // A server that hung for a while does not make the list a long one.
      this.#isLong = false;
      throw toSourceError(error, "cannot read the domains");
    } finally {
      await session.end();
    }
  }
}

const noKey: Key = { email: "", user: "", domain: "" };

function domainsLookup({ domains, variant = "" }: ArmSet): Lookup {
  const shape = `domains ${variant}`;
  if (domains === undefined) return { arms: [], askCount: 0, shape };
  const values = domains.bind(noKey) ?? [];
  return { arms: [{ role: "domains", arm: domains, key: noKey, values, ask: 0 }], askCount: 1, shape };
}
