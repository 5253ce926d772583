/** A JVM that reads an archive of its classes, or leaves one (`class-archive.ts`), in the folder in which it runs. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { ChildExit, RunningServer } from "../processes/child-process.ts";
import type { ResourceLog } from "../processes/resource-log.ts";
import { type AbsentArchive, type ClassArchive, keepClassArchive } from "./class-archive.ts";

/** Both plain: a path of a user may have what a JVM takes for a divider. */
export interface ArchiveNames {
  /** A symbolic link to the one that is kept. */
  readonly kept: string;
  /** The one that is left where there is none. */
  readonly made: string;
}

/** Of an archive that does not fit after all the JVM would warn, and go on. */
const NO_ARCHIVE_WARNINGS = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"];
/** Verifying and writing some ten thousand classes, on a machine on which twenty other JVMs end at the same time. */
const MAKING_MS_MAX = 30_000;

export function linkArchive(archive: ClassArchive, folder: string, { kept }: ArchiveNames): void {
  if (archive.kind === "kept") symlinkSync(archive.path, join(folder, kept));
}

export const readsArchive = ({ kind }: ClassArchive, { kept }: ArchiveNames): readonly string[] =>
  kind === "kept" ? [`-XX:SharedArchiveFile=${kept}`, ...NO_ARCHIVE_WARNINGS] : [];

export const leavesArchive = ({ kind }: ClassArchive, { made }: ArchiveNames): readonly string[] =>
  kind === "absent" ? [`-XX:ArchiveClassesAtExit=${made}`, ...NO_ARCHIVE_WARNINGS] : [];

/** Its end is told when the archive is in its place: the folder is removed after that. */
export function keepAtItsEnd(
  server: RunningServer,
  archive: AbsentArchive,
  { made, log }: { /** Its path. */ readonly made: string; readonly log: ResourceLog },
): RunningServer {
  const keep = async (exit: ChildExit): Promise<ChildExit> => {
    // Whatever a signal ended in the middle of it is no archive.
    if (exit.kind !== "exit") return exit;
    const reason = await keepClassArchive(archive, made);
    if (reason !== null) log.write(`host  the archive of classes is not kept: ${reason}\n`);
    return exit;
  };
  return {
    ...server,
    exited: server.exited.then(keep),
    stop: (budgetMs) => server.stop(Math.max(budgetMs, MAKING_MS_MAX)),
  };
}
