import { expect, test } from "vitest";
import { isOwnHost } from "../../../src/sidecar/host-check.ts";

test.each([
  ["localhost"],
  ["localhost:9100"],
  ["LOCALHOST:9100"],
  ["127.0.0.1"],
  ["127.0.0.1:9100"],
  ["10.1.2.3:80"],
  ["[::1]"],
  ["[::1]:9100"],
  ["[2001:db8::1]:9100"],
  ["mail.example.com"],
  ["Mail.Example.com:9100"],
])("takes %s for this machine", (host) => {
  expect(isOwnHost(host, ["mail.example.com"])).toBe(true);
});

test.each([
  [undefined],
  [""],
  [":9100"],
  ["evil.example"],
  ["localhost.evil.example"],
  ["evil-localhost"],
  ["127.0.0.1.evil.example"],
  ["mail.example.com.evil.example"],
  ["example.com"],
  ["evil.mail.example.com"],
  ["evilmail.example.com"],
  ["mail.example.com@evil.example"],
  ["127.0.0.1:9100:9100x"],
])("takes %s for a foreign name", (host) => {
  expect(isOwnHost(host, ["mail.example.com"])).toBe(false);
});
