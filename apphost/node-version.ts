/**
 * Which Node this package needs (`engines` of its package.json), and how one gets it. Everything here and in what it
 * imports must run on a Node that is older than that, since it is what tells its user so.
 */
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { findPackageFolder, readPackage } from "./package-version.ts";

export interface NodeInUse {
  readonly version: string;
  /** Where its program is. */
  readonly path: string;
  /** The Node that `npx flink-apphost` runs by, when this project brings one; undefined when it brings none. */
  readonly ofProject: string | undefined;
}

/** `minimum` as `engines` has it: `>=22.22`. */
export function isNodeRecent(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = readNumbers(version);
  const [majorMin = 0, minorMin = 0] = readNumbers(minimum);
  return major > majorMin || (major === majorMin && minor >= minorMin);
}

const readNumbers = (version: string): number[] => version.replace(/^\D*/, "").split(".").map(Number);

/** What a person can do about a Node that is too old. */
export function adviseNode({ path, ofProject }: NodeInUse): string {
  return ofProject !== undefined && ofProject !== path
    ? `run it as \`npx flink-apphost\`, which uses the Node that this project brings (${ofProject})`
    : "install a newer one from https://nodejs.org, or one for this project alone by " +
        "`npm install --save-dev node@24`, which `npx flink-apphost` then uses";
}

/** Why this process cannot go on; undefined when it can. */
export function describeOldNode(node = findNodeInUse(), minimum = readPackage().engines.node): string | undefined {
  if (isNodeRecent(node.version, minimum)) return undefined;
  const needed = minimum.replace(/^\D*/, "");
  return `flink-apphost needs Node ${needed} or newer, and this is ${node.version} (${node.path}): ${adviseNode(node)}`;
}

/** The project's Node is in the `node_modules` of this checkout, or in those that this package is installed in. */
export function findNodeInUse(): NodeInUse {
  const folder = findPackageFolder();
  const places = [join(folder, "node_modules", ".bin", "node"), join(folder, "..", ".bin", "node")];
  const ofProject = places.find((path) => existsSync(path));
  return {
    version: process.versions.node,
    path: realpathSync(process.execPath),
    ofProject: ofProject === undefined ? undefined : realpathSync(ofProject),
  };
}
