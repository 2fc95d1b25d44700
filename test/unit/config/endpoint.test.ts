import { describe, expect, test } from "vitest";
import { parseEndpoint } from "../../../src/config/endpoint.ts";
import { Mismatch } from "../../../src/config/mismatch.ts";
import { formatEndpoint } from "../../../src/model/settings.ts";

const examples = { port: 9000, path: "/path" };

test.each([
  ["inet:127.0.0.1:9000", { kind: "inet", host: "127.0.0.1", port: 9000 }],
  ["inet:0.0.0.0:0", { kind: "inet", host: "0.0.0.0", port: 0 }],
  ["inet:localhost:65535", { kind: "inet", host: "localhost", port: 65_535 }],
  ["inet:DB-1.Example.COM:3306", { kind: "inet", host: "db-1.example.com", port: 3306 }],
  ["inet:db_1:3306", { kind: "inet", host: "db_1", port: 3306 }],
  ["inet:[::1]:9000", { kind: "inet", host: "::1", port: 9000 }],
  ["inet:[0:0:0:0:0:0:0:1]:9000", { kind: "inet", host: "::1", port: 9000 }],
  ["inet:[2001:DB8::A]:9000", { kind: "inet", host: "2001:db8::a", port: 9000 }],
  ["inet:[fe80::1%eth0]:9000", { kind: "inet", host: "fe80::1%eth0", port: 9000 }],
  ["unix:/run/loginmapd/socketmap", { kind: "unix", path: "/run/loginmapd/socketmap" }],
  ["unix:/run/with space:and:colons", { kind: "unix", path: "/run/with space:and:colons" }],
])("reads %s", (text, endpoint) => {
  expect(parseEndpoint(text, examples)).toEqual(endpoint);
});

test("reads back what formatEndpoint writes", () => {
  for (const text of ["inet:127.0.0.1:9000", "inet:[::1]:9000", "unix:/run/a"]) {
    const endpoint = parseEndpoint(text, examples);
    if (endpoint instanceof Mismatch) throw new Error(endpoint.message);
    expect(formatEndpoint(endpoint)).toBe(text);
  }
});

test.each([
  ["a path of 107 bytes", `unix:/${"a".repeat(106)}`, true],
  ["a path of 108 bytes", `unix:/${"a".repeat(107)}`, false],
  ["a path of 107 characters and 108 bytes", `unix:/${"a".repeat(104)}é`, true],
  ["a path of 106 characters and 108 bytes", `unix:/${"é".repeat(53)}aé`, false],
])("counts the bytes of a unix path: %s", (_, text, isValid) => {
  expect(parseEndpoint(text, examples) instanceof Mismatch).toBe(!isValid);
});

describe("what is not in Postfix's notation is refused with the endpoint that was probably meant", () => {
  test.each([
    ["127.0.0.1:9000", "inet:127.0.0.1:9000"],
    ["[::1]:9000", "inet:[::1]:9000"],
    ["::1", "inet:[::1]:9000"],
    ["9001", "inet:127.0.0.1:9001"],
    ["inet:9001", "inet:127.0.0.1:9001"],
    ["inet:localhost", "inet:localhost:9000"],
    ["http://127.0.0.1:9100/metrics", "inet:127.0.0.1:9100"],
    ["tcp:127.0.0.1:9001", "inet:127.0.0.1:9001"],
    ["proxy:socketmap:inet:127.0.0.1:9000:senders", "inet:127.0.0.1:9000"],
    ["inet:127.0.0.1:9000:senders", "inet:127.0.0.1:9000"],
    ["/run/loginmapd.sock", "unix:/run/loginmapd.sock"],
  ])("%s: did you mean %s", (text, meant) => {
    expect(messageOf(text)).toContain(`; did you mean "${meant}"?`);
  });
});

test.each([
  ["", "expected an endpoint such as"],
  ["inet:", "expected an endpoint such as"],
  ["inet::9000", "a host is missing"],
  ["inet:*:9000", "inet:0.0.0.0:PORT and inet:[::]:PORT are every interface"],
  ["inet:::1:9000", "an IPv6 address stands in brackets"],
  ["inet:2001:db8::1", "an IPv6 address stands in brackets"],
  ["inet:[127.0.0.1]:9000", "expected an IPv6 address in the brackets"],
  ["inet:127.1:9000", "expected a host name or an address"],
  ["inet:256.0.0.1:9000", "expected a host name or an address"],
  ["inet:a b:9000", "expected a host name or an address"],
  ["inet:host:", "expected a port number"],
  ["inet:host:65536", "expected a port number"],
  ["inet:host:-1", "expected a port number"],
  ["inet:host:smtp", "expected a port number"],
  ["unix:", "must be absolute"],
  ["unix:run/x", "must be absolute"],
  ["unix:/run/", "got the directory"],
  ["unix:/run/a\0b", "cannot hold a NUL"],
  ["UNIX:/run/x", "expected an endpoint such as"],
])("%j: %s", (text, message) => {
  expect(messageOf(text)).toContain(message);
});

function messageOf(text: string): string {
  const endpoint = parseEndpoint(text, examples);
  return endpoint instanceof Mismatch ? endpoint.message : `read as ${formatEndpoint(endpoint)}`;
}
