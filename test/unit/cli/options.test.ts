import { parseArgs } from "node:util";
import { describe, expect, test } from "vitest";
import { commands, findCommand, globalOptions, parseArgsOptions } from "../../../src/cli/options.ts";

test("the commands of the public interface are there, in the order of help", () => {
  expect(commands.map(({ name }) => name)).toEqual([
    "serve",
    "check",
    "lookup",
    "query",
    "flush",
    "import",
    "doctor",
    "list",
    "audit",
    "completion",
  ]);
});

test("the options of the public interface are there", () => {
  const named = Object.fromEntries(commands.map(({ name, options }) => [name, options.map((option) => option.name)]));
  expect(named).toMatchObject({
    serve: expect.arrayContaining(["demo", "postfix-cf", "listen", "recipient-delimiter", "local-domain"]),
    check: expect.arrayContaining(["connect"]),
    lookup: expect.arrayContaining(["map", "login", "json"]),
    query: expect.arrayContaining(["server", "protocol"]),
    flush: expect.arrayContaining(["address", "domain", "login", "all", "map"]),
    doctor: expect.arrayContaining(["postfix-config", "json"]),
    audit: expect.arrayContaining(["map", "json", "since"]),
  });
  expect(globalOptions.map(({ name, short }) => [short, name])).toEqual([
    ["c", "config"],
    [undefined, "no-color"],
    ["h", "help"],
    ["V", "version"],
  ]);
});

describe.each(commands)("$name", (command) => {
  test("has no option twice, and none that is a global one", () => {
    const all = [...command.options, ...globalOptions];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    const shorts = all.flatMap(({ short }) => short ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  test("says everything in sentences", () => {
    for (const text of [command.summary, ...command.description, ...command.options.map(({ help }) => help)]) {
      expect(text).toMatch(/^[A-Z$].*\.$/s);
    }
  });
});

test("parseArgs takes the options as they are stated", () => {
  const { values } = parseArgs({
    args: ["--postfix-cf", "a.cf", "--postfix-cf=b.cf", "-c", "x.yaml", "--demo", "-h"],
    options: parseArgsOptions(findCommand("serve")),
  });
  expect({ ...values }).toEqual({ "postfix-cf": ["a.cf", "b.cf"], config: "x.yaml", demo: true, help: true });
});

test("a command does not take the options of another", () => {
  expect(() => parseArgs({ args: ["--all"], options: parseArgsOptions(findCommand("query")) })).toThrow(
    /Unknown option '--all'/,
  );
  expect(() => parseArgs({ args: ["--demo"], options: parseArgsOptions(undefined) })).toThrow(/Unknown option/);
});

test("an unknown command is not found, whatever its name", () => {
  expect(findCommand("constructor")).toBeUndefined();
});
