/** What is drawn over time: bounded lists, and what counts as a mark. */
import { describe, expect, it } from "vitest";
import type { Mark } from "../../../../apphost/snapshot/histories.ts";
import { applyEvent, EMPTY_SNAPSHOT, type Snapshot } from "../../../../apphost/snapshot/snapshot.ts";
import type { HostEvent, HostEventBody, ProgressEvent } from "../../../../simulator/common/contract/events.ts";
import type { Check, Fault } from "../../../../simulator/common/contract/files/report.ts";
import { SAMPLE_START_US, sampleEvents, sampleProgress, sampleResource } from "../../../support/sample-events.ts";

const at = (ms: number, body: HostEventBody): HostEvent => ({ atUs: SAMPLE_START_US + ms * 1_000, ...body });
const reduce = (events: readonly HostEvent[], from: Snapshot = EMPTY_SNAPSHOT) => events.reduce(applyEvent, from);
const many = (count: number, make: (i: number) => HostEventBody) =>
  reduce(Array.from({ length: count }, (_, i) => at(i, make(i))));

const usage = (uses: Readonly<Record<string, number>>): HostEventBody => ({
  type: "usage",
  processes: Object.entries(uses).map(([name, cpuPercent]) => ({ name, cpuPercent, rssBytes: cpuPercent * 1_000 })),
  machine: { cpuPercent: 50, memoryPercent: 40 },
});
const checkpoint = (id: number, status: "completed" | "failed" = "completed"): HostEventBody => ({
  type: "checkpoint",
  id,
  status,
  durationMs: 12.5,
  total: 10 * id,
  reason: status === "failed" ? "it took too long" : null,
});
const fault = (target: string, recoveredAfterMs: number | null = null): HostEventBody => ({
  type: "fault",
  fault: { kind: "processExit", target, at: "", planned: false, detail: "signal SIGKILL", recoveredAfterMs } as Fault,
});
const owned = (owners: readonly (string | null)[]): ProgressEvent => ({
  ...sampleProgress(0.5),
  partitions: owners.map((owner, p) => ({ p, owner, lag: 0, perSecond: 0 })),
});
const check = (id: string, status: Check["status"] = "passed"): HostEventBody => ({
  type: "check",
  check: {
    id,
    title: id,
    independent: true,
    why: "",
    expected: "",
    actual: "",
    examined: 1,
    status,
    reason: "",
  } as unknown as Check,
});
const kindsOf = ({ marks }: Snapshot): readonly Mark["kind"][] => marks.map(({ kind }) => kind);

describe("usage", () => {
  it("is kept by name, newest last, also of those that are gone while there is a resource of that name", () => {
    const before = reduce([
      at(0, sampleResource("kafka", "kafka", "running")),
      at(1, usage({ host: 10, kafka: 20, stranger: 1 })),
      at(2, usage({ host: 11 })),
    ]);
    expect(before.usage?.processes).toHaveLength(1);
    expect(before.cpuHistory).toEqual({ host: [10, 11], kafka: [20] });
    expect(before.memoryHistory).toEqual({ host: [10_000, 11_000], kafka: [20_000] });
    const after = applyEvent(before, at(3, { type: "resourceRemoved", name: "kafka" }));
    expect(after.cpuHistory).toEqual({ host: [10, 11] });
    expect(after.memoryHistory).toEqual({ host: [10_000, 11_000] });
    expect(after.since).toEqual({});
  });

  it("is kept of a program whose name each object has, too", () => {
    const events = [at(0, sampleResource("constructor", "node-process", "running")), at(1, usage({ constructor: 7 }))];
    expect(reduce(events).cpuHistory).toEqual({ constructor: [7] });
    expect(reduce(events).since).toEqual({ constructor: SAMPLE_START_US });
  });

  it("is bounded", () => {
    const { cpuHistory } = many(200, (i) => usage({ host: i }));
    expect(cpuHistory["host"]).toHaveLength(60);
    expect(cpuHistory["host"]?.at(-1)).toBe(199);
  });
});

it("has a point of each progress event, with the latency of its own interval", () => {
  const { history } = many(700, (i) => ({ ...sampleProgress(0.5), lag: i }));
  expect(history).toHaveLength(600);
  expect(history.at(-1)).toEqual({
    atUs: SAMPLE_START_US + 699_000,
    producedPerSecond: 1_100_000,
    processedPerSecond: 1_117_284,
    lag: 699,
    p50Ms: 4.5,
    p99Ms: 70,
  });
});

