/**
 * Leadership of JobManagers. The epoch is the only durable counter of the system: the files `epoch-<n>` in the run's
 * checkpoints folder, of which each JobManager life creates the next one exclusively. Two that start at the same time
 * get different epochs, and the store refuses the lower one. A JobManager that lives so long that it needs further
 * numbers (numbering.ts) claims further epochs in the same way.
 */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createError } from "../../common/foundation/errors.ts";
import { createExclusively } from "../checkpoint/durable-file.ts";

/** How often another JobManager may take the number before us. Each attempt looks again, so one is nearly always enough. */
const ATTEMPTS_MAX = 100;

export async function claimEpoch(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const epoch = (await readHighestEpoch(folder)) + 1;
    if (await createExclusively(join(folder, `epoch-${epoch}`))) return epoch;
  }
  throw createError("ASSERTION_FAILED", { what: `no epoch could be claimed in ${folder} in ${ATTEMPTS_MAX} attempts` });
}

/** Claims the epoch right above that one. False: another JobManager has it. */
export function claimFollowingEpoch(folder: string, epoch: number): Promise<boolean> {
  return createExclusively(join(folder, `epoch-${epoch + 1}`));
}

/** 0 when no epoch was claimed yet. */
export async function readHighestEpoch(folder: string): Promise<number> {
  let highest = 0;
  for (const name of await readdir(folder)) {
    const match = /^epoch-(\d{1,9})$/.exec(name);
    if (match !== null) highest = Math.max(highest, Number(match[1]));
  }
  return highest;
}
