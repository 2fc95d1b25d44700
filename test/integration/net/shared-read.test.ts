/** Reading into one buffer for all connections, and into one for each. */
import net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { SharedReader } from "../../../src/net/shared-read.ts";
import { cleanUp, connect } from "../../support/fakes/net-bench.ts";

afterEach(cleanUp);

describe("SharedReader", () => {
  test.each([[true], [false]])("serves the same with a shared buffer: %s", async (isShared) => {
    const reader = new SharedReader(isShared);
    const served = net.createServer({ pauseOnConnect: true }, (accepted) => {
      const socket = reader.open(accepted, (chunk, length) => {
        socket.write(Buffer.from(chunk.subarray(0, length)).toString("latin1").toUpperCase());
      });
      expect(socket === accepted).toBe(!isShared);
      socket.on("end", () => socket.end());
      socket.resume();
    });
    await new Promise<void>((resolve) => served.listen(0, "127.0.0.1", resolve));
    const client = await connect((served.address() as net.AddressInfo).port);
    client.send("hello\n");
    expect(await client.line()).toBe("HELLO");
    client.socket.end();
    await client.closed;
    served.close();
  });
});
