#!/usr/bin/env node
/** The program: runs one command and exits with its code. */
import { keepCompiled } from "./system/compile-cache.ts";

// Both before anything else is loaded. Stack traces name the files and lines of src/.
keepCompiled(process.env);
process.setSourceMapsEnabled(true);
const { run } = await import("./cli/run.ts");

process.exitCode = await run(process.argv.slice(2));
