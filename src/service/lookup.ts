/**
 * Answers lookups: what a listener of socketmap or tcp_table does with a frame.
 *
 * Knows queries and replies, no sockets. A query that memory answers costs no promise and no timer.
 */
import { lookupTimedOut, notAQuery, unknownMap } from "../lookup/failure.ts";
import type { LookupMap, MapRegistry } from "../lookup/map-registry.ts";
import type { Clock } from "../model/clock.ts";
import type { ProtocolError } from "../model/errors.ts";
import type { Log } from "../model/log.ts";
import type { Query } from "../model/query.ts";
import type { Reply } from "../model/reply.ts";
import type { Conversation, Peer, Service } from "../model/service.ts";
import type { ListenerTally, LookupTally } from "../model/tally.ts";
import type { Decoder, Protocol, QuerySink } from "../protocol/protocol.ts";
import { logFailure, logLookup } from "./lookup-log.ts";
import { MemoryMeter, type MeterClock } from "./memory-meter.ts";

/** What the lookups of one listener need. */
export interface LookupServiceParts {
  readonly protocol: Protocol;
  readonly maps: MapRegistry;
  /** The map of a protocol that carries no map names; a reload may change it. */
  readonly defaultMap: () => string | undefined;
  readonly limits: () => { readonly maxQueryBytes: number; readonly lookupTimeoutMs: number };
  /** Counts the replies to a map; `undefined` for a map that does not exist. */
  readonly tallyFor: (map: string | undefined) => LookupTally;
  readonly listenerTally: ListenerTally;
  readonly clock: Clock & MeterClock;
  readonly log: Log;
}

/** The service of one socketmap or tcp_table listener. */
export class LookupService implements Service {
  readonly protocol: string;
  readonly #parts: LookupServiceParts;

  constructor(parts: LookupServiceParts) {
    this.#parts = parts;
    this.protocol = parts.protocol.name;
  }

  open(peer: Peer): Conversation {
    return new LookupConversation(peer, this.#parts);
  }
}

/** The queries of one client. */
class LookupConversation implements Conversation, QuerySink {
  /** A lookup is owed from the moment that it is asked; between lookups nothing is under way. */
  readonly isBusy = false;
  readonly #peer: Peer;
  readonly #parts: LookupServiceParts;
  readonly #decoder: Decoder;
  readonly #meter: MemoryMeter;
  readonly #unknownMapTally: LookupTally;
  #queries = 0;
  /** The map asked last, since a client asks one map over and over, and its tally. */
  #map: LookupMap | undefined;
  #tally: LookupTally;

  constructor(peer: Peer, parts: LookupServiceParts) {
    this.#peer = peer;
    this.#parts = parts;
    this.#decoder = parts.protocol.createDecoder(parts.limits().maxQueryBytes);
    this.#meter = new MemoryMeter(parts.clock);
    this.#unknownMapTally = parts.tallyFor(undefined);
    this.#tally = this.#unknownMapTally;
  }

  push(chunk: Uint8Array, length: number): void {
    this.#decoder.push(chunk, length, this);
  }

  resume(): void {
    this.#decoder.resume(this);
  }

  get isMidFrame(): boolean {
    return this.#decoder.isMidFrame;
  }

  refuse(error: ProtocolError): string {
    this.#queries++;
    return this.#encode({ kind: "permanent", reason: error.message }, this.#unknownMapTally, undefined);
  }

  taken(startedAtMs: number): void {
    this.#meter.observe(startedAtMs);
  }

  /** Lookups under way end by themselves; what they bring is kept for the next client. */
  close(): void {}

  /** Answers one query, now or later. Called by the decoder. */
  query(query: Query): boolean {
    this.#queries++;
    const map = this.#findMap(query);
    if (map === undefined) {
      this.#parts.listenerTally.errors.unknown_map++;
      return this.#peer.reply(this.#encode(unknownMap, this.#unknownMapTally, undefined));
    }
    const startedAtMs = this.#parts.clock.nowMs();
    const deadlineMs = startedAtMs + this.#parts.limits().lookupTimeoutMs;
    const reply = map.lookup(query.key, deadlineMs);
    if (this.#parts.log.isDebugEnabled()) logLookup(this.#parts.log, this.#currentQueryId(), query, reply);
    if (!(reply instanceof Promise)) return this.#peer.reply(this.#encode(reply, this.#tally, map.name));
    this.#answerLater(reply, map, startedAtMs, deadlineMs);
    return this.#peer.isReading;
  }

  /** Answers a frame that holds no query. Called by the decoder. */
  notAQuery(): boolean {
    this.#queries++;
    this.#parts.listenerTally.errors.not_a_query++;
    return this.#peer.reply(this.#encode(notAQuery, this.#unknownMapTally, undefined));
  }

  #findMap(query: Query): LookupMap | undefined {
    const name = query.map ?? this.#parts.defaultMap();
    const map = name === undefined ? undefined : this.#parts.maps.find(name);
    if (map !== undefined && map !== this.#map) {
      this.#map = map;
      this.#tally = this.#parts.tallyFor(map.name);
    }
    return map;
  }

  /** Gives a reply of this moment its bytes; counts and, if it is a failure, logs it. */
  #encode(reply: Reply, tally: LookupTally, map: string | undefined): string {
    const encoded = this.#parts.protocol.encode(reply, this.#currentQueryId);
    tally.results[encoded.result]++;
    this.#meter.count(tally);
    if (encoded.failure !== undefined) logFailure(this.#parts.log, this.#currentQueryId(), map, encoded.failure);
    return encoded.text;
  }

  #answerLater(reply: Promise<Reply>, map: LookupMap, startedAtMs: number, deadlineMs: number): void {
    const { protocol, clock, log } = this.#parts;
    const queryId = this.#currentQueryId();
    const tally = this.#tally;
    const settle = (settled: Reply): void => {
      // The client was told already that time is up, or is gone.
      if (!debt.isOpen) return;
      const encoded = protocol.encode(settled, () => queryId);
      debt.settle(encoded.text);
      tally.results[encoded.result]++;
      tally.duration.observe((clock.nowMs() - startedAtMs) / 1000);
      if (encoded.failure !== undefined) logFailure(log, queryId, map.name, encoded.failure);
    };
    const debt = this.#peer.owe(deadlineMs, () => settle(lookupTimedOut));
    // LookupMap.lookup never rejects.
    void reply.then(settle);
  }

  /** The id of the query answered last, as the client's reason and the log line have it. */
  #currentQueryId = (): string => `${this.#peer.id}.q${this.#queries}`;
}
