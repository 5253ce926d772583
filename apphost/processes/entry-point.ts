/**
 * Paths of the programs that the host starts. They are started by path and never imported, so a fault in one cannot
 * reach the host, and the host's start does not pay for their packages.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The file of an entry point, named from the top of the tree without extension. Compiled code finds compiled code and
 * source finds source: the compiler rewrites import specifiers but not paths, hence our own extension.
 */
export function entryPoint(name: string): string {
  return fileURLToPath(new URL(`../../${name}${extname(fileURLToPath(import.meta.url))}`, import.meta.url));
}

/** Where each kind of our programs starts, and the one that is no resource of the model. */
export const ENTRY = {
  jobmanager: "simulator/runtime/job-manager/main",
  taskmanager: "simulator/runtime/task-manager/main",
  "flink-job-simulator": "simulator/runtime/flink-job-simulator/main",
  mirror: "simulator/runtime/mirror/main",
  producer: "producer/main",
  validator: "scripts/validate/main",
  report: "scripts/report/main",
  warmUpReader: "simulator/runtime/warm-up/main",
} as const;

export type ProgramKind = Exclude<keyof typeof ENTRY, "warmUpReader">;
