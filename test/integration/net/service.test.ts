/** The seam for services: net/ serves one that it has never heard of, an echo of lines. */
import { afterEach, expect, test } from "vitest";
import { ProtocolError } from "../../../src/model/errors.ts";
import type { Conversation, Debt, Peer, Service } from "../../../src/model/service.ts";
import { Listener } from "../../../src/net/listener.ts";
import { cleanUp, closeLater, connect, makeParts, settingsOf } from "../../support/fakes/net-bench.ts";
import { waitUntil } from "../../support/wait.ts";

/**
 * Repeats lines. `later TEXT` is repeated when the test says so, `expires TEXT` after its deadline, `begin` and `end` are a
 * message, which has no reply until its end, `bad` breaks the protocol.
 */
class EchoService implements Service {
  readonly protocol = "echo";
  readonly debts: Debt[] = [];
  readonly closed: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  open(peer: Peer): Conversation {
    return new EchoConversation(peer, this, this.#nowMs);
  }
}

class EchoConversation implements Conversation {
  isBusy = false;
  #text = "";
  readonly #peer: Peer;
  readonly #service: EchoService;
  readonly #nowMs: () => number;

  constructor(peer: Peer, service: EchoService, nowMs: () => number) {
    this.#peer = peer;
    this.#service = service;
    this.#nowMs = nowMs;
  }

  push(chunk: Uint8Array, length: number): void {
    this.#text += Buffer.from(chunk.subarray(0, length)).toString("latin1");
    this.resume();
  }

  resume(): void {
    for (let end = this.#text.indexOf("\n"); end !== -1; end = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (!this.#take(line)) return;
    }
  }

  get isMidFrame(): boolean {
    return this.#text !== "" && !this.#text.includes("\n");
  }

  refuse(error: ProtocolError): string {
    return `refused: ${error.message}\n`;
  }

  taken(): void {}

  close(): void {
    this.#service.closed.push(this.#peer.id);
  }

  #take(line: string): boolean {
    const [word, text] = line.split(" ");
    if (word === "bad") throw new ProtocolError("ERR_NOT_A_GET", "a bad line");
    if (word === "later") {
      this.#service.debts.push(this.#peer.owe(this.#nowMs() + 60_000, () => undefined));
      return this.#peer.isReading;
    }
    if (word === "expires") {
      const debt = this.#peer.owe(this.#nowMs(), () => debt.settle(`${text} expired\n`));
      return this.#peer.isReading;
    }
    if (word === "begin") {
      this.isBusy = true;
      return this.#peer.isReading;
    }
    if (word === "end") this.isBusy = false;
    return this.#peer.reply(`${line}\n`);
  }
}

afterEach(cleanUp);

async function echoBench(changes: Parameters<typeof makeParts>[0] = {}) {
  const { parts, log } = makeParts(changes);
  const service = new EchoService(() => parts.turn.nowMs());
  const listener = await Listener.open(settingsOf(), { ...parts, service });
  closeLater(listener);
  return { listener, service, parts, log, port: Number(/\d+$/.exec(listener.name)?.[0]) };
}

test("replies of another protocol keep their order, those of now behind those of later", async () => {
  const { port, service } = await echoBench();
  const client = await connect(port);
  client.send("one\nlater two\nthree\nlater four\nexpires five\nsix\n");
  expect(await client.line()).toBe("one");
  await waitUntil("two debts", () => service.debts.length === 2);
  service.debts[1]?.settle("four\n");
  service.debts[0]?.settle("two\n");
  for (const line of ["two", "three", "four", "five expired", "six"]) expect(await client.line()).toBe(line);
  expect(service.debts.map(({ isOpen }) => isOpen)).toEqual([false, false]);
});

test("a broken frame is refused in the words of the service, counted, and the connection closed", async () => {
  const { port, parts, service, log } = await echoBench();
  const client = await connect(port);
  client.send("one\nbad\ntwo\n");
  expect(await client.line()).toBe("one");
  expect(await client.line()).toBe("refused: a bad line");
  await client.closed;
  await waitUntil("the service is told", () => service.closed.length > 0);
  expect(service.closed).toEqual(["c1"]);
  expect(parts.tally.errors.framing).toBe(1);
  expect(log.lines.some(({ fields }) => fields["protocol"] === "echo")).toBe(true);
});

test("a drain lets a message end that has begun, and closes then", async () => {
  const { port, listener } = await echoBench();
  const [writing, resting] = [await connect(port), await connect(port)];
  resting.send("done\n");
  expect(await resting.line()).toBe("done");
  writing.send("hello\nbegin\n");
  expect(await writing.line()).toBe("hello");
  const drained = listener.drain();
  await resting.closed;
  // Beyond the wait for a first query, which must not cut a message short.
  await new Promise((resolve) => setTimeout(resolve, 700));
  writing.send("end\n");
  expect(await writing.line()).toBe("end");
  await writing.closed;
  await drained;
});

test("idle_timeout does not cut a message short; one that goes on for ever ends all the same", async () => {
  const { port, listener, parts } = await echoBench({ idleTimeoutMs: 5000 });
  const [writing, idle] = [await connect(port), await connect(port)];
  writing.send("hello\nbegin\n");
  idle.send("hello\n");
  for (const client of [writing, idle]) expect(await client.line()).toBe("hello");
  listener.checkDeadlines(parts.turn.nowMs() + 6000);
  await idle.closed;
  writing.send("end\nbegin\n");
  expect(await writing.line()).toBe("end");
  listener.checkDeadlines(parts.turn.nowMs() + 340_000);
  await writing.closed;
});

test("a client that vanishes is wanted no more: its debts are closed, the service is told once", async () => {
  const { port, service, parts } = await echoBench();
  const client = await connect(port);
  client.send("later never\n");
  await waitUntil("the debt", () => service.debts.length === 1);
  client.socket.resetAndDestroy();
  await waitUntil("the service is told", () => service.closed.length > 0);
  expect(service.debts[0]?.isOpen).toBe(false);
  service.debts[0]?.settle("nobody reads this\n");
  expect(parts.deadlines.size).toBe(0);
  expect(service.closed).toEqual(["c1"]);
});
