/** Feeds decoders as a socket would: in chunks, from one buffer that is overwritten after every read. */
import { Buffer } from "node:buffer";
import { ProtocolError } from "../../../src/model/errors.ts";
import type { Query } from "../../../src/model/query.ts";
import type { FrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import type { PacketSink } from "../../../src/protocol/milter.ts";
import type { QuerySink, ReplySink, ServerReply } from "../../../src/protocol/protocol.ts";
import type { SocketmapEvent, TcpTableEvent } from "../vectors.ts";

/** Whether the sink says go on (`true`) or stop (`false`) after the event of that number. */
export type GoOn = (event: number) => boolean;

const always: GoOn = () => true;

/** A sink that writes down what it is told, in the notation of the vectors. */
export interface Recorder<Sink, Event> {
  readonly sink: Sink;
  readonly events: Event[];
  /** Whether the sink said stop at the last event. */
  readonly isStopped: () => boolean;
}

function recorder<Sink, Event>(
  goOn: GoOn,
  makeSink: (record: (event: Event) => boolean) => Sink,
): Recorder<Sink, Event> {
  const events: Event[] = [];
  let stopped = false;
  const sink = makeSink((event) => {
    if (stopped) throw new Error("told something after it said stop");
    stopped = !goOn(events.length);
    events.push(event);
    return !stopped;
  });
  return {
    sink,
    events,
    isStopped() {
      const was = stopped;
      stopped = false;
      return was;
    },
  };
}

export function recordSocketmap(goOn: GoOn = always): Recorder<QuerySink, SocketmapEvent> {
  return recorder(goOn, (record) => ({
    query: ({ map, key }: Query) => record([map as string, key]),
    notAQuery: () => record(null),
  }));
}

export function recordTcpTable(goOn: GoOn = always): Recorder<QuerySink, TcpTableEvent> {
  return recorder(goOn, (record) => ({
    query: ({ map, key }: Query) => {
      if (map !== undefined) throw new Error("tcp_table carries no map");
      return record(key);
    },
    notAQuery: () => record(null),
  }));
}

export function recordReplies(goOn: GoOn = always): Recorder<ReplySink, ServerReply> {
  return recorder(goOn, (record) => ({ reply: record }));
}

export function recordPayloads(goOn: GoOn = always): Recorder<(payload: string) => boolean, string> {
  return recorder(goOn, (record) => record);
}

/** Packets of a milter: command and data, one character per byte. */
export function recordPackets(goOn: GoOn = always): Recorder<PacketSink, readonly [command: string, data: string]> {
  return recorder(goOn, (record) => ({
    packet: (command, bytes, start, end) => record([command, bytes.toString("latin1", start, end)]),
  }));
}

/** What came out of a stream. */
export interface Outcome<Event> {
  readonly events: readonly Event[];
  readonly error: string | undefined;
  readonly isOpen: boolean;
  /** The most memory that the decoder held at any time, without what it kept of a chunk after a stop. */
  readonly mostHeldBytes: number;
}

/**
 * Pushes the chunks (one character per byte), resuming after every stop, until all is read or a ProtocolError is thrown.
 *
 * Any other error passes through.
 */
export function feed<Sink, Event>(
  decoder: FrameDecoder<Sink>,
  recorder: Recorder<Sink, Event>,
  chunks: readonly string[],
): Outcome<Event> {
  const shared = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)));
  let mostHeldBytes = 0;
  const outcome = (error?: ProtocolError): Outcome<Event> => ({
    events: recorder.events,
    error: error?.code,
    isOpen: decoder.isMidFrame,
    mostHeldBytes,
  });
  try {
    for (const chunk of chunks) {
      shared.write(chunk, "latin1");
      // What a decoder reads beyond the length, or keeps without copying it, shows up as this.
      shared.fill(0xee, chunk.length);
      decoder.push(shared, chunk.length, recorder.sink);
      shared.fill(0xee);
      while (recorder.isStopped()) decoder.resume(recorder.sink);
      mostHeldBytes = Math.max(mostHeldBytes, decoder.heldBytes);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return outcome(error);
  }
  return outcome();
}

/** The stream whole, byte by byte, and every way to cut it in two; short ones also every way to cut them in three. */
export function* everyCut(wire: string, mostPieces: 2 | 3 = wire.length > 40 ? 2 : 3): Generator<readonly string[]> {
  yield [wire];
  yield [...wire];
  for (let i = 1; i < wire.length; i++) {
    yield [wire.slice(0, i), wire.slice(i)];
    if (mostPieces === 2) continue;
    for (let j = i + 1; j < wire.length; j++) yield [wire.slice(0, i), wire.slice(i, j), wire.slice(j)];
  }
}
