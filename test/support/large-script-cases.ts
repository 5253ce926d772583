/** The scripts on the largest states that a job may have: 350 partitions and 140 TaskManagers, or 339 and 256. */
import { taskManagerName } from "../../simulator/common/contract/names.ts";
import {
  encodeFenceAll,
  encodeInit,
  encodeRecover,
  initialFields,
} from "../../simulator/common/contract/state/redis-script-codec.ts";
import type { ScriptName } from "../../simulator/common/contract/state/redis-scripts.ts";
import { byField, partitionField, taskManagersMax } from "../../simulator/common/contract/state/redis-state.ts";
import { type Hash, type ScriptCase, STATE_KEYS } from "./script-cases.ts";

const G = 2_000_009;

function largestState(partitions: number, life: string): Hash {
  const startOffsets = Array.from({ length: partitions }, () => 0);
  const fields = initialFields({ epoch: 1, life, redisRunId: "r1", startOffsets });
  for (let tm = 1; tm <= taskManagersMax(partitions); tm += 1) fields[byField(taskManagerName(tm))] = String(tm);
  return fields;
}

function casesOf(partitions: number): ScriptCase[] {
  const size = `${partitions} partitions and ${taskManagersMax(partitions)} TaskManagers`;
  const before = largestState(partitions, "L1");
  const restored = { ...largestState(partitions, "L5"), "offset:0": "7" };
  const startOffsets = Array.from({ length: partitions }, () => 0);
  const fences = Object.fromEntries(startOffsets.map((_, p) => [partitionField("fence", p), String(G)]));
  const create = (script: ScriptName, name: string, c: Pick<ScriptCase, "before" | "argv" | "answer" | "changes">) => ({
    name: `${script}: ${size}${name}`,
    script,
    keys: STATE_KEYS,
    ...c,
  });
  return [
    create("RECOVER", ", into an empty Redis", {
      before: {},
      argv: encodeRecover({ epoch: 2, fields: restored }),
      answer: ["RECOVERED"],
      changes: { ...restored, epoch: "2" },
    }),
    create("RECOVER", ", over the life before", {
      before,
      argv: encodeRecover({ epoch: 2, fields: restored }),
      answer: ["RECOVERED"],
      changes: { life: "L5", epoch: "2", "offset:0": "7" },
    }),
    create("FENCE_ALL", "", {
      before,
      argv: encodeFenceAll({ epoch: 2, g: G }),
      answer: ["FENCED", "0"],
      changes: { ...fences, phase: "stopped", epoch: "2" },
    }),
    create("INIT", "", {
      before,
      argv: encodeInit({ epoch: 2, life: "L2", redisRunId: "r2", startOffsets }),
      answer: ["EXISTS", "L1", "r1", "running"],
      changes: { epoch: "2" },
    }),
  ];
}

export const LARGE_SCRIPT_CASES: readonly ScriptCase[] = [339, 350].flatMap(casesOf);
