import { expect, test } from "vitest";
import { type JobState, parseJobState } from "../../../../simulator/common/contract/state/redis-state.ts";
import {
  buildInitialFields,
  buildRecoveredFields,
  chooseRecovery,
} from "../../../../simulator/runtime/checkpoint/recovery-state.ts";

const first = { life: "life-1", redisRunId: "run-1", epoch: 1 };

/** A consistent state in which `counts[p]` records of partition p are applied. */
function fieldsAt(counts: readonly number[], more: Record<string, string> = {}): Record<string, string> {
  const fields = buildInitialFields(
    first,
    counts.map(() => 5),
  );
  let total = 0;
  for (const [p, count] of counts.entries()) {
    fields[`count:${p}`] = String(count);
    fields[`offset:${p}`] = String(5 + count);
    total += count;
  }
  return { ...fields, total: String(total), ...more };
}

function stateOf(fields: Record<string, string>): JobState {
  const parsed = parseJobState(fields, 2);
  if (parsed.kind !== "complete") throw new Error(parsed.kind);
  return parsed.state;
}
const candidate = (fields: Record<string, string>) => ({ fields, state: stateOf(fields) });

test("the initial state is complete and consistent, with the start offsets", () => {
  const state = stateOf(buildInitialFields(first, [3, 8]));
  expect(state.partitions.map(({ start, offset, count }) => [start, offset, count])).toEqual([
    [3, 3, 0],
    [8, 8, 0],
  ]);
});

test("of two usable states the one further on is taken", () => {
  const behind = fieldsAt([1, 1]);
  const ahead = fieldsAt([4, 1]);
  expect(chooseRecovery(ahead, 2, candidate(behind), [])?.from).toBe("redis");
  expect(chooseRecovery(behind, 2, candidate(ahead), [])?.from).toBe("checkpoint");
});

test("a state of Redis that is missing, incomplete or inconsistent is not taken, however far it is", () => {
  const checkpoint = candidate(fieldsAt([1, 1]));
  const { "offset:1": _, ...incomplete } = fieldsAt([9, 9]);
  const torn = { ...fieldsAt([9, 9]), total: "17" };
  const skipped = { ...fieldsAt([9, 9]), "offset:0": "99" };
  for (const hash of [{}, incomplete, torn, skipped]) {
    expect(chooseRecovery(hash, 2, checkpoint, [])?.from).toBe("checkpoint");
    expect(chooseRecovery(hash, 2, undefined, [])).toBeUndefined();
  }
});

test("a state above a cut that came after its life is not taken: its log rows are void", () => {
  const cut = { life: "life-2", atUs: 1, from: "checkpoint" as const, reason: "", offsets: [6, 6] };
  const old = fieldsAt([9, 9]);
  expect(chooseRecovery(old, 2, undefined, [cut])).toBeUndefined();
  expect(chooseRecovery({ ...old, life: "life-2" }, 2, undefined, [cut])?.from).toBe("redis");
  expect(chooseRecovery(fieldsAt([1, 1]), 2, undefined, [cut])?.from).toBe("redis");
});

test("the new life keeps every count, has new fences, and zeroes what the old hash had beyond the checkpoint", () => {
  const chosen = candidate(fieldsAt([2, 3], { "by:taskmanager-01": "5" }));
  let g = 100;
  const present = { ...fieldsAt([9, 9]), "by:taskmanager-02": "4", "by:taskmanager-01": "14" };
  const fields = buildRecoveredFields({ from: "checkpoint", ...chosen }, present, {
    life: "life-2",
    redisRunId: "run-2",
    epoch: 2,
    nextGeneration: () => {
      g += 1;
      return g;
    },
  });
  const state = stateOf(fields);
  expect(state).toMatchObject({ life: "life-2", redisRunId: "run-2", epoch: 2, total: 5 });
  expect(state.by).toEqual({ "taskmanager-01": 5, "taskmanager-02": 0 });
  expect(state.partitions.map(({ fence }) => fence)).toEqual([101, 102]);
});
