import { expect, test } from "vitest";
import type { Service } from "../../../src/doctor/postfix.ts";
import { listenerAt, pathSeenFrom, recommendedTable, tablesOf } from "../../../src/doctor/table.ts";
import type { ListenerSettings, Settings } from "../../../src/model/settings.ts";
import { patientWith, postfixWith, queue } from "./support.ts";

const tables = (smtpd_sender_login_maps: string) =>
  tablesOf(postfixWith({ smtpd_sender_login_maps }, { "s inet n": {} }).smtpd[0] as Service);

test.each([
  ["hash:/etc/x, proxy:mysql:/etc/y.cf", []],
  [
    "socketmap:unix:loginmapd/s:senders",
    [{ isProxied: false, protocol: "socketmap", endpoint: { kind: "unix", path: "loginmapd/s" }, map: "senders" }],
  ],
  [
    "proxy:socketmap:inet:[::1]:9000:senders",
    [{ isProxied: true, protocol: "socketmap", endpoint: { kind: "inet", host: "::1", port: 9000 }, map: "senders" }],
  ],
  [
    "tcp:Localhost:9001",
    [{ protocol: "tcp_table", endpoint: { kind: "inet", host: "localhost", port: 9001 }, map: "" }],
  ],
  ["unionmap:{hash:/x, socketmap:unix:/s:m}", [{ endpoint: { kind: "unix", path: "/s" }, map: "m" }]],
  ["socketmap:unix:loginmapd/s", [{ endpoint: { kind: "unix", path: "loginmapd/s" }, map: "" }]],
  ["socketmap:inet:127.0.0.1:9000", [{ endpoint: undefined }]],
  ["socketmap:unix:", [{ endpoint: undefined }]],
  ["socketmap:/run/s:m", [{ endpoint: undefined }]],
  ["tcp:127.0.0.1", [{ endpoint: undefined }]],
])("reads %s", (text, found) => {
  expect(tables(text)).toMatchObject(found);
});

test("a path is relative to the queue directory, and an absolute one too in a chroot", () => {
  expect(pathSeenFrom("a/s", false, queue)).toBe(`${queue}/a/s`);
  expect(pathSeenFrom("a/s", true, queue)).toBe(`${queue}/a/s`);
  expect(pathSeenFrom("/run/s", true, queue)).toBe(`${queue}/run/s`);
  expect(pathSeenFrom("/run/s", false, queue)).toBe("/run/s");
});

const at = (host: string, port = 9000, protocol = "socketmap") =>
  ({ protocol, endpoint: { kind: "inet", host, port } }) as ListenerSettings;

test.each([
  ["127.0.0.1", "127.0.0.1", true],
  ["127.0.0.1", "localhost", true],
  ["127.0.0.1", "::1", false],
  ["0.0.0.0", "192.0.2.1", true],
  ["::", "192.0.2.1", true],
  ["127.0.0.1", "192.0.2.1", false],
])("a listener at %s is found at %s: %s", (ours, host, isFound) => {
  const settings = { listeners: [at(ours, 9001), at(ours)] } as unknown as Settings;
  expect(listenerAt({ kind: "inet", host, port: 9000 }, settings) === settings.listeners[1]).toBe(isFound);
});

test.each<[string, Partial<ListenerSettings>[], string]>([
  [
    "a socket below the queue directory, by its relative path",
    [at("127.0.0.1"), {}],
    "socketmap:unix:loginmapd/socketmap:senders",
  ],
  [
    "every address, by loopback",
    [at("0.0.0.0"), at("127.0.0.1", 9001, "tcp_table")],
    "socketmap:inet:127.0.0.1:9000:senders",
  ],
  ["IPv6", [at("::1")], "socketmap:inet:[::1]:9000:senders"],
  ["tcp alone", [at("127.0.0.1", 9001, "tcp_table")], "tcp:127.0.0.1:9001"],
  ["a socket elsewhere", [{ endpoint: { kind: "unix", path: "/run/s" } }], "socketmap:unix:/run/s:senders"],
  ["no listener", [], "socketmap:inet:127.0.0.1:9000:senders"],
])("recommends %s", (_, listeners, table) => {
  const { settings, postfix } = patientWith({ listeners });
  expect(recommendedTable(settings, postfix)).toBe(table);
});

test("recommends a map that there is: the one wanted, senders, or the first", () => {
  const map = {
    sources: ["mail"],
    combine: "first",
    recipientDelimiter: "",
    localDomains: [],
    loginRealm: undefined,
  } as const;
  const recommended = (names: string[], wanted?: string) => {
    const { settings, postfix } = patientWith({ maps: Object.fromEntries(names.map((name) => [name, map])) });
    return recommendedTable(settings, postfix, wanted).replace(/^.*:/, "");
  };
  expect(recommended(["a", "senders", "b"], "b")).toBe("b");
  expect(recommended(["a", "senders"], "typo")).toBe("senders");
  expect(recommended(["a", "b"])).toBe("a");
  expect(recommended([])).toBe("senders");
});
