/**
 * The folder that is published, and what may be replaced in it.
 *
 * W1 A file is replaced only where it holds what was published there last. What somebody else wrote, or has changed since,
 *    is theirs: all such files are named at once, and nothing is written. `isForced` replaces them, too.
 * W2 What is no plain file, a link above all, is never replaced; and nothing is written through a link in the folder.
 * W3 A secret that was published stays as it is: what runs already was started with it.
 * W4 The record of what was published is written last. Where that did not come to pass, the files that are already what
 *    they are to be are in nobody's way.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { parseJson } from "../../simulator/common/foundation/json-fields.ts";
import { lookAt, makeFolders, temporaryNameOf } from "../files/own-files.ts";
import type { PublishedFile } from "./published-files.ts";

export const RECORD_NAME = ".flink-apphost-publish.json";
const RECORD_MODE = 0o644;

export type Written = "new" | "replaced" | "unchanged" | "kept";

interface Plan {
  readonly file: PublishedFile;
  readonly outcome: Written | "foreign";
}

/** Says of each file what became of it. Throws PUBLISH_REFUSED or OUTPUT_REFUSED before anything is written. */
export function writePublishedFolder(
  folder: string,
  files: readonly PublishedFile[],
  { isForced }: { readonly isForced: boolean },
): ReadonlyMap<string, Written> {
  const record = readRecord(folder);
  const plans = files.map((file) => ({ file, outcome: decideOutcome(folder, file, record) }));
  const foreign = plans.filter(({ outcome }) => outcome === "foreign").map(({ file }) => file.name);
  if (record === "foreign") foreign.push(RECORD_NAME);
  if (foreign.length > 0 && !isForced) throw createError("PUBLISH_REFUSED", { folder, files: foreign });
  const outcomes = new Map<string, Written>();
  try {
    makeFolders(folder);
    for (const { file, outcome } of plans) {
      makeFolders(dirname(join(folder, file.name)));
      outcomes.set(file.name, outcome === "foreign" ? "replaced" : outcome);
      if (outcome !== "unchanged" && outcome !== "kept") replaceFile(join(folder, file.name), file.content, file.mode);
    }
    replaceFile(join(folder, RECORD_NAME), formatRecord(plans, record), RECORD_MODE);
  } catch (error) {
    throw isAppError(error) ? error : refuse(folder, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
  return outcomes;
}

const refuse = (path: string, reason: string, cause?: unknown) =>
  createError("OUTPUT_REFUSED", { path, reason: `the system says ${reason}` }, cause);

function decideOutcome(folder: string, file: PublishedFile, record: PublishRecord | "foreign"): Plan["outcome"] {
  refuseLeading(folder, dirname(file.name));
  const present = readPlainFile(join(folder, file.name));
  if (present === null) return "new";
  const recorded = record === "foreign" ? undefined : record.get(file.name);
  if (file.isSecret && recorded !== undefined) return "kept";
  const presentDigest = digestOf(present);
  if (presentDigest === digestOf(file.content)) return "unchanged";
  return presentDigest === recorded ? "replaced" : "foreign";
}

/** Throws where a folder on the way to a file is none (W2). */
function refuseLeading(folder: string, name: string): void {
  if (name === ".") return;
  refuseLeading(folder, dirname(name));
  const path = join(folder, name);
  const stats = lookAt(path);
  if (stats === undefined || stats.isDirectory()) return;
  const reason = stats.isSymbolicLink() ? "it is a symbolic link" : "it is not a folder";
  throw createError("OUTPUT_REFUSED", { path, reason });
}

/** Null: there is none. Throws where something else has the name (W2), and where it cannot be read. */
function readPlainFile(path: string): Buffer | null {
  const stats = lookAt(path);
  if (stats === undefined) return null;
  if (!stats.isFile()) {
    const reason = stats.isSymbolicLink() ? "it is a symbolic link" : "it is not a file";
    throw createError("OUTPUT_REFUSED", { path, reason });
  }
  try {
    return readFileSync(path);
  } catch (error) {
    throw refuse(path, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

/** By name, the digest of what was published there. */
type PublishRecord = ReadonlyMap<string, string>;

function readRecord(folder: string): PublishRecord | "foreign" {
  const text = readPlainFile(join(folder, RECORD_NAME));
  if (text === null) return new Map();
  const parsed = parseJson(text.toString("utf8"), (fields) =>
    fields.list("files", (file) => [file.text("name"), file.text("sha256", /^[0-9a-f]{64}$/)] as const),
  );
  return parsed.kind === "malformed" ? "foreign" : new Map(parsed.value);
}

/** Of a secret that was kept, what was published is still what it was. */
function formatRecord(plans: readonly Plan[], record: PublishRecord | "foreign"): string {
  const files = plans.map(({ file, outcome }) => {
    const recorded = outcome === "kept" && record !== "foreign" ? record.get(file.name) : undefined;
    return { name: file.name, sha256: recorded ?? digestOf(file.content) };
  });
  return `${JSON.stringify({ writtenBy: "flink-apphost publish", files }, null, 2)}\n`;
}

const digestOf = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** A reader finds the old content or the new one, and nobody else a secret meanwhile. */
function replaceFile(path: string, content: string | Buffer, mode: number): void {
  const temporary = temporaryNameOf(path);
  try {
    writeFileSync(temporary, content, { flag: "wx", mode });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
