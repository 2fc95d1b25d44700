/** compose.yaml and what it mounts: rights, networks, secrets, and the configurations of the services. */
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const deploy = join(projectRoot, "deploy");

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile?: string };
  readonly profiles?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly restart: string;
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

let directory: TestDirectory;
beforeAll(async () => {
  directory = await makeDirectory("compose");
});
afterAll(() => directory?.remove());

describe("compose.yaml", () => {
  let compose: Compose;
  beforeAll(async () => {
    compose = parse(await readFile(join(deploy, "compose.yaml"), "utf8"));
  });
  const services = () => Object.entries(compose.services);

  test("has the database, Postfix, Prometheus and the daemon; PostgreSQL only by its profile", () => {
    const byDefault = services().filter(([, { profiles }]) => profiles === undefined);
    expect(byDefault.map(([name]) => name)).toEqual(["loginmapd", "mariadb", "postfix", "prometheus"]);
    expect(compose.services["postgresql"]?.profiles).toEqual(["postgresql"]);
  });

  test("every service gives up all rights that it does not name, and can gain none", () => {
    for (const [name, service] of services()) {
      expect(service.cap_drop, name).toEqual(["ALL"]);
      expect(service.security_opt, name).toContain("no-new-privileges:true");
      expect(service.privileged, name).toBeUndefined();
      expect(service.network_mode, name).toBeUndefined();
      expect(service.restart, name).toBe("unless-stopped");
    }
    expect(compose.services["loginmapd"]?.cap_add).toBeUndefined();
  });

  test("the daemon, the database and Prometheus have a read-only root file system and a /tmp in memory", () => {
    for (const name of ["loginmapd", "mariadb", "postgresql", "prometheus"]) {
      expect(compose.services[name]?.read_only, name).toBe(true);
      expect(compose.services[name]?.tmpfs, name).toContain("/tmp");
    }
  });

  test("submission and Prometheus are published, on loopback alone", () => {
    expect(services().flatMap(([, { ports = [] }]) => ports)).toEqual(["127.0.0.1:587:587", "127.0.0.1:9090:9090"]);
  });

  test("follows the schema of the Compose specification, and a linter finds nothing", () => {
    expect(lint(join(deploy, "compose.yaml"))).toEqual([]);
  });

  test.each([
    ["a key that Compose does not know", "restart: unless-stopped", "restarts: unless-stopped", "invalid-schema"],
    ["a port on every interface", '"127.0.0.1:587:587"', '"587:587"', "no-unbound-port-interfaces"],
    ["an image without a version", "mariadb:11.4", "mariadb", "service-image-require-explicit-tag"],
  ])("the linter would find %s", async (_, right, wrong, rule) => {
    const text = await readFile(join(deploy, "compose.yaml"), "utf8");
    const path = join(directory.path, "compose.yaml");
    await writeFile(path, text.replace(right, wrong));
    expect(lint(path)).toEqual([expect.stringContaining(rule)]);
  });

  test("the database can be reached by the daemon alone", () => {
    const users = services().filter(([, { networks }]) => networks.includes("database"));
    expect(users.map(([name]) => name)).toEqual(["loginmapd", "mariadb", "postgresql"]);
    expect(compose.networks["database"]?.internal).toBe(true);
  });

  test("every network, volume, secret and service that is named is defined, and every file that is mounted exists", () => {
    for (const [name, service] of services()) {
      for (const network of service.networks) expect(Object.keys(compose.networks), name).toContain(network);
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets), name).toContain(secret);
      for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other);
      for (const volume of service.volumes ?? []) {
        const [source = ""] = volume.split(":");
        if (source.startsWith(".")) expect(existsSync(resolve(deploy, source)), volume).toBe(true);
        else expect(Object.keys(compose.volumes), name).toContain(source);
      }
      if (service.build) {
        const context = resolve(deploy, service.build.context);
        expect(existsSync(join(context, service.build.dockerfile ?? "Dockerfile")), name).toBe(true);
      } else expect(service.image, name).toMatch(/:v?\d+\.\d+/);
    }
  });

  test("waits for a health check only where there is one", () => {
    const waited = services().flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).filter(([, { condition }]) => condition === "service_healthy"),
    );
    expect(waited.map(([name]) => name)).toEqual(["mariadb", "postgresql"]);
    for (const [name] of waited) expect(compose.services[name]?.healthcheck, name).toBeDefined();
  });

  test.each(["loginmapd.yaml", "loginmapd.postgresql.yaml"])("the daemon takes the configuration %s", async (file) => {
    const text = await readFile(join(deploy, "compose", file), "utf8");
    const readSecretFile = (path: string) => ({ text: `secret-of-${path}\n`, mode: 0o400 });
    const { settings, warnings } = parseConfig({
      text,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: ["native"],
      readSecretFile,
    });
    expect(settings.listeners.map(({ endpoint }) => endpoint)).toEqual([
      { kind: "inet", host: "0.0.0.0", port: 9000 },
      { kind: "inet", host: "0.0.0.0", port: 9002 },
    ]);
    expect(settings.admin.token).toBe("secret-of-/run/secrets/admin-token");
    // It says that they are open to the network, and the way to the database; here that is the private one of compose.yaml.
    const paths = warnings.map(({ path }) => path);
    expect(paths).toEqual(["listeners[0].endpoint", "listeners[1].endpoint", "admin.endpoint", "sources.mail.hosts"]);
  });

  test("Prometheus takes its configuration and the rules, where they are mounted", async () => {
    const root = join(directory.path, "prometheus");
    const files = (compose.services["prometheus"]?.volumes ?? []).filter((volume) => volume.startsWith("."));
    for (const volume of files) {
      const [source = "", target = ""] = volume.split(":");
      await mkdir(dirname(join(root, target)), { recursive: true });
      await cp(resolve(deploy, source), join(root, target));
    }
    const outcome = await run("promtool", ["check", "config", join(root, "etc/prometheus/prometheus.yaml")]);
    expect(outcome, outcome.stdout + outcome.stderr).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  test("Postfix takes main.cf and master.cf of the container without a warning", async () => {
    expect(await postconf("")).toEqual("");
    expect(await postconf("smtpd_sender_login_mapz = x\n")).toContain("unused parameter: smtpd_sender_login_mapz");
  });

  test("Dovecot takes dovecot.conf of the container", async () => {
    const path = join(deploy, "compose/postfix/dovecot.conf");
    expect(await run("doveconf", ["-n", "-c", path])).toMatchObject({ code: 0, stderr: "" });
    const wrong = join(directory.path, "dovecot.conf");
    await writeFile(wrong, (await readFile(path, "utf8")).replace("auth_username_format", "auth_user_format"));
    expect((await run("doveconf", ["-n", "-c", wrong])).stderr).toContain("auth_user_format");
  });

  test("Postfix in the container asks the listener and the map that the daemon has", async () => {
    const mainCf = await readFile(join(deploy, "compose/postfix/main.cf"), "utf8");
    expect(mainCf).toMatch(/^smtpd_sender_login_maps = socketmap:inet:loginmapd:9000:senders$/m);
    expect(mainCf).toMatch(/^smtpd_milters = inet:loginmapd:9002$/m);
  });

  async function postconf(more: string): Promise<string> {
    const etc = join(directory.path, "postfix");
    await cp(join(deploy, "compose/postfix"), etc, { recursive: true });
    await writeFile(join(etc, "main.cf"), (await readFile(join(etc, "main.cf"), "utf8")) + more);
    const outcomes = await Promise.all(["-n", "-M", "-P"].map((option) => run("postconf", ["-c", etc, option])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    return outcomes.map(({ stderr }) => stderr).join("");
  }
});

interface LintResult {
  readonly filePath: string;
  readonly messages: readonly { readonly rule: string; readonly line: number; readonly message: string }[];
}

// Not imported: the declarations of dclint import each other in a way that NodeNext does not resolve.
const require = createRequire(import.meta.url);
const { DCLinter } = require("dclint") as {
  DCLinter: new (config: object) => { lintFiles(paths: readonly string[], recursive: boolean): readonly LintResult[] };
};

/** What dclint finds; the order of keys and the kind of quotes are ours to choose. */
function lint(path: string): string[] {
  const rules = {
    "require-quotes-in-ports": 0,
    "service-dependencies-alphabetical-order": 0,
    "service-keys-order": 0,
    "service-ports-alphabetical-order": 0,
    "services-alphabetical-order": 0,
    "top-level-properties-order": 0,
  } as const;
  const results = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles([path], false);
  expect(results.map(({ filePath }) => basename(filePath))).toEqual(["compose.yaml"]);
  return results.flatMap(({ messages }) =>
    messages.map(({ rule, line, message }) => `${rule}, line ${line}: ${message}`),
  );
}
