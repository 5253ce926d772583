/**
 * The JobManager's own notes beside the checkpoints, by which a restarted one goes on by itself: the submitted graph,
 * the newest drain request, how somebody asked for the job's end, and how it ended.
 */
import { join } from "node:path";
import type { JobState } from "../../common/contract/child/child-messages.ts";
import type { DrainRequest, JobGraph } from "../../common/contract/job/rest.ts";
import type { ErrorCategory } from "../../common/foundation/error-row.ts";
import { readJson } from "../../common/foundation/json-file.ts";
import { writeDurably } from "../checkpoint/durable-file.ts";

/** A savepoint that ends the job, by the trigger by which it was asked for. */
export interface EndingSavepoint {
  readonly triggerId: string;
  readonly directory: string;
}

/** How somebody other than the host wants the job to end. Without one its end is by what was reached. */
export type EndRequest =
  | { readonly kind: "cancel" }
  | { readonly kind: "savepoint"; readonly savepoint: EndingSavepoint; readonly endsAs: "FINISHED" | "CANCELED" };

export interface JobOutcome {
  readonly state: Extract<JobState, "FINISHED" | "CANCELED" | "FAILED">;
  readonly reason: string | null;
  readonly category: ErrorCategory | null;
  readonly checkpointId: number;
  readonly total: number;
  /** FINISHED: the end offsets that were reached; a request for later ones was not. */
  readonly drainedTo: readonly number[] | null;
  /** With which it ended; null: none was asked for. */
  readonly savepoint: { readonly triggerId: string; readonly location: string } | null;
}

export interface JobFiles {
  readGraph(): Promise<JobGraph | undefined>;
  writeGraph(graph: JobGraph): Promise<void>;
  readDrain(): Promise<DrainRequest | undefined>;
  writeDrain(request: DrainRequest): Promise<void>;
  readEndRequest(): Promise<EndRequest | undefined>;
  writeEndRequest(request: EndRequest): Promise<void>;
  readOutcome(): Promise<JobOutcome | undefined>;
  writeOutcome(outcome: JobOutcome): Promise<void>;
}

export function openJobFiles(folder: string): JobFiles {
  const graph = join(folder, "job.json");
  const drain = join(folder, "drain.json");
  const endRequest = join(folder, "end-request.json");
  const outcome = join(folder, "outcome.json");
  const write = (path: string, value: object) => writeDurably(path, `${JSON.stringify(value)}\n`);
  return {
    readGraph: () => readJson<JobGraph>(graph),
    writeGraph: (value) => write(graph, value),
    readDrain: () => readJson<DrainRequest>(drain),
    writeDrain: (value) => write(drain, value),
    readEndRequest: () => readJson<EndRequest>(endRequest),
    writeEndRequest: (value) => write(endRequest, value),
    readOutcome: () => readJson<JobOutcome>(outcome),
    writeOutcome: (value) => write(outcome, value),
  };
}
