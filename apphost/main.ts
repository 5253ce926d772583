#!/usr/bin/env node
/** The entry of the command line: parse → model → run → exit code. `cli.ts` has the verbs. */
import * as module from "node:module";
import { setFlagsFromString } from "node:v8";
import { EXIT } from "./exit-code.ts";
import { describeOldNode } from "./node-version.ts";
import { findCompileCacheFolder } from "./package-version.ts";

const reason = describeOldNode();
if (reason !== undefined) {
  process.stderr.write(`${reason}\n`);
  process.exit(EXIT.usage);
}
// A full disk behind standard error takes our words, and must not end a run: there is nobody left to tell.
process.stderr.on("error", () => undefined);
// V8 tidies a heap that has been quiet for eight seconds, which is in the middle of the load of a short run: 30 to 60 ms of
// CPU, in the host and in the dashboard. After a minute it does as much good.
setFlagsFromString("--gc-memory-reducer-start-delay-ms=60000");
// Loading is half of the CPU of host and dashboard in a short run. Where nothing can be written, they load without it.
module.enableCompileCache(findCompileCacheFolder());
// Imported after the check: an older Node fails in the packages, with words that help nobody.
const { runCli } = await import("./cli/cli.ts");
// Sockets of libraries may still be open; the run is over when its verdict is out.
process.exit(await runCli(process.argv.slice(2)));
