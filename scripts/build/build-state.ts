/** What of a build is there: whether it is of the sources as they are now, and what is left of sources that are gone. */
import { globSync, statSync } from "node:fs";
import { join } from "node:path";

const SOURCES = "{apphost,simulator,producer,scripts}/**/*.{ts,tsx}";
/** What else decides how the sources are compiled, or which packages they meet. */
const SETTINGS = ["package.json", "tsconfig.json"];
/** Every build writes it last. */
export const BUILD_STAMP = join("dist", "built");

export function isBuildCurrent(root: string): boolean {
  const builtMs = modifiedMs(join(root, BUILD_STAMP));
  return [...globSync(SOURCES, { cwd: root }), ...SETTINGS].every((path) => modifiedMs(join(root, path)) < builtMs);
}

/** Paths below `dist` that no source makes any more: a module that was moved would else be packed for ever. */
export function findStaleOutputs(root: string): string[] {
  const sources = new Set(globSync(SOURCES, { cwd: root }).map((path) => path.replace(/\.tsx?$/, "")));
  return globSync("**/*.{js,d.ts}", { cwd: join(root, "dist") }).filter(
    (path) => !sources.has(path.replace(/\.(js|d\.ts)$/, "")),
  );
}

/** 0 when it is not there. */
const modifiedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
