import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface PackageFacts {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Of the nearest package.json above: one folder further up in compiled code than in source. */
export function findPackageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * Compiled code of all our programs, for the next start: 8 MB, and safe to remove at any time. Node runs what it finds
 * there, so it lies beside the programs themselves and not beside the runs, where a cloned project could bring its own.
 */
export function findCompileCacheFolder(folder = findPackageFolder()): string {
  const isInstalled = basename(dirname(folder)) === "node_modules";
  return join(isInstalled ? dirname(folder) : join(folder, "node_modules"), ".cache", "flink-apphost");
}

export const readPackage = (): PackageFacts =>
  JSON.parse(readFileSync(join(findPackageFolder(), "package.json"), "utf8")) as PackageFacts;

export const readPackageVersion = (): string => readPackage().version;
