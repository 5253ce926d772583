/**
 * This package as a stranger gets it: packed, and installed by npm into an empty project, with its dependencies from the
 * registry that is configured here. Nothing in it leads back to the checkout.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ROOT } from "./dist.ts";

const INSTALL_MS_MAX = 300_000;
const RUN_MS_MAX = 120_000;
/** What is in npm's cache is not asked for again. */
const INSTALL = ["install", "--prefer-offline", "--no-audit", "--no-fund"];

export interface PackedFile {
  readonly path: string;
}

export interface Packed {
  readonly tarball: string;
  readonly files: readonly PackedFile[];
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws, with everything it printed, when it fails. */
export function runNpm(args: readonly string[], cwd: string): string {
  const ended = spawnSync("npm", args, { cwd, encoding: "utf8", timeout: INSTALL_MS_MAX });
  if (ended.status === 0) return ended.stdout;
  throw new Error(`npm ${args.join(" ")} ended with ${ended.status}\n${ended.stdout}${ended.stderr}`);
}

export function packInto(folder: string): Packed {
  const [packed] = JSON.parse(runNpm(["pack", "--json", "--pack-destination", folder], ROOT)) as [
    { readonly filename: string; readonly files: readonly PackedFile[] },
  ];
  return { tarball: join(folder, packed.filename), files: packed.files };
}

export const createFolder = (): string => mkdtempSync(join(tmpdir(), "flink-apphost-package-"));
/** Everything in it, as its packages were installed. */
export const copyProject = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** As `npm init -y` leaves it. */
export const initialize = (folder: string): string => runNpm(["init", "-y"], folder);
export const install = (folder: string, ...packages: string[]): string => runNpm([...INSTALL, ...packages], folder);

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** Runs a program of the PATH by the Node in `nodeFolder`, whatever Node runs this test. */
export function runBy(nodeFolder: string, command: readonly [string, ...string[]], cwd: string): Ended {
  const [program, ...args] = command;
  const binaries = join(nodeFolder, "node_modules", ".bin");
  // npm's variables, of the `npm test` that runs this, would lead it back to the checkout.
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|FLINK_APPHOST_|KAFKA_|NODE_)/i.test(name));
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.startsWith(ROOT));
  const env = { ...Object.fromEntries(kept), PATH: [binaries, ...path].join(delimiter) };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: "utf8", timeout: RUN_MS_MAX });
  return { status, stdout, stderr };
}
