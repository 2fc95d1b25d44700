// Adds to package-lock.json the optional packages of other platforms that npm left out, and takes out what `npm ci` would warn of
// without need.
//
// npm drops an optional package that its registry does not serve, and `npm ci` then refuses the lock file everywhere.
// Run this after `npm install` against a registry that serves this platform's binaries alone.
import { readFileSync, writeFileSync } from "node:fs";

const file = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const { packages } = lock;
// Ask for a newer Node than they need: our own tests run their code on the oldest that package.json names (decision 11).
const runOnOlderNode = ["@haraka/email-address"];
const systems = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "aix", "win32"];
const processors = ["arm64", "x64", "arm", "ia32", "riscv64", "ppc64", "s390x", "loong64", "mips64el", "wasm32"];

function isResolved(from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    if (packages[`${base === "" ? "" : `${base}/`}node_modules/${name}`] !== undefined) return true;
    if (base === "") return false;
  }
}

// Such packages are named after what they are for: cli-linux-x64-musl.
function entryFor(name, range, dev) {
  const words = name.split("/").at(-1).split("-");
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (cpu === undefined || (os === undefined && cpu !== "wasm32")) throw new Error(`for which platform is ${name}?`);
  const libc = os !== "linux" ? undefined : words.some((word) => word.startsWith("musl")) ? "musl" : "glibc";
  return {
    version: range.replace(/^[\^~]/, ""),
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && words.length > 2 && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (isResolved(path, name)) continue;
    packages[`node_modules/${name}`] = entryFor(name, range, dev);
    console.log(`added ${name}`);
  }
}
for (const name of runOnOlderNode) delete packages[`node_modules/${name}`].engines;
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
