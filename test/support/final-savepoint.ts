/** What happens to a run on Apache Flink in the moment in which the final savepoint of its job is complete. */
import { join } from "node:path";
import { listSavepoints } from "../../apphost/drivers/flink/retained-checkpoints.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { processOf } from "./faults.ts";
import type { Cli } from "./run-cli.ts";

const WAIT_MS_MAX = 240_000;
/** Of the id of any job. */
const ANY_JOB = "";

/** Between the savepoint and the end of the job there are some milliseconds; where it has ended by then, nothing is wrong. */
export async function killBehindSavepoint(cli: Cli, name: string): Promise<void> {
  await cli.waitForEvent("waiting", (event) => event.for === "the job to stop with a final checkpoint", WAIT_MS_MAX);
  const pid = await processOf(cli, name);
  const folder = join(runFolder.data(await cli.runDir(), "flink"), "savepoints");
  const look = () => (listSavepoints(folder, ANY_JOB).length > 0 ? true : undefined);
  await waitUntil(look, { what: "the final savepoint", deadlineMs: WAIT_MS_MAX, intervalMs: 1 });
  process.kill(pid, "SIGKILL");
}
