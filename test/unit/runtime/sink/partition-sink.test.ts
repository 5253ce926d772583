import { beforeEach, describe, expect, it } from "vitest";
import type { ApplyRow } from "../../../../simulator/common/contract/files/applied-log.ts";
import { mix32 } from "../../../../simulator/common/contract/message.ts";
import { startRunClock } from "../../../../simulator/common/foundation/clock.ts";
import { PartitionSink, type SinkEnd } from "../../../../simulator/runtime/sink/partition-sink.ts";
import { createTaskCounters } from "../../../../simulator/runtime/task-manager/task-counters.ts";
import { columnsOf } from "../../../support/record-columns.ts";
import { ScriptedStore, settled } from "../../../support/scripted-store.ts";

let store: ScriptedStore;
let rows: ApplyRow[];
let ends: SinkEnd[];
let flow: string[];
let counters: ReturnType<typeof createTaskCounters>;
let sink: PartitionSink;
let failAppend: Error | undefined;

beforeEach(() => {
  store = new ScriptedStore();
  rows = [];
  ends = [];
  flow = [];
  failAppend = undefined;
  counters = createTaskCounters();
  sink = new PartitionSink({
    store,
    counters,
    appliedLog: {
      append: (row) => {
        if (failAppend !== undefined) throw failAppend;
        rows.push(row);
      },
    },
    clock: startRunClock(),
    tm: "taskmanager-01",
    life: "L1",
    p: 4,
    g: 1_000_007,
    offset: 10,
    lastId: 5,
    pauseSource: () => flow.push("pause"),
    resumeSource: () => flow.push("resume"),
    onEnd: (end) => ends.push(end),
  });
});

function add(ids: readonly number[], next: number, timestampsUs: readonly number[] = []): void {
  sink.add(columnsOf(ids, timestampsUs), next);
  sink.flush();
}

describe("PartitionSink", () => {
  it("sends one APPLY at a time and merges what arrives meanwhile (S1, S2)", async () => {
    add([6, 7], 12);
    add([8], 13);
    add([8, 9], 16);
    expect(store.applies).toHaveLength(1);
    const first = await store.answerApply({ kind: "ok", base: 100 });
    expect(first).toMatchObject({ life: "L1", p: 4, g: 1_000_007, tm: "taskmanager-01", prev: 10, next: 12, n: 2 });
    expect(first).toMatchObject({ idSum: 13, idMix: mix32(6) + mix32(7), lastId: 7, disorder: 0 });
    const second = await store.answerApply({ kind: "ok", base: 102 });
    expect(second).toMatchObject({ prev: 12, next: 16, n: 3, idSum: 25, lastId: 9, disorder: 1 });
    expect(rows.map(({ prev, next, n, base }) => [prev, next, n, base])).toEqual([
      [10, 12, 2, 100],
      [12, 16, 3, 102],
    ]);
    expect(store.applies).toHaveLength(0);
    expect(sink.appliedOffset).toBe(16);
    expect(counters).toMatchObject({ processed: 5, applies: { ok: 2 } });
  });

  it("applies a batch without records", async () => {
    const columns = Object.assign(columnsOf([]), { rejected: 1, skipped: 2 });
    sink.add(columns, 13);
    sink.flush();
    expect(await store.answerApply({ kind: "ok", base: 0 })).toMatchObject({
      n: 0,
      rejected: 1,
      skipped: 2,
      lastId: 5,
    });
    expect(counters).toMatchObject({ processed: 0, rejected: 1, skipped: 2 });
  });

  it("treats DUP as the lost reply of its own APPLY", async () => {
    add([6], 11);
    await store.answerApply({ kind: "dup", base: 41 });
    expect(rows).toMatchObject([{ prev: 10, next: 11, base: 41 }]);
    expect(counters).toMatchObject({ processed: 1, applies: { ok: 0, dup: 1 } });
    expect(ends).toEqual([]);
  });

  it("appends the row before the next APPLY is sent, and sends none when that fails (S3)", async () => {
    add([6], 11);
    add([7], 12);
    failAppend = new Error("disk full");
    await store.answerApply({ kind: "ok", base: 0 });
    expect(store.applies).toHaveLength(0);
    expect(ends).toEqual([{ kind: "failed", error: failAppend }]);
  });

  it("ends on any other answer and sends nothing more (S5)", async () => {
    for (const [answer, end] of [
      [{ kind: "seek", offset: 3 }, { kind: "seek" }],
      [{ kind: "fenced", fence: 2_000_000 }, { kind: "fenced" }],
      [{ kind: "storeLost", life: "" }, { kind: "storeLost" }],
    ] as const) {
      ends = [];
      const one = new PartitionSink({
        store,
        counters,
        tm: "t",
        life: "L1",
        p: 0,
        g: 1,
        offset: 0,
        lastId: 0,
        clock: startRunClock(),
        appliedLog: { append: (row) => rows.push(row) },
        pauseSource: () => undefined,
        resumeSource: () => undefined,
        onEnd: (e) => ends.push(e),
      });
      one.add(columnsOf([1]), 1);
      one.flush();
      one.add(columnsOf([2]), 2);
      one.flush();
      await store.answerApply(answer);
      expect(ends).toEqual([end]);
      expect(store.applies).toHaveLength(0);
    }
    expect(rows).toEqual([]);
    expect(counters.applies).toEqual({ ok: 0, dup: 0, seek: 1, fenced: 1, storeLost: 1 });
  });

  it("pauses the source beyond its bound and resumes it after the reply (S4)", async () => {
    add([6], 11);
    const many = Array.from({ length: 40_000 }, (_, i) => i + 7);
    add(many, 40_011);
    expect(flow).toEqual([]);
    add(many, 80_011);
    add([1], 80_012);
    expect(flow).toEqual(["pause"]);
    await store.answerApply({ kind: "ok", base: 0 });
    expect(flow).toEqual(["pause", "resume"]);
    expect(await store.answerApply({ kind: "ok", base: 1 })).toMatchObject({ prev: 11, next: 80_012, n: 80_001 });
  });

  it("also bounds the runs of stamps that wait", () => {
    add([6], 11);
    const ids = Array.from({ length: 9_000 }, (_, i) => i + 7);
    add(ids, 9_011, ids);
    expect(flow).toEqual(["pause"]);
  });

  it("closed: drops what waits, and settles once the answer is in and its row appended (S3)", async () => {
    add([6], 11);
    add([7], 12);
    let settledCount = 0;
    sink.close(() => {
      settledCount += 1;
    });
    await settled();
    expect(settledCount).toBe(0);
    await store.answerApply({ kind: "ok", base: 9 });
    expect([settledCount, store.applies.length, rows.length]).toEqual([1, 0, 1]);
    expect(sink.appliedOffset).toBe(11);
  });

  it("closed while idle settles at once; closed in flight it still tells how that ended", async () => {
    let settledCount = 0;
    add([6], 11);
    sink.close(() => {
      settledCount += 1;
      expect(ends).toEqual([{ kind: "fenced" }]);
    });
    await store.answerApply({ kind: "fenced", fence: 9 });
    expect(settledCount).toBe(1);
  });

  it("reports an APPLY that gave up", async () => {
    add([6], 11);
    const error = new Error("Redis is away");
    store.applies.shift()?.fail(error);
    await settled();
    expect(ends).toEqual([{ kind: "failed", error }]);
  });
});
