/**
 * An archive of the classes that Kafka loads (CDS), with which its JVMs start in two thirds of the time. The first broker
 * of a Java and a Kafka leaves it at its end; it lies in the user's cache folder, and may be removed at any time.
 *
 *   absent → being made → kept
 *                └ (that broker was killed) → none, for a day
 *
 * A1 An archive is used only when it is ours, in a folder of ours, and has the digest that its name says: a JVM maps it
 *    without looking, and one that was cut short is its end (SIGBUS).
 * A2 Its name also says for which Java, which jars and which flags it is. Another one is never offered; what a JVM finds
 *    unfit all the same it leaves aside by itself.
 * A3 It gets its name when it is whole: two hosts at a time make two, and each is one.
 * A4 At most KEPT_MAX stay, the newest, one for each Java and Kafka: about 50 MB each.
 * A5 Nothing here ends or delays a start: without an archive a JVM starts as it always did.
 * A6 Making one takes a broker about three seconds more to end, and on an overloaded machine more than it has. So each is
 *    tried once a day, by one host at a time, and never where `CI` says that nobody will start again.
 */
import { createHash, randomBytes } from "node:crypto";
import { constants, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { cacheFolder } from "../files/cache-folder.ts";
import { findFlaw, inspectFolder, makeFolders, removeOwn, writeNewFile } from "../files/own-files.ts";

export const KEPT_MAX = 3;
const DIGEST_DIGITS = 16;
const NAME = /^kafka-.+-([0-9a-f]{16})-([0-9a-f]{16})\.jsa$/;
/** Left by a host that died while it copied; a copy takes a second. */
const TEMPORARY = /^\..+\.tmp$/;
const TEMPORARY_AGE_MS_MAX = 3_600_000;
/** A6: `<stem>.tried`. */
const TRIED = ".tried";
const DAY_MS = 86_400_000;

/** What an archive is for. */
export interface ArchiveSubject {
  /** All that `java -version` prints. */
  readonly javaText: string;
  readonly kafkaVersion: string;
  /** The folder of the jars. */
  readonly libs: string;
  /** Those that decide whether an archive fits. */
  readonly jvmFlags: readonly string[];
}

export type ClassArchive =
  /** Why there will be none. */
  | { readonly kind: "none"; readonly reason: string }
  /** It is ours to make. */
  | { readonly kind: "absent"; readonly folder: string; readonly stem: string }
  | { readonly kind: "kept"; readonly path: string };

type Variables = Readonly<Record<string, string | undefined>>;

export async function findClassArchive(subject: ArchiveSubject, env: Variables): Promise<ClassArchive> {
  try {
    return await lookForArchive(subject, env);
  } catch (error) {
    // A5.
    return { kind: "none", reason: describeError(error) };
  }
}

async function lookForArchive(subject: ArchiveSubject, env: Variables): Promise<ClassArchive> {
  // One that does not share the JDK's own classes refuses to start when it is to archive others.
  if (!/\bsharing\b/.test(subject.javaText)) return { kind: "none", reason: "this Java shares no classes" };
  const folder = cacheFolder(env);
  if (folder === null) return { kind: "none", reason: "this user has no cache folder" };
  makeFolders(folder);
  const found = inspectFolder(folder);
  if (found.kind === "refused") return { kind: "none", reason: `${folder} is not used: ${found.reason}` };
  const stem = stemOf(subject);
  for (const name of listArchives(folder).filter((one) => one.startsWith(`${stem}-`))) {
    const path = join(folder, name);
    if ((await digestOwn(path)) === NAME.exec(name)?.[2]) return { kind: "kept", path };
    removeOwn(path);
  }
  return claimMaking(folder, stem, env);
}

/** A6. */
function claimMaking(folder: string, stem: string, env: Variables): ClassArchive {
  if ((env["CI"] ?? "") !== "") return { kind: "none", reason: "there is none, and CI is set" };
  const tried = join(folder, `${stem}${TRIED}`);
  if (isYounger(tried, DAY_MS)) return { kind: "none", reason: "there is none, and today one is or was being made" };
  removeOwn(tried);
  try {
    writeNewFile(tried, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { kind: "none", reason: "another host makes it" };
  }
  return { kind: "absent", folder, stem };
}

const isYounger = (path: string, ageMs: number): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs < ageMs;
};

/** A2. */
export function stemOf({ javaText, kafkaVersion, libs, jvmFlags }: ArchiveSubject): string {
  // As Java lists them: an archive holds for one order of the class path.
  const jars = readdirSync(libs).map((name) => {
    const { size, mtimeMs } = statSync(join(libs, name));
    return [name, size, Math.floor(mtimeMs / 1_000)].join(" ");
  });
  const key = createHash("sha256").update([javaText, kafkaVersion, ...jvmFlags, ...jars].join("\n"));
  const javaVersion = /version "([\w.+-]+)/.exec(javaText)?.[1] ?? "unknown";
  return `kafka-${kafkaVersion}-java-${javaVersion}-${key.digest("hex").slice(0, DIGEST_DIGITS)}`;
}

/** Newest first. */
const listArchives = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => NAME.test(name))
    .map((name) => ({ name, atMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.atMs - a.atMs)
    .map(({ name }) => name);

/** A1. Undefined when it is not ours, or gone. */
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

/** A3. What a broker left at `made`, for the next one. Returns why it is not kept; null: it is. */
export async function keepClassArchive(
  archive: Extract<ClassArchive, { kind: "absent" }>,
  made: string,
): Promise<string | null> {
  const { folder, stem } = archive;
  // A broker that was killed, or a JVM that makes none.
  if (statSync(made, { throwIfNoEntry: false }) === undefined) return "the broker left none";
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  try {
    await copyFile(made, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const digest = await digestOwn(temporary);
    if (digest === undefined) return `${temporary} is not ours`;
    renameSync(temporary, join(folder, `${stem}-${digest}.jsa`));
    removeOwn(join(folder, `${stem}${TRIED}`));
    removeOld(folder);
    return null;
  } catch (error) {
    rmSync(temporary, { force: true });
    return describeError(error);
  }
}

/** A4. */
function removeOld(folder: string): void {
  const stems = new Set<string>();
  for (const name of listArchives(folder)) {
    const stem = basename(name, ".jsa").slice(0, -DIGEST_DIGITS);
    if (stems.has(stem) || stems.size >= KEPT_MAX) removeOwn(join(folder, name));
    stems.add(stem);
  }
  for (const name of readdirSync(folder)) {
    const ageMs = TEMPORARY.test(name) ? TEMPORARY_AGE_MS_MAX : name.endsWith(TRIED) ? DAY_MS : null;
    const path = join(folder, name);
    if (ageMs !== null && !isYounger(path, ageMs)) removeOwn(path);
  }
}
