import { expect, test } from "vitest";
import { protocolsOf } from "../../../src/protocol/map-protocols.ts";

const socketmap = { protocol: "socketmap", map: undefined } as const;
const tcpTable = (map: string) => ({ protocol: "tcp_table", map }) as const;

test.each([
  ["a socketmap listener serves every map", [socketmap], ["socketmap"]],
  ["a tcp_table listener serves its own map", [tcpTable("senders")], ["tcp_table"]],
  [
    "the verdicts are those of socketmap where both serve it",
    [tcpTable("senders"), socketmap],
    ["socketmap", "tcp_table"],
  ],
  ["a tcp_table listener serves no other map", [socketmap, tcpTable("lists")], ["socketmap"]],
  ["nobody knows how a map is asked that no listener serves", [tcpTable("lists")], ["socketmap", "tcp_table"]],
])("%s", (_, listeners, expected) => {
  expect(protocolsOf("senders", listeners).map(({ name }) => name)).toEqual(expected);
});
