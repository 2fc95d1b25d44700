/** A listener without a database: its lookups are answered by key, and those that wait are settled by the test. */
import { LookupMap, MapRegistry } from "../../../src/lookup/map-registry.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, absent, Found } from "../../../src/model/reply.ts";
import type { LimitSettings, ListenerSettings } from "../../../src/model/settings.ts";
import { type LookupTally, listenerTally, lookupTally } from "../../../src/model/tally.ts";
import { Deadlines } from "../../../src/net/deadlines.ts";
import { Listener, type ListenerParts } from "../../../src/net/listener.ts";
import { Turn } from "../../../src/net/turn.ts";
import type { Protocol } from "../../../src/protocol/protocol.ts";
import { socketmap } from "../../../src/protocol/socketmap.ts";
import { LookupService } from "../../../src/service/lookup.ts";
import { WireClient } from "../wire/wire.ts";
import { type FakeLog, fakeLog } from "./fakes.ts";

export const limits: LimitSettings = {
  maxConnections: 1024,
  maxQueryBytes: 10_000,
  lookupTimeoutMs: 10_000,
  idleTimeoutMs: 0,
  drainTimeoutMs: 10_000,
  maxWaitingLookups: 1000,
};

export const alice = found(["alice@example.com"]);
/** Some 90 kB, about the longest list that socketmap carries. */
export const big = found(Array.from({ length: 3_000 }, (_, i) => `owner-number-${i}@example.com`));
const crowd = found(Array.from({ length: 9_000 }, (_, i) => `owner-number-${i}`));

/** Lookups that wait for the test to settle them, by key. */
export const waiting = new Map<string, (answer: Answer | Error) => void>();

function found(owners: readonly string[]): Found {
  const list = toOwnerList(owners);
  if (list === undefined) throw new Error("a list of no owners");
  return new Found(list, false);
}

function ownersOf(key: string): Answer | Promise<Answer> {
  if (key.startsWith("alice@")) return alice;
  if (key.startsWith("big@")) return big;
  if (key.startsWith("crowd@")) return crowd;
  if (key.startsWith("down@")) throw new SourceError("ERR_SOURCE_UNAVAILABLE", "db.internal refused us");
  if (!key.startsWith("slow")) return absent;
  return new Promise((resolve, reject) => {
    waiting.set(key, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
  });
}

/** A listener that listens, and what it was made of. */
export interface Bench {
  readonly listener: Listener;
  readonly parts: ListenerParts;
  readonly log: FakeLog;
  /** Replies counted by map; `unknown` for maps that do not exist. */
  readonly tallies: Readonly<Record<"senders" | "absent" | "unknown", LookupTally>>;
  readonly port: number;
}

const open: Listener[] = [];
const clients: WireClient[] = [];

/** Closes what the test opened; for `afterEach`. */
export function cleanUp(): void {
  for (const client of clients.splice(0)) client.socket.destroy();
  for (const listener of open.splice(0)) listener.destroy();
  waiting.clear();
}

/** Has a listener closed after the test. */
export function closeLater(listener: Listener): void {
  open.push(listener);
}

/** What a listener needs; maps `senders` and `absent`, the second without owners for anybody. */
export function makeParts(changes: Partial<LimitSettings> = {}, protocol: Protocol = socketmap) {
  const turn = new Turn();
  const map = new LookupMap("senders", { ownersOf });
  const none = new LookupMap("absent", { ownersOf: () => absent });
  const tallies = { senders: lookupTally(), absent: lookupTally(), unknown: lookupTally() };
  const log = fakeLog();
  let connections = 0;
  const tally = listenerTally();
  const shared = { limits: () => ({ ...limits, ...changes }), log };
  const maps = new MapRegistry([map, none]);
  const serviceOf = (spoken: Protocol, defaultMap: () => string | undefined) =>
    new LookupService({
      ...shared,
      protocol: spoken,
      maps,
      defaultMap,
      tallyFor: (name = "unknown") => tallies[name as keyof typeof tallies],
      listenerTally: tally,
      clock: turn,
    });
  const parts: ListenerParts = {
    ...shared,
    service: serviceOf(protocol, () => "senders"),
    tally,
    turn,
    deadlines: new Deadlines(turn),
    nextConnectionId: () => ++connections,
  };
  return { parts, log, tallies, serviceOf };
}

export function settingsOf(changes: Partial<ListenerSettings> = {}): ListenerSettings {
  return {
    protocol: "socketmap",
    endpoint: { kind: "inet", host: "127.0.0.1", port: 0 },
    mode: 0o660,
    group: undefined,
    map: "senders",
    action: "reject",
    resent: "refuse",
    ...changes,
  };
}

/** Opens a listener on a free port. */
export async function bench(changes: Partial<LimitSettings> = {}, protocol?: Protocol): Promise<Bench> {
  const made = makeParts(changes, protocol);
  const listener = await Listener.open(settingsOf(), made.parts);
  closeLater(listener);
  return { ...made, listener, port: Number(/\d+$/.exec(listener.name)?.[0]) };
}

/** Connects to a port or a unix socket; hung up after the test. */
export async function connect(where: number | string): Promise<WireClient> {
  const client = await WireClient.open(where);
  clients.push(client);
  return client;
}

export const frame = (payload: string) => `${Buffer.byteLength(payload)}:${payload},`;
export const ask = (key: string) => frame(`senders ${key}`);
