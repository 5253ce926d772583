#!/usr/bin/env node
/** The entry of the command line: parse → model → run → exit code. `cli.ts` has the verbs. */
import { EXIT } from "./exit-code.ts";
import { describeOldNode } from "./node-version.ts";

const reason = describeOldNode();
if (reason !== undefined) {
  process.stderr.write(`${reason}\n`);
  process.exit(EXIT.usage);
}
// A full disk behind standard error takes our words, and must not end a run: there is nobody left to tell.
process.stderr.on("error", () => undefined);
// Imported after the check: an older Node fails in the packages, with words that help nobody.
const { runCli } = await import("./cli/cli.ts");
// Sockets of libraries may still be open; the run is over when its verdict is out.
process.exit(await runCli(process.argv.slice(2)));
