/** A gate before a source that tells its domains, or does not, as the test says. */
import { DomainGate } from "../../../src/cache/domain-gate.ts";
import { type Answer, absent } from "../../../src/model/reply.ts";
import { cacheTally } from "../../../src/model/tally.ts";
import { fakeClock, fakeLog } from "./fakes.ts";

const rules = {
  refreshMs: 30_000,
  staleIfErrorMs: 3_600_000,
  timeoutMs: 10_000,
  localDomains: new Set(["local.example"]),
};

/** The gate, and what it was given. */
export class GateBench {
  readonly clock = fakeClock();
  readonly log = fakeLog();
  readonly tally = cacheTally();
  /** How often the domains were read. */
  reads = 0;
  /** What the source says of a key. */
  source: () => Answer | Promise<Answer> = () => absent;
  /** What the source says when it is asked for its domains. */
  answer: () => Promise<ReadonlySet<string> | undefined> = () => Promise.resolve(new Set(["example.com"]));
  readonly gate = this.make();

  /** A gate with other rules, before the same source. */
  make(changes: Partial<typeof rules> = {}): DomainGate {
    return new DomainGate(
      { ...rules, ...changes },
      {
        clock: this.clock,
        log: this.log,
        tally: this.tally,
        source: { ownersOf: () => this.source() },
        database: {
          name: "mail",
          hostedDomains: () => {
            this.reads++;
            return this.answer();
          },
        },
      },
    );
  }
}

/** Lets what was asked arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

/** A source that cannot be read. */
export const down = () => Promise.reject(new Error("down"));
