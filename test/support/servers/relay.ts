/** A TCP relay that a test puts between the daemon and a server, to break connections as a network does. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A relay to one port of 127.0.0.1. */
export interface Relay {
  readonly port: number;
  /** Where the next connections go. */
  target: number;
  /** Resets every open connection (RST), on both sides; new ones work. @returns how many there were */
  resetAll(): number;
  close(): Promise<void>;
}

/** Opens a relay that leads nowhere yet: its port can be configured before its target has one. */
export async function openRelay(): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect(relay.target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const resetAll = () => {
    const open = [...pairs];
    for (const socket of open.flat()) socket.resetAndDestroy();
    return open.length;
  };
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    target: 0,
    resetAll,
    async close() {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
