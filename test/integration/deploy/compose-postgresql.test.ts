/**
 * The profile `postgresql` of compose.yaml on a real server: no container engine runs in the tests, so this goes through what the
 * entrypoint of the image does on an empty volume, in its order (docker-library/postgres, docker-entrypoint.sh).
 */
import { chmod, chown, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { postgresqlPrograms } from "../../support/servers/postgresql.ts";
import { type Child, run, startChild, stopChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";

const deploy = join(projectRoot, "deploy");

interface Profile {
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly secrets: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
}

let directory: TestDirectory;
let profile: Profile;
let data: string;
let secret: string;
let server: Child | undefined;

/** A command as the account `postgres`, as which the entrypoint goes on. */
const asPostgres = (program: string, args: readonly string[]): [string, string[]] => [
  "setpriv",
  ["--reuid=postgres", "--regid=postgres", "--clear-groups", join(postgresqlPrograms(), program), ...args],
];

beforeAll(async () => {
  directory = await makeDirectory("compose-postgresql");
  const compose = parse(await readFile(join(deploy, "compose.yaml"), "utf8"));
  profile = compose.services.postgresql;
  await cp(join(deploy, "compose"), join(directory.path, "compose"), { recursive: true });
  expect(await run("sh", [join(directory.path, "compose/make-secrets.sh")])).toMatchObject({ code: 0 });
  // What compose mounts as /run/secrets/NAME.
  secret = join(directory.path, compose.secrets[profile.secrets[0] as string].file);
  data = join(directory.path, "data");
  await mkdir(data, { mode: 0o700 });
  const { stdout } = await run("id", ["-u", "postgres"]);
  for (const path of [directory.path, data]) await chown(path, Number(stdout), 0);
  await chmod(directory.path, 0o755);
});

afterAll(async () => {
  if (server !== undefined) await stopChild(server);
  await directory?.remove();
});

/** Runs the server until `stopChild`; `args` on top of what a container gives it. */
async function start(args: readonly string[], isUp: () => Promise<boolean>): Promise<void> {
  const [command, all] = asPostgres("postgres", [
    "-D",
    data,
    "-c",
    `unix_socket_directories=${directory.path}`,
    ...args,
  ]);
  server = startChild(command, all, { env: { LC_ALL: "C.UTF-8" } });
  await waitUntil("the server to answer", isUp, 30_000);
}

/** The scripts that the profile mounts for the first start, as the entrypoint finds them: by name. */
function initScripts(): string[] {
  return profile.volumes
    .map((volume) => volume.split(":"))
    .filter(([, target = ""]) => target.startsWith("/docker-entrypoint-initdb.d/"))
    .toSorted(([, a = ""], [, b = ""]) => (basename(a) < basename(b) ? -1 : 1))
    .map(([source = ""]) => resolve(deploy, source));
}

test("an empty volume becomes a database that the daemon's configuration of the profile is answered from", async () => {
  const { POSTGRES_USER: user = "", POSTGRES_DB: database = "" } = profile.environment;
  const password = await readFile(secret, "utf8");
  const passwordFile = join(directory.path, "pwfile");
  await writeFile(passwordFile, password, { mode: 0o644 });
  // The entrypoint's own words for initdb; what is about speed alone is ours.
  const initialised = await run(
    ...asPostgres("initdb", ["-D", data, `--username=${user}`, `--pwfile=${passwordFile}`, "--no-sync"]),
  );
  expect(initialised).toMatchObject({ code: 0 });
  await writeFile(join(data, "pg_hba.conf"), "local all all trust\nhost all all all scram-sha-256\n");

  const port = await freePort();
  const psql = (...args: string[]) =>
    run(join(postgresqlPrograms(), "psql"), [
      ...["-v", "ON_ERROR_STOP=1", "--no-psqlrc", "--no-password", "-h", directory.path, "-p", String(port)],
      ...["--username", user, ...args],
    ]);
  const isUp = async () => (await psql("-d", "postgres", "-c", "SELECT 1")).code === 0;
  await start(["-c", "listen_addresses=", "-c", `port=${port}`], isUp);
  expect(await psql("--dbname", "postgres", "-c", `CREATE DATABASE "${database}"`)).toMatchObject({ code: 0 });
  const scripts = initScripts();
  expect(scripts.map((path) => relative(projectRoot, path))).toEqual([
    "sql/native/001-schema.pgsql.sql",
    "sql/demo/rows.sql",
    "sql/notify.pgsql.sql",
  ]);
  for (const script of scripts) expect(await psql("--dbname", database, "-f", script)).toMatchObject({ code: 0 });
  await stopChild(server as Child);

  // The health check names loopback, where nobody listens during the first start: the daemon does not come too early.
  const [, ready = "", ...probe] = profile.healthcheck.test;
  const isHealthy = async () =>
    (await run(join(postgresqlPrograms(), ready), [...probe, "-p", String(port)])).code === 0;
  expect(await isHealthy()).toBe(false);
  await start(["-c", "listen_addresses=127.0.0.1", "-c", `port=${port}`], isHealthy);

  const settings = parse(await readFile(join(deploy, "compose/loginmapd.postgresql.yaml"), "utf8"));
  expect(settings.sources.mail.hosts).toEqual(["inet:postgresql:5432"]);
  settings.sources.mail.hosts = [`inet:127.0.0.1:${port}`];
  settings.sources.mail.password_file = secret;
  settings.admin.token_file = join(directory.path, "compose/secrets/admin-token");
  const file = join(directory.path, "loginmapd.yaml");
  await writeFile(file, stringify(settings));
  const checked = await loginmapd(["check", "--connect", "-c", file]);
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.stdout).toMatch(/^ {2}address +ok, uses indexes$/m);
  const found = await loginmapd(["lookup", "sales@example.com", "--json", "-c", file]);
  expect(JSON.parse(found.stdout)).toMatchObject({ owners: ["alice@example.com", "bob@example.com"] });
});
