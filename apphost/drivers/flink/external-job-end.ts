/**
 * The end of a job of ours on a Flink of others, where nothing of it is to stay.
 *
 * X1 It is cancelled: a savepoint would lie in somebody's storage.
 * X2 A job of the user's lets go of rows only where it is ended by a savepoint. So it is, where that Flink has a folder for
 *    savepoints, and the savepoint is removed again. Where it has none, that is said, and the job is cancelled.
 */
import { waitUntil } from "../../../simulator/common/foundation/deadline.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import type { Fields } from "../../../simulator/common/foundation/json-fields.ts";
import { askFlink, parseAnswer, readOperation } from "./flink-job-rest.ts";
import { readFlinkAnswer } from "./flink-rest.ts";
import { cancelJob, jobUrl } from "./job-cancellation.ts";

const INTERVAL_MS = 100;
const CONFIGURATION_MS_MAX = 5_000;
const DISPOSAL_MS_MAX = 20_000;
/** Flink's name of it, and the one before 1.20. */
const FOLDER_KEYS: readonly string[] = ["execution.checkpointing.savepoint-dir", "state.savepoints.dir"];

export interface ExternalJob {
  readonly restUrl: string;
  readonly jobId: string;
}

export interface ExternalJobEnd {
  cancel(deadlineMs: number): Promise<void>;
  /** `stop`: ends a job of the user's by a savepoint. Null: the built-in one, whose commits are applied, or are not waited for. */
  end(stop: (() => Promise<void>) | null, deadlineMs: number): Promise<void>;
}

/** `find`: once it is known where Flink is. */
export function createExternalJobEnd(find: () => Promise<ExternalJob>, warn: (text: string) => void): ExternalJobEnd {
  const cancel = async (deadlineMs: number): Promise<void> => {
    const { restUrl, jobId } = await find();
    await cancelJob(jobUrl(restUrl, jobId), deadlineMs);
  };
  return {
    cancel,
    async end(stop, deadlineMs) {
      if (stop === null) return cancel(deadlineMs);
      const job = await find();
      if (!(await hasSavepointFolder(job.restUrl))) {
        warn(
          `Flink has no folder for savepoints (${FOLDER_KEYS[0]}), so the job is cancelled, and what it has not let go of, ` +
            "as of open windows, does not come",
        );
        return cancel(deadlineMs);
      }
      await stop();
      try {
        await disposeFinalSavepoint(job);
      } catch (error) {
        warn(`the job's final savepoint stays in Flink's folder for savepoints: ${describeError(error)}`);
      }
    },
  };
}

async function hasSavepointFolder(restUrl: string): Promise<boolean> {
  const answer = await readFlinkAnswer(`${restUrl}/jobmanager/config`, AbortSignal.timeout(CONFIGURATION_MS_MAX));
  const entries = answer as readonly { readonly key: string; readonly value: string }[];
  return entries.some(({ key, value }) => FOLDER_KEYS.includes(key) && value !== "");
}

/** Nothing is left to be done where the job has none, as one that failed before. */
async function disposeFinalSavepoint({ restUrl, jobId }: ExternalJob): Promise<void> {
  const signal = AbortSignal.timeout(DISPOSAL_MS_MAX);
  const checkpoints = `${jobUrl(restUrl, jobId)}/checkpoints`;
  const path = parseAnswer(checkpoints, await askFlink(checkpoints, signal), readSavepointPath);
  if (path === null) return;
  const disposals = `${restUrl}/savepoint-disposal`;
  const asked = await askFlink(disposals, signal, "POST", { "savepoint-path": path });
  const disposal = `${disposals}/${parseAnswer(disposals, asked, (fields) => fields.text("request-id"))}`;
  const look = async (): Promise<"failed" | "done" | undefined> => {
    const state = parseAnswer(disposal, await askFlink(disposal, signal), readOperation);
    return state === "open" ? undefined : state;
  };
  const limit = { what: "the removal of the savepoint", deadlineMs: DISPOSAL_MS_MAX, intervalMs: INTERVAL_MS };
  if ((await waitUntil(look, limit)) === "failed") throw new Error(`Flink could not remove ${path}`);
}

function readSavepointPath(fields: Fields): string | null {
  const latest = fields.object("latest");
  return latest.nullable("savepoint", () => latest.object("savepoint").text("external_path"));
}