describe("marks", () => {
  it("tell rounds, faults, restarts, recoveries and checkpoints, in their order", () => {
    const restarted = { ...sampleResource("taskmanager-07", "taskmanager", "starting"), restarts: 1 } as HostEventBody;
    const { marks } = reduce([
      at(0, { type: "phase", phase: "producing", detail: "round 1: 9 messages" }),
      at(1, sampleResource("taskmanager-07", "taskmanager", "running")),
      at(2, fault("taskmanager-07")),
      at(3, restarted),
      at(4, { ...restarted, state: "running" } as HostEventBody),
      at(5, fault("taskmanager-07", 656)),
      at(6, checkpoint(3)),
      at(7, checkpoint(4, "failed")),
      at(8, { type: "phase", phase: "draining", detail: "everything is acknowledged" }),
    ]);
    expect(marks.map(({ kind, label }) => `${kind}: ${label}`)).toEqual([
      "round: round 1: 9 messages",
      "fault: taskmanager-07 signal SIGKILL",
      "restart: taskmanager-07",
      "recovered: taskmanager-07 after 656 ms",
      "checkpoint: 3 12.5 ms",
      "checkpointFailed: 4 failed: it took too long",
    ]);
    expect(marks[0]?.atUs).toBe(SAMPLE_START_US);
  });

  it("tell the round of a topic that is only counted", () => {
    const detail = "counting topic theirs";
    const { marks } = reduce([
      at(0, { type: "phase", phase: "job", detail: "" }),
      at(1, { type: "phase", phase: "draining", detail }),
    ]);
    expect(marks).toMatchObject([{ kind: "round", label: detail }]);
  });

  it("tell a rebalance when partitions get another owner, and not the first assignment, nor a loss alone (H2)", () => {
    const first = reduce([at(0, owned([])), at(1, owned(["a", "b", "b"]))]);
    expect(kindsOf(first)).toEqual([]);
    const lost = applyEvent(first, at(2, owned(["a", null, null])));
    expect(kindsOf(lost)).toEqual([]);
    const given = applyEvent(lost, at(3, owned(["a", "a", "c"])));
    expect(given.marks).toMatchObject([{ kind: "rebalance", label: "2 partitions moved" }]);
    const moved = applyEvent(given, at(4, owned(["c", "a", "c"])));
    expect(moved.marks.at(-1)).toMatchObject({ kind: "rebalance", label: "1 partition moved" });
    expect(applyEvent(moved, at(5, owned(["c", "a", "c"]))).marks).toBe(moved.marks);
  });

  it("are bounded, and completed checkpoints make room first (H1)", () => {
    let snapshot = reduce([at(0, fault("redis"))]);
    for (let id = 1; id <= 500; id += 1) snapshot = applyEvent(snapshot, at(id, checkpoint(id)));
    expect(snapshot.marks).toHaveLength(200);
    expect(snapshot.marks[0]?.kind).toBe("fault");
    expect(snapshot.marks.at(-1)?.label).toContain("500");
    expect(snapshot.checkpoints).toHaveLength(60);
    expect(snapshot.checkpoints.at(-1)).toEqual({
      id: 500,
      atUs: SAMPLE_START_US + 500_000,
      durationMs: 12.5,
      total: 5_000,
      status: "completed",
    });
    const faults = many(300, (i) => fault(`taskmanager-${i}`));
    expect(faults.marks).toHaveLength(200);
    expect(faults.recoveries).toHaveLength(100);
  });
});

it("counts a fault once, and gives its entry the time that it took (H3)", () => {
  const snapshot = reduce([
    at(1, fault("redis")),
    at(2, fault("redis", 40)),
    at(3, fault("taskmanager-07")),
    at(4, fault("redis")),
    at(5, fault("taskmanager-07", 656)),
  ]);
  expect(snapshot.faults).toBe(3);
  expect(snapshot.recoveries.map(({ target, recoveredAfterMs }) => [target, recoveredAfterMs])).toEqual([
    ["redis", 40],
    ["taskmanager-07", 656],
    ["redis", null],
  ]);
  expect(snapshot.recoveries[1]).toMatchObject({ atUs: SAMPLE_START_US + 3_000, kind: "processExit" });
  expect(snapshot.recent.at(-1)).toMatchObject({ level: "info", text: "back after 656 ms (signal SIGKILL)" });
});

it("knows since when each resource has its state", () => {
  const kafka = (state: "starting" | "running") => sampleResource("kafka", "kafka", state);
  const { since } = reduce([at(1, kafka("starting")), at(2, kafka("running")), at(3, kafka("running"))]);
  expect(since).toEqual({ kafka: SAMPLE_START_US + 2_000 });
});

it("has the checks and the progress of the newest validation alone", () => {
  const step = (done: number): HostEventBody => ({ type: "validation", step: "reading", done, total: 9 });
  const first = reduce([
    at(0, { type: "phase", phase: "validating", detail: "" }),
    at(1, step(3)),
    at(2, check("a")),
    at(3, check("b", "failed")),
    at(4, step(9)),
    // A validator that was started again decides anew (H4).
    at(5, check("a", "unknown")),
  ]);
  expect(first.validation).toEqual({ step: "reading", done: 9, total: 9 });
  expect(first.checks.map(({ id, status }) => `${id} ${status}`)).toEqual(["a unknown", "b failed"]);
  const next = applyEvent(first, at(6, { type: "phase", phase: "producing", detail: "round 2" }));
  expect(next.validation).toBeNull();
  expect(next.checks).toBe(first.checks);
  expect(applyEvent(next, at(7, { type: "phase", phase: "validating", detail: "" })).checks).toEqual([]);
});

it("keeps the newest exits", () => {
  const exit = (pid: number): HostEventBody => ({
    type: "exit",
    name: "redis",
    pid,
    detail: "signal SIGKILL",
    asked: false,
    lastLines: ["bye"],
  });
  const { exits } = many(150, exit);
  expect(exits).toHaveLength(100);
  expect(exits.at(-1)).toEqual(at(149, exit(149)));
});

it("is a plain JSON value", () => {
  const snapshot = reduce(
    [at(0, usage({ host: 1 })), at(1, fault("redis")), at(2, check("a"))],
    reduce(sampleEvents()),
  );
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
});
