/** What a correct job leaves in Redis and in the run's folder, written by the test in the job's place. */

import { mkdir, writeFile } from "node:fs/promises";
import { sumIds } from "../../producer/load-profile.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { formatAppliedLogRow } from "../../simulator/common/contract/files/applied-log.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { idOfIndex, messagesInPartition } from "../../simulator/common/contract/message.ts";
import { redisAt } from "./addresses.ts";

export interface AppliedRun {
  readonly config: RunConfig;
  readonly runDir: string;
  /** URL. */
  readonly redis: string;
  readonly clock: { nowUs(): number };
}

const LIFE = "life-1";
/** As FENCE_ALL leaves it. */
const FENCE = 2_000_000;

/** The state of a stopped job that has applied ids 1 to `messages`, the published keys, and one row per partition. */
export async function writeAppliedRun(run: AppliedRun, messages: number): Promise<void> {
  const { config, runDir, clock } = run;
  const connection = await openRedis(redisAt(run.redis));
  const fields: Record<string, string> = {
    life: LIFE,
    redisRunId: connection.runId,
    phase: "stopped",
    epoch: "1",
    total: String(messages),
  };
  let total = 0;
  let rows = "";
  for (let p = 0; p < config.partitions; p += 1) {
    const n = messagesInPartition(p, messages, config);
    const g = 1_000_000 + p;
    const tm = `taskmanager-0${p + 1}`;
    const lastId = idOfIndex(p, n - 1, config);
    const numbers = { start: 0, offset: n, count: n, rejected: 0, skipped: 0, lastId, disorder: 0, fence: FENCE };
    for (const [field, value] of Object.entries({ ...numbers, ...sumIds(p, 0, n, config) })) {
      fields[`${field}:${p}`] = String(value);
    }
    fields[`last:${p}`] = `0:${n}:${n}:${total}:${g}:${tm}:${clock.nowUs()}`;
    fields[`by:${tm}`] = String(n);
    rows += formatAppliedLogRow({ kind: "acquire", life: LIFE, p, g, offset: 0 });
    rows += formatAppliedLogRow({
      kind: "apply",
      life: LIFE,
      p,
      g,
      prev: 0,
      next: n,
      n,
      base: total,
      tm,
      appliedAtUs: clock.nowUs(),
    });
    total += n;
  }
  await mkdir(runFolder.appliedFolder(runDir));
  // The last line is one whose writer died in it.
  await writeFile(runFolder.applied(runDir, "taskmanager-01", "a"), `${rows}A ${LIFE} 0 unterminated`);
  await connection.transport.call("HSET", [config.stateKey, ...Object.entries(fields).flat()]);
  const { publishedKey, counterKey, sequenceKey } = config;
  await connection.transport.call(
    "MSET",
    [publishedKey, counterKey, sequenceKey].flatMap((key) => [key, String(total)]),
  );
  connection.close();
}
