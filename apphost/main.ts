#!/usr/bin/env node
/** The entry of the command line: parse → model → run → exit code. `cli.ts` has the verbs. */
import { runCli } from "./cli.ts";

// Sockets of libraries may still be open; the run is over when its verdict is out.
process.exit(await runCli(process.argv.slice(2)));
