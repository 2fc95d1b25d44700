/** The sessions of a source, over a server that is no database we know: what takes a host out, and what does not. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Endpoint } from "../../../../src/model/settings.ts";
import { Sessions, type SessionsOptions } from "../../../../src/source/pool/sessions.ts";
import { SessionError } from "../../../../src/source/session.ts";
import { FakeServer, type FakeSession } from "../../../support/fakes/fake-session.ts";
import { fakeLog } from "../../../support/fakes/fakes.ts";
import { waitUntil } from "../../../support/wait.ts";

const hosts: readonly Endpoint[] = [{ kind: "inet", host: "127.0.0.1", port: 1 }];
const reset = new SessionError("connection", "connection reset");

let server: FakeServer;
let changes: number;
let log: ReturnType<typeof fakeLog>;
let sessions: Sessions<FakeSession>;

beforeEach(() => {
  server = new FakeServer();
  changes = 0;
  log = fakeLog();
  sessions = make();
});

afterEach(() => sessions.close());

function make(options: Partial<SessionsOptions<FakeSession>> = {}): Sessions<FakeSession> {
  return new Sessions<FakeSession>({
    source: "mail",
    hosts,
    open: server.open,
    poolSize: 2,
    connectTimeoutMs: 1000,
    clock: { nowMs: () => performance.now() },
    log,
    random: () => 0,
    prepare: async () => {},
    onChange: () => changes++,
    ...options,
  });
}

/** Opens one more session and waits for what becomes of it. */
async function grow(wanted: number): Promise<void> {
  const before = changes;
  sessions.grow(wanted);
  await waitUntil("the session to be open or not", () => changes > before);
}

const done = Promise.resolve();
const health = () => sessions.hosts.health()[0];

describe("a host stays in", () => {
  afterEach(() => expect(log.lines).toEqual([]));

  test("whose connection is cut while it is opened, at the login as at the first statement", async () => {
    server.cuts = 1;
    await grow(1);
    expect(server.opened).toHaveLength(1);
    await sessions.close();
    let breaks = 1;
    const prepare = async () => {
      if (breaks-- > 0) throw reset;
    };
    sessions = make({ prepare });
    await grow(1);
    expect(health()).toMatchObject({ isUp: true });
    expect(server.opened.map(({ isOpen }) => isOpen)).toEqual([false, false, true]);
    expect(sessions.withRoom()).toHaveLength(1);
  });

  test("when every connection is cut at once, the one that is being opened too", async () => {
    const failing: ((error: Error) => void)[] = [];
    const prepare = () => (server.opened.length === 2 ? new Promise<void>((_, fail) => failing.push(fail)) : done);
    sessions = make({ prepare });
    await grow(1);
    const [busy] = sessions.withRoom();
    if (busy !== undefined) busy.underWay++;
    sessions.grow(1);
    await waitUntil("a second one to log in", () => failing.length === 1);
    busy?.session.breakOff();
    failing[0]?.(reset);
    await waitUntil("another one", () => sessions.withRoom().length === 1);
    expect(health()).toMatchObject({ isUp: true });
    expect(server.tries.get(1)).toBe(3);
  });

  test("that answers somebody while an attempt has no answer in time", async () => {
    let isLate = true;
    const open: typeof server.open = async (...parts) => {
      if (!isLate) return server.open(...parts);
      isLate = false;
      sessions.hosts.noteAnswer(sessions.hosts.preferred() as ReturnType<typeof sessions.hosts.inOrder>[number]);
      throw new SessionError("timeout", "no answer in time");
    };
    sessions = make({ open });
    await grow(1);
    expect(health()).toMatchObject({ isUp: true });
    expect(sessions.withRoom()).toHaveLength(1);
  });

  test("whose check is cut while nobody asks it", async () => {
    await grow(1);
    server.cuts = 1;
    server.opened[0]?.breakOff();
    await waitUntil("the check", () => server.opened.length === 2);
    await waitUntil("its end", () => server.opened[1]?.isOpen === false);
    expect(health()).toMatchObject({ isUp: true });
  });
});

describe("a host goes out", () => {
  test("at once when nobody takes a connection, or a server turns us away", async () => {
    for (const kind of ["connection", "refused", "timeout"] as const) {
      server.tries.clear();
      server.down.set(1, new SessionError(kind, "no"));
      await grow(1);
      expect(health()).toMatchObject({ isUp: false, reason: "no" });
      expect(server.tries.get(1)).toBe(1);
      await sessions.close();
      sessions = make();
    }
  });

  test("that takes connections and cuts each of them, after two attempts", async () => {
    server.cuts = Number.POSITIVE_INFINITY;
    await grow(1);
    expect(health()).toMatchObject({ isUp: false, reason: "connection reset" });
    expect(server.tries.get(1)).toBe(2);
  });
});

test("a further session that is cut is not tried again while one works, and one is opened at once when that is gone", async () => {
  await grow(1);
  server.cuts = 1;
  server.tries.clear();
  await grow(2);
  expect(server.tries.get(1)).toBe(1);
  sessions.grow(2);
  expect(server.tries.get(1)).toBe(1);
  const [only] = sessions.withRoom();
  if (only !== undefined) sessions.discard(only, "broken");
  await grow(1);
  expect(sessions.withRoom()).toHaveLength(1);
});

test("a session apart is tried again when it is cut, unless its caller has given up", async () => {
  server.cuts = 1;
  const session = await sessions.openApart(performance.now() + 1000);
  expect(session.isOpen).toBe(true);
  server.cuts = 1;
  const given = AbortSignal.abort();
  await expect(sessions.openApart(performance.now() + 1000, server.open, given)).rejects.toThrow("connection reset");
  expect(server.cuts).toBe(0);
});
