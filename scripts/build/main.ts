/**
 * The last step of a build, after the compiler: removes what is left of sources that are gone, makes each program that the
 * host starts one file, and the bins executable.
 *
 * A run starts some twenty-five processes at once, and each would look up, read and link up to sixty modules: a third of
 * what loading a TaskManager takes (scripts/bench/README.md has the figures). Packages stay outside: they are loaded from
 * node_modules, as ever. The modules themselves stay in `dist`, too, for the host and the library.
 */
import { chmodSync, globSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { BUILD_STAMP, findStaleOutputs } from "./build-state.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DIST = join(ROOT, "dist");
const PROGRAMS = ["simulator/**/main.js", "producer/main.js", "scripts/{validate,report}/main.js"];
const BINS = ["apphost/main.js", "scripts/stress.js"];

for (const path of findStaleOutputs(ROOT)) rmSync(join(DIST, path));
for (const path of globSync(PROGRAMS, { cwd: DIST })) await bundle(join(DIST, path));
for (const path of BINS) chmodSync(join(DIST, path), 0o755);
writeFileSync(join(ROOT, BUILD_STAMP), "");

/** In place, since the host finds its programs by their paths. */
async function bundle(path: string): Promise<void> {
  const bundled = await rolldown({ input: path, platform: "node", external: (id) => /^[^./]/.test(id) });
  await bundled.write({ file: `${path}.bundled`, format: "esm", codeSplitting: false });
  await bundled.close();
  renameSync(`${path}.bundled`, path);
}
