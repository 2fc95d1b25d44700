/** Dockerfiles and compose.yaml, read and held to rules: no container engine runs in the tests. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { validate } from "dockerfile-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { projectRoot } from "../../support/daemon.ts";

const deploy = join(projectRoot, "deploy");

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile?: string };
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

describe.each(["Dockerfile", "compose/postfix/Dockerfile"])("%s", (name) => {
  const read = () => readFile(join(deploy, name), "utf8");

  test("is valid", async () => {
    expect(validate(await read())).toEqual([]);
  });

  test("names a version of every base image and has a health check", async () => {
    const text = await read();
    const bases = Array.from(text.matchAll(/^FROM (\S+)/gm), ([, image = ""]) => image);
    expect(bases.length).toBeGreaterThan(0);
    for (const image of bases) {
      expect(image).toMatch(/^[\w./-]+:[\w.-]*(\d|bookworm)[\w.-]*$/);
      expect(image).not.toMatch(/:latest$/);
    }
    expect(text).toMatch(/^HEALTHCHECK /m);
  });
});

test("an invalid Dockerfile would be found", () => {
  expect(validate("FROM node:22\nCOPYY . .\n")).not.toEqual([]);
});

describe("the image of loginmapd", () => {
  test("runs as an account without rights, from the last stage, which has no development modules", async () => {
    const stages = (await readFile(join(deploy, "Dockerfile"), "utf8")).split(/^(?=FROM )/m);
    const last = stages.at(-1) as string;
    expect(/^USER (\d+):(\d+)$/m.exec(last)?.slice(1)).toEqual(["9100", "9100"]);
    expect(last).not.toMatch(/npm (ci|install)/);
    expect(stages.join("")).toMatch(/npm prune --omit=dev/);
  });

  test("every file that it copies exists and passes .dockerignore", async () => {
    const text = await readFile(join(deploy, "Dockerfile"), "utf8");
    const allowed = (await readFile(join(projectRoot, ".dockerignore"), "utf8"))
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const sources = Array.from(text.matchAll(/^COPY (?!--from)(.+)$/gm), ([, words = ""]) =>
      words.split(" ").slice(0, -1),
    ).flat();
    expect(sources).toContain("package-lock.json");
    for (const source of sources) {
      expect(existsSync(join(projectRoot, source)), source).toBe(true);
      expect(allowed, source).toContain(source);
    }
  });
});

describe("compose.yaml", () => {
  let compose: Compose;
  beforeAll(async () => {
    compose = parse(await readFile(join(deploy, "compose.yaml"), "utf8"));
  });
  const services = () => Object.entries(compose.services);

  test("has the database, Postfix, Prometheus and the daemon", () => {
    expect(Object.keys(compose.services)).toEqual(["loginmapd", "mariadb", "postfix", "prometheus"]);
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
    for (const name of ["loginmapd", "mariadb", "prometheus"]) {
      expect(compose.services[name]?.read_only, name).toBe(true);
      expect(compose.services[name]?.tmpfs, name).toContain("/tmp");
    }
  });

  test("only submission is published, and Prometheus on loopback", () => {
    expect(services().flatMap(([, { ports = [] }]) => ports)).toEqual(["587:587", "127.0.0.1:9090:9090"]);
  });

  test("the database can be reached by the daemon alone", () => {
    const users = services().filter(([, { networks }]) => networks.includes("database"));
    expect(users.map(([name]) => name)).toEqual(["loginmapd", "mariadb"]);
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
    expect(waited.map(([name]) => name)).toEqual(["mariadb"]);
    expect(compose.services["mariadb"]?.healthcheck).toBeDefined();
  });

  test("the daemon takes the configuration that is mounted", async () => {
    const text = await readFile(join(deploy, "compose/loginmapd.yaml"), "utf8");
    const readSecretFile = (path: string) => ({ text: `secret-of-${path}\n`, mode: 0o400 });
    const { settings, warnings } = parseConfig({
      text,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: ["native"],
      readSecretFile,
    });
    expect(settings.listeners.map(({ endpoint }) => endpoint)).toEqual([{ kind: "inet", host: "0.0.0.0", port: 9000 }]);
    expect(settings.admin.token).toBe("secret-of-/run/secrets/admin-token");
    // It says that both are open to the network; here that is the private one of compose.yaml.
    expect(warnings.map(({ path }) => path)).toEqual(["listeners[0].endpoint", "admin.endpoint"]);
  });

  test("Postfix in the container asks the listener and the map that the daemon has", async () => {
    const mainCf = await readFile(join(deploy, "compose/postfix/main.cf"), "utf8");
    expect(mainCf).toMatch(/^smtpd_sender_login_maps = socketmap:inet:loginmapd:9000:senders$/m);
  });
});
