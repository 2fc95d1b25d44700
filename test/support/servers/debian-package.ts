/** Builds and installs loginmapd_VERSION_ARCH.deb for tests. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "./daemon.ts";
import { type Outcome, run } from "./processes.ts";

/** What apt and dpkg get so that they ask nothing. */
export const noninteractive = { env: { DEBIAN_FRONTEND: "noninteractive" } };

/** What scripts/build-deb.sh gets so that it is quick and gives the same bytes each time. */
export const buildEnvironment = { SOURCE_DATE_EPOCH: "1767225600", DEB_COMPRESSION: "gzip" };

/** Builds the package of this checkout into a new directory, and returns its path. */
export async function buildPackage(target: string): Promise<string> {
  await mkdir(target);
  const script = join(projectRoot, "scripts/build-deb.sh");
  must(await run("bash", [script, target], { env: buildEnvironment }, 280_000));
  const [file] = await readdir(target);
  return join(target, file as string);
}

/** Fails with everything that a program printed unless it ended with 0. */
export function must(outcome: Outcome): Outcome {
  if (outcome.code !== 0) throw new Error(outcome.stdout + outcome.stderr);
  return outcome;
}

/**
 * Makes sure that the package `nodejs` is there. Where Node.js came in another way, an empty package of that name satisfies
 * the dependency; the program runs with the node on the PATH.
 *
 * @returns whether it had to be made, and has to be purged
 */
export async function provideNodejs(directory: string): Promise<boolean> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query(1)
  const { code, stdout } = await run("dpkg-query", ["-W", "-f", "${Version}", "nodejs"]);
  if (code === 0 && (await run("dpkg", ["--compare-versions", stdout, "ge", "20.19"])).code === 0) return false;
  const root = join(directory, "nodejs");
  await mkdir(join(root, "DEBIAN"), { recursive: true });
  const version = process.version.slice(1);
  await writeFile(
    join(root, "DEBIAN/control"),
    `Package: nodejs\nVersion: ${version}\nArchitecture: all\nMaintainer: test <test@example.com>\nDescription: stand-in for the node on the PATH\n`,
  );
  const file = join(directory, "nodejs.deb");
  must(await run("dpkg-deb", ["--root-owner-group", "--build", root, file]));
  must(await run("dpkg", ["-i", file], noninteractive, 120_000));
  return true;
}

/** Everything on this machine that bears the name: what is there before an installation is there after a purge. */
export async function pathsOfLoginmapd(): Promise<string[]> {
  const { stdout } = await run("find", [
    "/etc",
    "/usr",
    "/var",
    "-xdev",
    "-name",
    "*loginmapd*",
    "-not",
    "-path",
    "/var/tmp/*",
  ]);
  return stdout.split("\n").filter((path) => path !== "");
}
