#!/usr/bin/env node
/** The program: runs one command and exits with its code. */
import { run } from "./cli/run.ts";

process.exitCode = await run(process.argv.slice(2));
