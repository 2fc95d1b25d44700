import { expect, test } from "vitest";
import { stateOf } from "../../../../src/sidecar/page/state.js";

const listener = (name: string, bound = true) => ({ name, bound, connections: 0, connectionsTotal: 0, errors: 0 });
const source = (name: string, up = true, servingStale = false) => {
  return { name, up, servingStale, hostsUp: up ? 1 : 0, hostsDown: up ? 0 : 1, queries: {}, changes: 0 };
};

test("is ready, and has nothing to add", () => {
  expect(stateOf({ ready: true, listeners: [listener("a")], sources: [source("mail")] })).toEqual({
    text: "ready",
    tone: "good",
    causes: "",
  });
});

test("names every listener and source that is in the way", () => {
  const listeners = [listener("inet:127.0.0.1:9000", false), listener("b")];
  const sources = [source("mail", false), source("other"), source("old", false, true)];
  expect(stateOf({ ready: false, listeners, sources })).toEqual({
    text: "not ready",
    tone: "bad",
    causes:
      "listener inet:127.0.0.1:9000 is not bound; source mail is down; source old is down, stale answers are given",
  });
});

test("says of a source whose stale answers keep it ready that it is down", () => {
  expect(stateOf({ ready: true, listeners: [], sources: [source("mail", false, true)] })).toMatchObject({
    text: "ready",
    causes: "source mail is down, stale answers are given",
  });
});

test("with everything up it can only be draining", () => {
  expect(stateOf({ ready: false, listeners: [listener("a")], sources: [source("mail")] }).causes).toMatch(/^draining/);
});
