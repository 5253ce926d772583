/**
 * Files that one run leaves in the user's cache folder for the next ones. Each is named by what it is for, its stem, and by
 * the digest of its content. All may be removed at any time.
 *
 * K1 One is found only when it is ours, in a folder of ours, and has the digest that its name says: who reads it does not
 *    look, and one that was cut short must never be read.
 * K2 It gets its name when it is whole: two hosts at a time make two, and each is one.
 * K3 Of each kind at most `keptMax` stay, the newest, one for each stem.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { cacheFolder } from "../files/cache-folder.ts";
import { findFlaw, inspectFolder, makeFolders, removeOwn } from "../files/own-files.ts";

const DIGEST_DIGITS = 16;
/** Left by a host that died while it wrote; writing takes a second. */
const TEMPORARY = /^\..+\.tmp$/;
const TEMPORARY_AGE_MS_MAX = 3_600_000;

export interface FileKind {
  /** What their stems begin with: kinds with one extension are told apart by it. */
  readonly begin: string;
  /** With its dot. */
  readonly extension: string;
  readonly keptMax: number;
}

export type CacheFolder =
  | { readonly kind: "open"; readonly path: string }
  /** Why nothing is kept. */
  | { readonly kind: "none"; readonly reason: string };

/** Makes it where it is missing; throws where it cannot be made. */
export function openCacheFolder(env: Readonly<Record<string, string | undefined>>): CacheFolder {
  const path = cacheFolder(env);
  if (path === null) return { kind: "none", reason: "this user has no cache folder" };
  makeFolders(path);
  const found = inspectFolder(path);
  return found.kind === "refused"
    ? { kind: "none", reason: `${path} is not used: ${found.reason}` }
    : { kind: "open", path };
}

/** K1. Its path; those that are not what their names say are removed. */
export async function findKeptFile(folder: string, kind: FileKind, stem: string): Promise<string | null> {
  for (const { name, digest } of listKept(folder, kind).filter((one) => one.stem === stem)) {
    const path = join(folder, name);
    if ((await digestOwn(path)) === digest) return path;
    removeOwn(path);
  }
  return null;
}

/** K2: `write` makes the file at the path that it is given. Returns why nothing is kept; null: it is. */
export async function keepFile(
  folder: string,
  kind: FileKind,
  stem: string,
  write: (temporary: string) => Promise<void>,
): Promise<string | null> {
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  try {
    await write(temporary);
    const digest = await digestOwn(temporary);
    if (digest === undefined) return `${temporary} is not ours`;
    renameSync(temporary, join(folder, `${stem}-${digest}${kind.extension}`));
    removeOld(folder, kind);
    return null;
  } catch (error) {
    rmSync(temporary, { force: true });
    return describeError(error);
  }
}

/** What changes when another set of jars lies there. As Java lists them: a class path holds for one order of them. */
export const describeJars = (libs: string): string[] => readdirSync(libs).map((name) => describeJar(join(libs, name)));

/** What a JVM compares before it takes classes of this jar from an archive. */
export function describeJar(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return [basename(path), size, Math.floor(mtimeMs / 1_000)].join(" ");
}

/** A part of a stem that is another one for other texts. */
export const digestTexts = (texts: readonly string[]): string =>
  createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, DIGEST_DIGITS);

export const isYounger = (path: string, ageMs: number): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs < ageMs;
};

interface KeptFile {
  readonly name: string;
  readonly stem: string;
  readonly digest: string;
  readonly atMs: number;
}

/** Newest first. */
function listKept(folder: string, { begin, extension }: FileKind): KeptFile[] {
  const files: KeptFile[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(begin) || !name.endsWith(extension)) continue;
    const [, stem, digest] = /^(.+)-([0-9a-f]{16})$/.exec(name.slice(0, -extension.length)) ?? [];
    if (stem === undefined || digest === undefined) continue;
    files.push({ name, stem, digest, atMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 });
  }
  return files.sort((a, b) => b.atMs - a.atMs);
}

/** K1. Undefined when it is not ours, or gone. */
async function digestOwn(path: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // A link, or removed by another host: either way it is not there for us.
    return undefined;
  }
  try {
    if (findFlaw(await file.stat(), "file") !== undefined) return undefined;
    const digest = createHash("sha256");
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1_048_576 })) {
      digest.update(chunk as Buffer);
    }
    return digest.digest("hex").slice(0, DIGEST_DIGITS);
  } finally {
    await file.close();
  }
}

/** K3. */
function removeOld(folder: string, kind: FileKind): void {
  const stems = new Set<string>();
  for (const { name, stem } of listKept(folder, kind)) {
    if (stems.has(stem) || stems.size >= kind.keptMax) removeOwn(join(folder, name));
    stems.add(stem);
  }
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (TEMPORARY.test(name) && !isYounger(path, TEMPORARY_AGE_MS_MAX)) removeOwn(path);
  }
}
