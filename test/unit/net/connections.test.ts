import { expect, test } from "vitest";
import type { Accepted } from "../../../src/net/accept.ts";
import { Connections } from "../../../src/net/connections.ts";
import { makeParts } from "../../support/fakes/net-bench.ts";

test("no more than 8192 connections wait: further ones are closed at once", () => {
  const { parts } = makeParts({ maxConnections: 0 });
  const connections = new Connections(parts);
  let closed = 0;
  const accepted = { close: () => closed++ } as unknown as Accepted;
  for (let i = 0; i < 8192; i++) connections.accept(accepted);
  expect(closed).toBe(0);
  connections.accept(accepted);
  expect(closed).toBe(1);
  connections.turnAway();
  expect(closed).toBe(8193);
});
