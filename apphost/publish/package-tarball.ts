/**
 * The package as a tarball, for an image to install: made of the very program that runs, since it is in no registry, or
 * given by the user.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { findPackageFolder } from "../package-version.ts";

/** It reads and compresses two megabytes. */
const PACK_MS_MAX = 120_000;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const PROGRAM = join("dist", "apphost", "main.js");

/** Throws PACKAGE_NOT_PACKED. */
export async function packOwnPackage(packageFolder = findPackageFolder()): Promise<Buffer> {
  if (!existsSync(join(packageFolder, PROGRAM))) {
    throw notPacked(`${packageFolder} has no ${PROGRAM}: "npm run build" makes it`);
  }
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-pack-"));
  try {
    // What is installed has no script that could build it once more, and what runs here is built.
    const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder, packageFolder];
    await promisify(execFile)("npm", args, { cwd: folder, timeout: PACK_MS_MAX });
    const name = readdirSync(folder).find((file) => file.endsWith(".tgz"));
    if (name === undefined) throw notPacked("npm pack left no tarball");
    return readFileSync(join(folder, name));
  } catch (error) {
    throw isAppError(error) ? error : notPacked(describeFailure(error), error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws USAGE_OPTION_INVALID. */
export function readTarball(path: string): Buffer {
  const refuse = (how: string, cause?: unknown) =>
    createError(
      "USAGE_OPTION_INVALID",
      { option: "--package", value: path, expected: `a tarball of npm pack; ${how}` },
      cause,
    );
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw refuse(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, error);
  }
  if (!content.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) throw refuse("it is not compressed by gzip");
  return content;
}

const notPacked = (reason: string, cause?: unknown) => createError("PACKAGE_NOT_PACKED", { reason }, cause);

function describeFailure(error: unknown): string {
  const { code, stderr = "" } = error as NodeJS.ErrnoException & { readonly stderr?: string };
  if (code === "ENOENT") return "npm is not on the PATH";
  return `npm pack ended with ${code ?? "a signal"}: ${stderr.trim().split("\n").slice(-3).join(" ")}`;
}
