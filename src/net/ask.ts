/** One query to a running server, as Postfix would send it. */
import type { ProtocolName } from "../model/query.ts";
import type { Endpoint } from "../model/settings.ts";
import type { ReplySink, ServerReply } from "../protocol/protocol.ts";
import { createSocketmapReplyDecoder, formatSocketmapQuery } from "../protocol/socketmap-client.ts";
import { createTcpTableReplyDecoder, formatTcpTableQuery } from "../protocol/tcp-table-client.ts";
import { connectTo } from "../system/connect.ts";

/** No server answered; the message says why, without the endpoint. */
export class NoServer extends Error {
  /** The error of the system, such as ECONNREFUSED, if it was one. */
  readonly systemCode: string | undefined;

  constructor(message: string, systemCode?: string) {
    super(message);
    this.systemCode = systemCode;
  }
}

/** What to ask, and where. */
export interface Question {
  readonly server: Endpoint;
  readonly protocol: ProtocolName;
  /** tcp_table carries none. */
  readonly map: string;
  readonly key: string;
  readonly timeoutMs: number;
}

/**
 * Asks once.
 *
 * @throws {NoServer} when nothing answers in time, or what answers speaks another protocol
 */
export function ask({ server, protocol, map, key, timeoutMs }: Question): Promise<ServerReply> {
  const isSocketmap = protocol === "socketmap";
  const decoder = isSocketmap ? createSocketmapReplyDecoder() : createTcpTableReplyDecoder();
  return new Promise((resolve, reject) => {
    const socket = connectTo(server);
    const fail = (reason: string, systemCode?: string): void => {
      socket.destroy();
      reject(new NoServer(reason, systemCode));
    };
    const sink: ReplySink = {
      reply: (reply) => {
        socket.destroy();
        resolve(reply);
        return false;
      },
    };
    socket.setTimeout(timeoutMs, () => fail(`no reply in ${Math.round(timeoutMs / 1000)} s`));
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.message, error.code));
    socket.on("close", () => fail("the server closed the connection without a reply"));
    socket.on("data", (chunk) => {
      try {
        decoder.push(chunk, chunk.length, sink);
      } catch (error) {
        fail(`this is no such server: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    socket.write(isSocketmap ? formatSocketmapQuery(map, key) : formatTcpTableQuery(key));
  });
}
