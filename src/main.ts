#!/usr/bin/env node
/** The program: runs one command and exits with its code. */
import { keepCompiled } from "./system/compile-cache.ts";
import { nameSourcesInStacks } from "./system/stack-traces.ts";

// Both before anything else is loaded.
keepCompiled(process.env);
nameSourcesInStacks();
const { run } = await import("./cli/run.ts");

process.exitCode = await run(process.argv.slice(2));
