/** Runs that were recorded once, for what must look the same each time: `test/screens/recorded/`, made by `record-run.ts`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ResourceDescription } from "../../apphost/model/description.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";

export const SCREENS = join(import.meta.dirname, "../screens");

export interface RecordedRun {
  /** With those of usage, up to the phase after the verdict. */
  readonly events: readonly HostEvent[];
  /** What `describe` answered in the middle of it. */
  readonly described: readonly ResourceDescription[];
  /** The text of each resource's log, by name. */
  readonly logs: Readonly<Record<string, string>>;
}

/** `passed`: taskmanager-07 is killed in the middle of it. `failed`: it takes longer than `--max-time`. */
export const readRecordedRun = (name: "passed" | "failed"): RecordedRun =>
  JSON.parse(gunzipSync(readFileSync(join(SCREENS, "recorded", `${name}.json.gz`))).toString("utf8")) as RecordedRun;
