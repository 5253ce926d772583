/**
 * The last step of a build, after the compiler: removes what is left of sources that are gone, makes each program that the
 * host starts one file, and the bins executable.
 *
 * A run starts some twenty-five processes at once, and each would look up, read and link up to sixty modules: a third of
 * what loading a TaskManager takes (scripts/bench/README.md has the figures). Packages stay outside: they are loaded from
 * node_modules, as ever. The modules themselves stay in `dist`, too, for the host and the library.
 *
 * The one package that goes inside is ECharts, of whose 60 MB a page needs one: it becomes a part of what draws charts,
 * with its notices, and nobody has to install it.
 */
import { chmodSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { BUILD_STAMP, findStaleOutputs } from "./build-state.ts";
import { takeBuiltinsDirectly } from "./builtin-imports.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DIST = join(ROOT, "dist");
const PROGRAMS = ["simulator/**/main.js", "producer/main.js", "scripts/{validate,report}/main.js"];
const CHARTS = "scripts/report/html/chart-svg.js";
const CHART_NOTICES = ["echarts/NOTICE", "echarts/LICENSE", "zrender/LICENSE"];
const BINS = ["apphost/main.js", "scripts/stress.js"];

for (const path of findStaleOutputs(ROOT)) rmSync(join(DIST, path));
for (const path of globSync(PROGRAMS, { cwd: DIST })) await bundle(join(DIST, path), { isClosed: false });
await bundle(join(DIST, CHARTS), { isClosed: true, banner: readNotices() });
for (const path of BINS) chmodSync(join(DIST, path), 0o755);
writeFileSync(join(ROOT, BUILD_STAMP), "");

/** In place, since the host finds its programs by their paths. Closed: with the packages that it uses, and short. */
async function bundle(path: string, { isClosed, banner = "" }: { isClosed: boolean; banner?: string }): Promise<void> {
  const external = (id: string) => !isClosed && /^[^./]/.test(id);
  const plugins = isClosed ? [] : [{ name: "builtins", renderChunk: takeBuiltinsDirectly }];
  const bundled = await rolldown({ input: path, platform: "node", external, plugins });
  const output = { file: `${path}.bundled`, format: "esm", codeSplitting: false, banner, minify: isClosed } as const;
  await bundled.write(output);
  await bundled.close();
  renameSync(`${path}.bundled`, path);
}

/** What their licences ask to be passed on with them. */
function readNotices(): string {
  const texts = CHART_NOTICES.map((path) => readFileSync(join(ROOT, "node_modules", path), "utf8").trim());
  return texts.map((text) => `/*!\n${text.replaceAll("*/", "* /")}\n*/`).join("\n");
}
