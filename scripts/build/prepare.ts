/**
 * npm runs this when somebody installs from a checkout, from a git address or by a link, and before it packs. It also does
 * so at the first `npx flink-apphost` in a checkout, where nothing has to be built any more.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isBuildCurrent } from "./build-state.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
if (!isBuildCurrent(root)) {
  const { status } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
}
