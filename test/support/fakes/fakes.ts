/** Fakes for unit tests: a database of a few rows, a clock moved by hand, a log that keeps what it was told. */
import type { Clock } from "../../../src/model/clock.ts";
import type { Ask, Cells, KeyForm, Role } from "../../../src/model/keys.ts";
import type { Log, LogFields } from "../../../src/model/log.ts";
import type { Database } from "../../../src/model/source.ts";

export interface FakeDatabase extends Database {
  /** Emails of the address role that were asked, in order. */
  readonly asked: string[];
  /** Set to make every call fail. */
  error: Error | undefined;
}

export interface FakeOptions {
  readonly isAsync?: boolean;
  readonly keyForm?: KeyForm;
  readonly roles?: readonly Role[];
  readonly domains?: readonly string[];
}

/** A database whose owners are `rows[email]`, for every role (`domain x`, `grant x` for the others); one of Postfix has only addresses. */
export function fakeDatabase(rows: Record<string, string>, options: FakeOptions = {}): FakeDatabase {
  const { isAsync = false, keyForm = "roles", domains } = options;
  const { roles = keyForm === "postfix" ? ["address"] : ["address", "domain", "grant"] } = options;
  const fake: FakeDatabase = {
    name: "fake",
    keyForm,
    roles: new Set(roles),
    asked: [],
    error: undefined,
    find(asks: readonly Ask[]): Cells | Promise<Cells> {
      fake.asked.push(...asks.map(({ key }) => key.email));
      if (fake.error !== undefined) {
        if (isAsync) return Promise.reject(fake.error);
        throw fake.error;
      }
      const findings = asks.map(({ role, key }) => {
        const owners = rows[role === "address" ? key.email : `${role} ${role === "domain" ? key.domain : key.email}`];
        return owners === undefined ? [] : [owners];
      });
      return isAsync ? Promise.resolve(findings) : findings;
    },
    hostedDomains: () =>
      fake.error === undefined
        ? Promise.resolve(domains === undefined ? undefined : new Set(domains))
        : Promise.reject(fake.error),
    health: () => ({ isUp: fake.error === undefined, reason: "", hosts: [] }),
    lookAfter: () => Promise.resolve(),
    report: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return fake;
}

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

export function fakeClock(startMs = 1_000): FakeClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export interface FakeLog extends Log {
  readonly lines: { level: string; message: string; fields: LogFields }[];
}

export function fakeLog(isDebug = false): FakeLog {
  const lines: FakeLog["lines"] = [];
  const at = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, message, fields });
  };
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    isDebugEnabled: () => isDebug,
  };
}
