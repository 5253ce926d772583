/**
 * Leadership of JobManagers. The epoch is the only durable counter of the system: the files `epoch-<n>` in the run's
 * checkpoints folder, of which each JobManager life creates the next one exclusively. Two that start at the same time
 * get different epochs, and the store refuses the lower one.
 */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createError } from "../../common/foundation/errors.ts";
import { createExclusively } from "../checkpoint/durable-file.ts";

/** How often another JobManager may take the number before us. Each attempt looks again, so one is nearly always enough. */
const ATTEMPTS_MAX = 100;

export async function claimEpoch(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const epoch = highestEpoch(await readdir(folder)) + 1;
    if (await createExclusively(join(folder, `epoch-${epoch}`))) return epoch;
  }
  throw createError("ASSERTION_FAILED", { what: `no epoch could be claimed in ${folder} in ${ATTEMPTS_MAX} attempts` });
}

/** 0 when no epoch was claimed yet. */
function highestEpoch(names: readonly string[]): number {
  let highest = 0;
  for (const name of names) {
    const match = /^epoch-(\d{1,9})$/.exec(name);
    if (match !== null) highest = Math.max(highest, Number(match[1]));
  }
  return highest;
}
