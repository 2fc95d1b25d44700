import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPublicKey } from "../../../../src/source/mysql/public-key.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loginmapd-public-key-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });

function write(text: string | Buffer): string {
  const file = join(folder, "key.pem");
  writeFileSync(file, text);
  return file;
}

describe("a server's key for passwords", () => {
  test.each(["spki", "pkcs1"] as const)("is read as %s in PEM", (type) => {
    const pem = rsa.publicKey.export({ type, format: "pem" });
    expect(readPublicKey(write(pem))).toBe(pem);
  });

  test("is none without a file", () => {
    expect(readPublicKey(undefined)).toBeUndefined();
  });

  test.each([
    ["text", "correct horse", "holds no public key in PEM"],
    ["a cut key", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "holds no public key in PEM"],
    ["a private key", rsa.privateKey.export({ type: "pkcs8", format: "pem" }), "holds no public key in PEM"],
    ["another kind of key", elliptic.publicKey.export({ type: "spki", format: "pem" }), "holds a key that is not RSA"],
  ])("is not %s", (_what, text, message) => {
    const file = write(text);
    expect(() => readPublicKey(file)).toThrow(`${file} ${message}`);
  });

  test("that is missing is a problem of the configuration, by the name of its key", () => {
    const file = join(folder, "missing.pem");
    expect(() => readPublicKey(file)).toThrow(
      expect.objectContaining({
        problems: [{ path: "server_public_key_file", message: `cannot read ${file}: no such file` }],
      }),
    );
  });
});
