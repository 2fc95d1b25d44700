/** An authority of the test's own, and a certificate that it signed for a server. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/** Makes `ca.pem` and `ca.key` in a folder; gives the path of the certificate. */
export async function makeAuthority(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  // biome-ignore format: one openssl command per line
  await run("openssl", ["req", "-x509", ...newKey, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=test authority"]);
  return at("ca.pem");
}

/**
 * Makes `server.pem` and `server.key` in the folder of an authority; gives their paths.
 *
 * @param names as in subjectAltName of openssl, x509v3_config(5)
 */
export async function makeCertificate(
  folder: string,
  names = "DNS:localhost,IP:127.0.0.1",
  commonName = "localhost",
): Promise<{ certFile: string; keyFile: string }> {
  const at = (name: string) => join(folder, name);
  // biome-ignore format: one openssl command per line
  await run("openssl", ["req", "-x509", ...newKey, "-keyout", at("server.key"), "-out", at("server.pem"), "-subj", `/CN=${commonName}`,
    "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-addext", `subjectAltName=${names}`, "-addext", "basicConstraints=critical,CA:false"]);
  return { certFile: at("server.pem"), keyFile: at("server.key") };
}
