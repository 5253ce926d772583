import { beforeEach, describe, expect, it } from "vitest";
import type { FetchedRecords } from "../../../../simulator/clients/kafka/assigned-partition.ts";
import { type AppliedLogRow, formatAppliedLogRow } from "../../../../simulator/common/contract/files/applied-log.ts";
import type { TaskManagerToJobManager } from "../../../../simulator/common/contract/job/rpc.ts";
import { startRunClock } from "../../../../simulator/common/foundation/clock.ts";
import { createLog } from "../../../../simulator/common/foundation/log.ts";
import { FlinkKafkaConsumerGroup } from "../../../../simulator/runtime/source/flink-kafka-consumer-group.ts";
import { PartitionTask } from "../../../../simulator/runtime/task-manager/partition-task.ts";
import { createTaskCounters } from "../../../../simulator/runtime/task-manager/task-counters.ts";
import { columnsOf } from "../../../support/record-columns.ts";
import { ScriptedStore, settled } from "../../../support/scripted-store.ts";

const P = 3;
const G1 = { life: "L1", g: 1_000_001 };
const G2 = { life: "L1", g: 1_000_002 };
const acquired = (offset: number) => ({ kind: "acquired", offset, lastId: 0, last: null }) as const;

let store: ScriptedStore;
let rows: AppliedLogRow[];
let reports: TaskManagerToJobManager[];
/** Steps of the source, in order: `read 10`, `release`. */
let source: string[];
let lost: string[];
let failures: unknown[];
/** What the decoder throws after its batch. */
let unreadable: Error | undefined;
let task: PartitionTask;

beforeEach(() => {
  store = new ScriptedStore();
  rows = [];
  reports = [];
  source = [];
  lost = [];
  failures = [];
  unreadable = undefined;
  task = new PartitionTask(P, {
    tm: "tm",
    store,
    appliedLog: { append: (...added) => rows.push(...added) },
    source: new FlinkKafkaConsumerGroup({
      reader: {
        assign: (_p, offset) => source.push(`read ${offset}`),
        release: () => source.push("release"),
        pause: () => source.push("pause"),
        resume: () => source.push("resume"),
      },
      commitOffsets: () => Promise.resolve(),
      onCommitFailed: () => undefined,
      log: createLog(() => undefined),
    }),
    counters: createTaskCounters(),
    clock: startRunClock(),
    // A record set of k bytes stands for k records.
    decoder: {
      decode: ({ start, end, fetchOffset }, output) => {
        const count = end - start;
        output.add(columnsOf(Array.from({ length: count }, (_, i) => fetchOffset + i + 1)), fetchOffset + count);
        if (unreadable !== undefined) throw unreadable;
      },
    },
    report: (message) => reports.push(message),
    onStoreLost: (life) => lost.push(life),
    onFailed: (error) => failures.push(error),
  });
});

function fetched(fetchOffset: number, count: number): FetchedRecords {
  return {
    p: P,
    buffer: Buffer.alloc(0),
    start: 0,
    end: count,
    fetchOffset,
    nextOffset: fetchOffset + count,
    lastStableOffset: 99,
    highWatermark: 99,
    abortedTransactions: [],
  };
}

async function run(offset: number): Promise<void> {
  task.assign(G1);
  await store.answerAcquire(acquired(offset));
}

