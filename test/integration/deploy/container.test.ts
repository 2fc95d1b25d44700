/** The Dockerfiles, and the image of loginmapd that they make; no engine runs here. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../support/servers/daemon.ts";

const deploy = join(projectRoot, "deploy");

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
      const passes = allowed.some((path) => path === source || path.startsWith(`${source}/`));
      expect(passes, source).toBe(true);
    }
  });
});
