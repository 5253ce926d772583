/** The kinds of processes of which CPU time and memory are compared. Pure. */

/** Every program of a user's own is "other". */
export const PROCESS_KINDS = ["taskmanagers", "producer", "kafka", "redis", "jobmanager", "host", "other"] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

/** How a run ends is no part of its load: what validates and reports comes after it. */
const AFTER_THE_LOAD: readonly string[] = ["validator", "report"];

/** Null: it has no part in the load. */
export function processKindOf(name: string): ProcessKind | null {
  if (AFTER_THE_LOAD.includes(name)) return null;
  if (name.startsWith("taskmanager-")) return "taskmanagers";
  return PROCESS_KINDS.find((kind) => kind === name) ?? "other";
}