describe("PartitionTask", () => {
  it("acquires, appends the rows, reads from ACQUIRE's offset, and says that it owns the partition (P1)", async () => {
    task.assign(G1);
    expect([task.kind, source]).toEqual(["acquiring", []]);
    const last = { prev: 5, next: 10, n: 4, base: 7, g: 1_000_000, tm: "other", sentAtUs: 1 };
    expect(await store.answerAcquire({ kind: "acquired", offset: 10, lastId: 9, last })).toEqual({ p: P, ...G1 });
    expect(rows.map(formatAppliedLogRow)).toEqual(["Q L1 3 1000001 10\n", "A L1 3 1000000 5 10 4 7 other 0\n"]);
    expect([task.kind, source, task.appliedOffset]).toEqual(["running", ["read 10"], 10]);
    expect(reports).toEqual([{ type: "owned", p: P, g: G1.g, offset: 10 }]);
  });

  it("goes on without a pause when the same claim is assigned again (P3)", async () => {
    task.assign(G1);
    task.assign({ ...G1 });
    await store.answerAcquire(acquired(0));
    task.assign({ ...G1 });
    task.receive(fetched(0, 5));
    task.assign({ ...G1 });
    expect(await store.answerApply({ kind: "ok", base: 0 })).toMatchObject({ prev: 0, next: 5, n: 5 });
    expect([store.acquires.length, source]).toEqual([0, ["read 0"]]);
  });

  it("releases after its APPLY in flight, and says so", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    task.receive(fetched(5, 5));
    task.assign(null);
    expect([task.kind, source.at(-1)]).toEqual(["releasing", "release"]);
    expect(reports).toHaveLength(1);
    await store.answerApply({ kind: "ok", base: 0 });
    expect([task.kind, store.applies.length]).toEqual(["gone", 0]);
    expect(reports.at(-1)).toEqual({ type: "released", p: P, g: G1.g });
    expect(rows.at(-1)).toMatchObject({ kind: "apply", prev: 0, next: 5 });
  });

  it("applies what comes before a batch that cannot be read (P5)", async () => {
    await run(0);
    unreadable = new Error("the second batch is compressed");
    expect(() => task.receive(fetched(0, 5))).toThrow(unreadable);
    // As the TaskManager does when a task failed: the APPLY in flight is awaited.
    task.drop(null);
    expect(task.kind).toBe("releasing");
    expect(await store.answerApply({ kind: "ok", base: 0 })).toMatchObject({ prev: 0, next: 5, n: 5 });
    expect([task.kind, rows.at(-1)]).toMatchObject(["gone", { kind: "apply", prev: 0, next: 5 }]);
  });

  it("acquires anew under another g only when nothing is in flight (P2)", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    task.assign(G2);
    expect(store.acquires).toHaveLength(0);
    await store.answerApply({ kind: "ok", base: 0 });
    expect(await store.answerAcquire(acquired(5))).toMatchObject(G2);
    expect(source).toEqual(["read 0", "release", "read 5"]);
    expect(reports.map(({ type }) => type)).toEqual(["owned", "owned"]);
  });

  it("acquires anew in another life, with the same g", async () => {
    await run(0);
    task.assign({ ...G1, life: "L2" });
    expect(await store.answerAcquire(acquired(2))).toMatchObject({ life: "L2" });
    expect(rows.at(-1)).toMatchObject({ life: "L2", offset: 2 });
  });

  it("takes the newest of several changes while ACQUIRE is in flight", async () => {
    task.assign(G1);
    task.assign(G2);
    await store.answerAcquire(acquired(0));
    expect([task.kind, source]).toEqual(["acquiring", []]);
    task.assign(null);
    await store.answerAcquire(acquired(0));
    expect(task.kind).toBe("gone");
    expect(reports).toEqual([{ type: "released", p: P, g: G2.g }]);
  });

  it("can be assigned again while it is released", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    task.assign(null);
    task.assign(G1);
    await store.answerApply({ kind: "ok", base: 0 });
    await store.answerAcquire(acquired(5));
    expect([task.kind, reports.map(({ type }) => type)]).toEqual(["running", ["owned", "owned"]]);
  });

  it("asks again where the store stands after SEEK, under the same claim", async () => {
    await run(10);
    task.receive(fetched(10, 5));
    await store.answerApply({ kind: "seek", offset: 4 });
    expect(await store.answerAcquire(acquired(4))).toMatchObject(G1);
    expect(source).toEqual(["read 10", "release", "read 4"]);
    task.receive(fetched(4, 3));
    expect(await store.answerApply({ kind: "ok", base: 0 })).toMatchObject({ prev: 4, next: 7 });
  });

  it("reports lost when it is fenced, by APPLY or by ACQUIRE, and stops", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    await store.answerApply({ kind: "fenced", fence: G2.g });
    expect([task.kind, source.at(-1), reports.at(-1)]).toEqual(["gone", "release", { type: "lost", p: P, g: G1.g }]);
    task.assign(G2);
    await store.answerAcquire({ kind: "fenced", fence: 3_000_000 });
    expect([task.kind, reports.at(-1)]).toEqual(["gone", { type: "lost", p: P, g: G2.g }]);
    expect(rows.filter(({ kind }) => kind === "apply")).toEqual([]);
  });

  it("goes on to the newer claim when the older one is fenced", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    task.assign(G2);
    await store.answerApply({ kind: "fenced", fence: G2.g });
    expect(await store.answerAcquire(acquired(0))).toMatchObject(G2);
    expect(task.kind).toBe("running");
  });

  it("drops a lost life without a report of its own, and waits for a new assignment", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    await store.answerApply({ kind: "storeLost", life: "" });
    expect([task.kind, lost, source.at(-1)]).toEqual(["gone", ["L1"], "release"]);
    expect(reports.map(({ type }) => type)).toEqual(["owned"]);
    // The same claim again means that the loss was a false alarm.
    task.assign(G1);
    await store.answerAcquire(acquired(0));
    expect(task.kind).toBe("running");
  });

  it("drops a life that another partition found lost, and keeps a claim of a newer one", async () => {
    await run(0);
    task.receive(fetched(0, 5));
    task.drop("L1");
    task.assign({ life: "L2", g: 2_000_001 });
    await store.answerApply({ kind: "storeLost", life: "L2" });
    task.drop("L1");
    expect(await store.answerAcquire(acquired(0))).toMatchObject({ life: "L2" });
    expect(reports.map(({ type }) => type)).toEqual(["owned", "owned"]);
  });

  it("refuses records that were fetched from elsewhere, and reads where it stands (P4)", async () => {
    await run(10);
    task.receive(fetched(50, 5));
    expect([store.applies.length, source.at(-1)]).toEqual([0, "read 10"]);
    task.assign(null);
    task.receive(fetched(10, 5));
    expect(store.applies).toHaveLength(0);
  });

  it("fails when the store gives up, in ACQUIRE and in APPLY", async () => {
    const error = new Error("unreachable");
    task.assign(G1);
    store.acquires.shift()?.fail(error);
    await settled();
    expect([task.kind, failures]).toEqual(["gone", [error]]);
    await run(0);
    task.receive(fetched(0, 5));
    store.applies.shift()?.fail(error);
    await settled();
    expect([task.kind, failures]).toEqual(["gone", [error, error]]);
  });

  it("never applies an offset twice or leaves one out, whatever the order of events", async () => {
    const seed = process.env["TEST_SEED"] === undefined ? Date.now() % 1_000_000 : Number(process.env["TEST_SEED"]);
    const outcome = await playRandomly(seed);
    expect({ seed, ...outcome }).toEqual({ seed, gaps: [], failures: [] });
  });
});

