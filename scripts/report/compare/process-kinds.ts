/** The kinds of processes of which CPU time and memory are compared. Pure. */
import { WARM_UP_PRODUCER, WARM_UP_READER } from "../../../simulator/common/contract/names.ts";

/** Every program of a user's own is "other". */
export const PROCESS_KINDS = ["taskmanagers", "producer", "kafka", "redis", "jobmanager", "host", "other"] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

/** A warm-up comes before the load, and what validates and reports after it. */
const OUTSIDE_THE_LOAD: readonly string[] = ["validator", "report", WARM_UP_PRODUCER, WARM_UP_READER];

/** Null: it has no part in the load. */
export function processKindOf(name: string): ProcessKind | null {
  if (OUTSIDE_THE_LOAD.includes(name)) return null;
  if (name.startsWith("taskmanager-")) return "taskmanagers";
  return PROCESS_KINDS.find((kind) => kind === name) ?? "other";
}
