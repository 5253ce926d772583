/**
 * An archive of the classes that a Java server loads (CDS), with which its JVMs start in two thirds of the time. The first
 * one of a Java and a version of the server leaves it at its end; it lies in the user's cache folder, and may be removed at
 * any time.
 *
 *   absent → being made → kept
 *                └ (that server was killed) → none, for a day
 *
 * A1 An archive is used only as K1 of `kept-files.ts` has it: a JVM maps it without looking, and one that was cut short is
 *    its end (SIGBUS).
 * A2 Its name also says for which program, Java, jars and flags it is. Another one is never offered; what a JVM finds
 *    unfit all the same it leaves aside by itself.
 * A3 Of each program at most KEPT_MAX stay, the newest, one for each Java and version: each has 50 to 90 MB.
 * A4 Nothing here ends or delays a start: without an archive a JVM starts as it always did.
 * A5 Making one takes a server some seconds more to end, and on an overloaded machine more than it has. So each is tried
 *    once a day, by one host at a time, and never where `CI` says that nobody will start again.
 */
import { constants, readdirSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { removeOwn, writeNewFile } from "../files/own-files.ts";
import {
  describeJar,
  describeJars,
  digestTexts,
  type FileKind,
  findKeptFile,
  isYounger,
  keepFile,
  openCacheFolder,
} from "./kept-files.ts";

export const KEPT_MAX = 3;
/** A3. */
const archivesOf = (program: string): FileKind => ({ begin: `${program}-`, extension: ".jsa", keptMax: KEPT_MAX });
/** A5: `<stem>.tried`. */
const TRIED = ".tried";
const DAY_MS = 86_400_000;

/** What an archive is for. */
export interface ArchiveSubject {
  /** A word of small letters, or several with dashes. */
  readonly program: string;
  /** Of the program. */
  readonly version: string;
  /** All that `java -version` prints. */
  readonly javaText: string;
  /** The folder of the jars. */
  readonly libs: string;
  /** A jar that lies elsewhere. */
  readonly furtherJar?: string;
  /** Those that decide whether an archive fits. */
  readonly jvmFlags: readonly string[];
}

export type ClassArchive =
  /** Why there will be none. */
  | { readonly kind: "none"; readonly reason: string }
  /** It is ours to make. */
  | { readonly kind: "absent"; readonly folder: string; readonly program: string; readonly stem: string }
  | { readonly kind: "kept"; readonly path: string };

export type AbsentArchive = Extract<ClassArchive, { kind: "absent" }>;

type Variables = Readonly<Record<string, string | undefined>>;

export async function findClassArchive(subject: ArchiveSubject, env: Variables): Promise<ClassArchive> {
  try {
    return await lookForArchive(subject, env);
  } catch (error) {
    // A4.
    return { kind: "none", reason: describeError(error) };
  }
}

async function lookForArchive(subject: ArchiveSubject, env: Variables): Promise<ClassArchive> {
  // One that does not share the JDK's own classes refuses to start when it is to archive others.
  if (!/\bsharing\b/.test(subject.javaText)) return { kind: "none", reason: "this Java shares no classes" };
  const folder = openCacheFolder(env);
  if (folder.kind === "none") return folder;
  const stem = stemOf(subject);
  const path = await findKeptFile(folder.path, archivesOf(subject.program), stem);
  if (path !== null) return { kind: "kept", path };
  return claimMaking({ kind: "absent", folder: folder.path, program: subject.program, stem }, env);
}

/** A5. */
function claimMaking(absent: AbsentArchive, env: Variables): ClassArchive {
  if ((env["CI"] ?? "") !== "") return { kind: "none", reason: "there is none, and CI is set" };
  const tried = join(absent.folder, `${absent.stem}${TRIED}`);
  if (isYounger(tried, DAY_MS)) return { kind: "none", reason: "there is none, and today one is or was being made" };
  removeOwn(tried);
  try {
    writeNewFile(tried, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { kind: "none", reason: "another host makes it" };
  }
  return absent;
}

/** A2. */
export function stemOf({ program, version, javaText, libs, furtherJar, jvmFlags }: ArchiveSubject): string {
  const javaVersion = /version "([\w.+-]+)/.exec(javaText)?.[1] ?? "unknown";
  const jars = [...describeJars(libs), ...(furtherJar === undefined ? [] : [describeJar(furtherJar)])];
  const digest = digestTexts([javaText, version, ...jvmFlags, ...jars]);
  return `${program}-${version}-java-${javaVersion}-${digest}`;
}

/** What a server left at `made`, for the next one. Returns why it is not kept; null: it is. */
export async function keepClassArchive({ folder, program, stem }: AbsentArchive, made: string): Promise<string | null> {
  // A server that was killed, or a JVM that makes none.
  if (statSync(made, { throwIfNoEntry: false }) === undefined) return `${program} left none`;
  const reason = await keepFile(folder, archivesOf(program), stem, (temporary) =>
    copyFile(made, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
  );
  if (reason === null) removeTried(folder, stem);
  return reason;
}

/** Its own, and those of which nobody asks any more. */
function removeTried(folder: string, stem: string): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(TRIED))) {
    const path = join(folder, name);
    if (name === `${stem}${TRIED}` || !isYounger(path, DAY_MS)) removeOwn(path);
  }
}
