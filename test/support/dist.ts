/** The compiled program: tests run from the sources, but what they start runs from `dist`, as it does for a user. */
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE_FOLDERS = ["apphost", "simulator", "producer", "scripts"];
/** Every build writes every file, so the age of this one is the age of the build. */
const PROBE = "dist/simulator/common/contract/names.js";

/** Path of a built entry, named from the top of the tree: `distPath("apphost/main")`. */
export const distPath = (name: string): string => join(ROOT, "dist", `${name}.js`);

/** Vitest calls it once before the tests that start processes: it builds when a source is newer than the build. */
export function setup(): void {
  if (newestSourceMs() <= modifiedMs(join(ROOT, PROBE))) return;
  const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: ROOT, encoding: "utf8" });
  // A type error still gives a build of these very sources; `npm run typecheck` is what judges types.
  if (built.status !== 0) process.stderr.write(`building dist found errors:\n${built.stdout}${built.stderr}`);
  if (newestSourceMs() > modifiedMs(join(ROOT, PROBE)))
    throw new Error("dist is older than the sources, and the build did not renew it");
}

function newestSourceMs(): number {
  return Math.max(
    ...SOURCE_FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => /\.tsx?$/.test(path))
        .map((path) => modifiedMs(join(ROOT, folder, path))),
    ),
  );
}

const modifiedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