/** A model of Redis for one partition beside random assignments, fetches and delayed answers. */
async function playRandomly(seed: number): Promise<{ gaps: string[]; failures: unknown[] }> {
  let random = seed + 1;
  const below = (n: number) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % n;
  };
  let offset = 0;
  let fence = 0;
  let g = 0;
  const gaps: string[] = [];
  for (let step = 0; step < 3_000; step += 1) {
    const choice = below(7);
    // Somebody else fences this partition now and then, with a generation of its own.
    const fences = choice === 1 && below(10) === 0;
    if (fences || (choice === 0 && below(2) === 0)) g += 1;
    if (fences) fence = g;
    if (choice === 0) task.assign(below(3) === 0 ? null : { life: "L1", g });
    if (choice >= 2 && choice <= 4) {
      const from = source.filter((one) => one.startsWith("read")).at(-1);
      const at = task.appliedOffset ?? Number(from?.slice(5) ?? 0);
      task.receive(fetched(at + below(4), 1 + below(5)));
    }
    const acquire = choice === 5 ? store.acquires[0] : undefined;
    if (acquire !== undefined) {
      if (acquire.a.g >= fence) fence = acquire.a.g;
      await store.answerAcquire(acquire.a.g === fence ? acquired(offset) : { kind: "fenced", fence });
    }
    const apply = choice === 6 ? store.applies[0]?.a : undefined;
    if (store.applies.length > 1) gaps.push("two APPLYs in flight");
    if (apply !== undefined) {
      if (apply.g !== fence) await store.answerApply({ kind: "fenced", fence });
      else if (apply.prev !== offset || below(20) === 0) await store.answerApply({ kind: "seek", offset });
      else {
        if (apply.n !== apply.next - apply.prev) gaps.push(`${apply.prev} to ${apply.next} has ${apply.n} records`);
        offset = apply.next;
        await store.answerApply({ kind: "ok", base: apply.prev });
      }
    }
  }
  let expected = 0;
  for (const row of rows) {
    if (row.kind !== "apply") continue;
    if (row.prev !== expected) gaps.push(`a row begins at ${row.prev}, not at ${expected}`);
    expected = row.next;
  }
  if (offset !== expected || offset === 0) gaps.push(`${expected} of ${offset} have rows`);
  return { gaps, failures };
}
