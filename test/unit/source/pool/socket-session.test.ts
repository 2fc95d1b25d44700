import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openWithin, SocketSession } from "../../../../src/source/pool/socket-session.ts";

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

describe("a connection that is being opened", () => {
  const never = () => {};

  test("is given up when nobody takes it in time", async () => {
    const opened = new Socket();
    await expect(openWithin(opened, { connectMs: 20, loginMs: 600_000 }, never)).rejects.toMatchObject({
      kind: "timeout",
      message: "no answer in time",
    });
    expect(opened.destroyed).toBe(true);
  });

  test("has its time for the login from when it was taken", async () => {
    const opened = new Socket();
    let wasTaken = false;
    const times = { connectMs: 600_000, loginMs: 20, onConnect: () => (wasTaken = true) };
    const opening = openWithin(opened, times, never);
    expect(wasTaken).toBe(false);
    opened.emit("connect");
    expect(wasTaken).toBe(true);
    await expect(opening).rejects.toMatchObject({ kind: "timeout" });
    expect(opened.destroyed).toBe(true);
  });

  test("is given up at once when its source is closed", async () => {
    const closing = new AbortController();
    const opened = new Socket();
    const opening = openWithin(opened, { connectMs: 600_000, loginMs: 600_000, signal: closing.signal }, never);
    closing.abort();
    await expect(opening).rejects.toThrow("closed");
    expect(opened.destroyed).toBe(true);
  });
});
