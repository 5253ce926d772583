import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

export const readPackage = (): PackageFacts =>
  JSON.parse(readFileSync(join(findPackageFolder(), "package.json"), "utf8")) as PackageFacts;

export const readPackageVersion = (): string => readPackage().version;
