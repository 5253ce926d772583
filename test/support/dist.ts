/** The compiled program: tests run from the sources, but what they start runs from `dist`, as it does for a user. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBuildCurrent } from "../../scripts/build/build-state.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Path of a built entry, named from the top of the tree: `distPath("apphost/main")`. */
export const distPath = (name: string): string => join(ROOT, "dist", `${name}.js`);

/** Vitest calls it once before the tests that start processes: it builds when a source is newer than the build. */
export function setup(): void {
  if (isBuildCurrent(ROOT)) return;
  const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, encoding: "utf8" });
  // Half a build would let the tests judge programs that nobody can have.
  if (built.status !== 0) throw new Error(`dist could not be built:\n${built.stdout}${built.stderr}`);
}
