import { expect, test } from "vitest";
import { toConnectionError, toLdapError } from "../../../../src/source/ldap/errors.ts";

test.each([
  [3, "timeout", "timeLimitExceeded (3)"],
  [4, "unknown", "sizeLimitExceeded (4)"],
  [11, "unknown", "adminLimitExceeded (11): words"],
  [10, "statement", "referral (the data is on another server, and referrals are not followed) (10)"],
  [32, "statement", "noSuchObject (there is no such search base, or it may not be seen) (32)"],
  [34, "key", "invalidDNSyntax (34)"],
  [49, "statement", "invalidCredentials (49)"],
  [50, "statement", "insufficientAccessRights (50): words"],
  [51, "refused", "busy (51): words"],
  [52, "refused", "unavailable (52): words"],
  [99, "unknown", "error (99)"],
])("result %i is %s", (code, kind, message) => {
  const error = toLdapError(code, "words");
  expect({ kind: error.kind, message: error.message, code: error.resultCode }).toEqual({ kind, message, code });
});

test("a server's words are one line", () => {
  expect(toLdapError(53, "a\r\n\0b").message).toBe("unwillingToPerform (53): a b");
});

test("what the system says is about the connection", () => {
  expect(toConnectionError(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))).toMatchObject({
    kind: "connection",
    message: "connection refused",
  });
  expect(toConnectionError(new Error("self-signed certificate")).message).toBe("self-signed certificate");
  expect(toConnectionError("?").message).toBe("connection failed");
});
