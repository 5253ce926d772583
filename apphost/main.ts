#!/usr/bin/env node
/** The entry of the command line: parse → model → run → exit code. `cli.ts` has the verbs. */
import { EXIT } from "./exit-code.ts";

const NODE_MAJOR_MIN = 22;

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
  const advice = "run it as `npx flink-apphost`, which brings its own";
  process.stderr.write(`flink-apphost needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}: ${advice}\n`);
  process.exit(EXIT.usage);
}
// Imported after the check: an older Node fails in the packages, with words that help nobody.
const { runCli } = await import("./cli.ts");
// Sockets of libraries may still be open; the run is over when its verdict is out.
process.exit(await runCli(process.argv.slice(2)));
