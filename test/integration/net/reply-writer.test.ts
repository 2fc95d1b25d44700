/** Both ways of writing, against real sockets. */
import { once } from "node:events";
import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openReplyWriter, type ReplyWriter } from "../../../src/net/reply-writer.ts";

const releases: (() => unknown)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** A writer, the socket that it writes to, and the client at the other end, which does not read yet. */
async function open(isDirect: boolean) {
  const server = net.createServer().listen(0, "127.0.0.1");
  releases.push(() => server.close());
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1").pause();
  releases.push(() => client.destroy());
  const [socket] = (await accepted) as [net.Socket];
  socket.on("error", () => undefined);
  releases.push(() => socket.destroy());
  let drained: () => void;
  const nextDrain = () =>
    new Promise<void>((resolve) => {
      drained = resolve;
    });
  const writer: ReplyWriter = openReplyWriter(socket, () => drained(), isDirect);
  return { writer, socket, client, nextDrain };
}

async function read(client: net.Socket, length: number): Promise<string> {
  let text = "";
  for await (const chunk of client.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString("latin1");
    if (text.length >= length) break;
  }
  return text;
}

const reply = (i: number) => `${i}:${"é".repeat(100_000)},`;

describe.each([
  ["past the stream", true],
  ["by the stream", false],
])("a reply writer that writes %s", (_, isDirect) => {
  test("goes past the stream when it should", async () => {
    const { writer, socket } = await open(isDirect);
    let streamWrites = 0;
    socket.write = () => {
      streamWrites++;
      return true;
    };
    writer.write("5:OK a,");
    expect(streamWrites).toBe(isDirect ? 0 : 1);
  });

  test("sends bytes as they are, in order, and is blocked from the write that the kernel does not take to its drain", async () => {
    const { writer, client, nextDrain } = await open(isDirect);
    let sent = "";
    for (let round = 0; round < 3; round++) {
      const drain = nextDrain();
      for (let i = 0; !writer.isBlocked; i++) {
        sent += reply(i);
        writer.write(reply(i));
      }
      const received = read(client, sent.length);
      await drain;
      expect(writer.isBlocked).toBe(false);
      expect(await received).toBe(sent);
      sent = "";
    }
  });

  test("delivers what it has taken before the end of the connection", async () => {
    const { writer, socket, client, nextDrain } = await open(isDirect);
    void nextDrain();
    let sent = "";
    for (let i = 0; !writer.isBlocked; i++) {
      sent += reply(i);
      writer.write(reply(i));
    }
    socket.end();
    expect(await read(client, Number.POSITIVE_INFINITY)).toBe(sent);
  });

  test("writes nothing to a connection that is gone, and closes one that breaks", async () => {
    const { writer, socket, client, nextDrain } = await open(isDirect);
    void nextDrain();
    // Not `once`, which would reject for the error before it.
    const closed = new Promise((resolve) => socket.once("close", resolve));
    client.resetAndDestroy();
    while (!socket.destroyed) {
      writer.write("5:OK a,");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(() => writer.write("5:OK a,")).not.toThrow();
  });
});
