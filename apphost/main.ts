#!/usr/bin/env node
/** The entry of the command line: parse → model → run → exit code. `cli.ts` has the verbs. */
import { EXIT } from "./exit-code.ts";

/** As package.json's `engines` has it. */
const NODE_MIN = { major: 22, minor: 22 };

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NODE_MIN.major || (major === NODE_MIN.major && minor < NODE_MIN.minor)) {
  const needed = `${NODE_MIN.major}.${NODE_MIN.minor}`;
  process.stderr.write(
    `flink-apphost needs Node ${needed} or newer, and this is ${process.versions.node} (${process.execPath}): ` +
      "run it as `npx flink-apphost`, which uses the Node that the project brings\n",
  );
  process.exit(EXIT.usage);
}
// Imported after the check: an older Node fails in the packages, with words that help nobody.
const { runCli } = await import("./cli/cli.ts");
// Sockets of libraries may still be open; the run is over when its verdict is out.
process.exit(await runCli(process.argv.slice(2)));
