/** What a native broker of a run keeps of a topic: its segments, without their indexes, which are laid out beforehand. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";

/** Null where there is no such topic, or no broker of the run. */
export function readTopicBytes(runDir: string, topic: string): number | null {
  const logs = join(runFolder.data(runDir, "kafka"), "log");
  try {
    const partitions = readdirSync(logs).filter((name) => name.startsWith(`${topic}-`));
    if (partitions.length === 0) return null;
    const segments = partitions.flatMap((partition) =>
      readdirSync(join(logs, partition))
        .filter((name) => name.endsWith(".log"))
        .map((name) => statSync(join(logs, partition, name)).size),
    );
    return segments.reduce((sum, bytes) => sum + bytes, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
