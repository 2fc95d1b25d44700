import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { SocketSession } from "../../../../src/source/pool/socket-session.ts";

class Session extends SocketSession {
  async check(): Promise<void> {}

  protected async sayGoodbye(): Promise<void> {}

  /** Asks something that is never answered. */
  ask(): Promise<never> {
    return this.timed(() => new Promise<never>(() => {}));
  }
}

function open(queryTimeoutMs = 60_000) {
  const socket = Object.assign(new EventEmitter(), { destroy: () => {} });
  return { socket, session: new Session(socket as unknown as Socket, queryTimeoutMs) };
}

const gone = { name: "SessionError", kind: "connection" };

test("what was asked fails when the session is cut, and nothing can be asked any more", async () => {
  const { session } = open();
  const asked = expect(session.ask()).rejects.toMatchObject({ ...gone, message: "the host is down" });
  session.destroy("the host is down");
  await asked;
  await expect(session.ask()).rejects.toMatchObject({ ...gone, message: "connection closed" });
});

test("what was asked fails when the other side closes", async () => {
  const { socket, session } = open();
  const asked = expect(session.ask()).rejects.toMatchObject(gone);
  socket.emit("close");
  await asked;
  expect(session.isOpen).toBe(false);
});

test("what has no answer in time closes the session, and what was asked later can be tried again", async () => {
  const { session } = open(300);
  const early = expect(session.ask()).rejects.toMatchObject({ name: "SessionError", kind: "timeout" });
  await delay(50);
  const later = expect(session.ask()).rejects.toMatchObject(gone);
  await early;
  await later;
  expect(session.isOpen).toBe(false);
});
