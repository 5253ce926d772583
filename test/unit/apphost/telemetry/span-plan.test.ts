import { describe, expect, it } from "vitest";
import { beginSpans, endSpans, planSpans, type SpanStep } from "../../../../apphost/telemetry/span-plan.ts";
import type {
  HostEvent,
  HostEventBody,
  ProgressEvent,
  ResourceState,
} from "../../../../simulator/common/contract/events.ts";
import { CHECKS } from "../../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check } from "../../../../simulator/common/contract/files/report.ts";

/** Plays events, one each 1,000 µs, and ends the run. */
function play(bodies: readonly HostEventBody[]): SpanStep[] {
  let { plan, steps } = beginSpans({ command: "up", atUs: 0, attributes: {} });
  const all = [...steps];
  bodies.forEach((body, index) => {
    ({ plan, steps } = planSpans(plan, { atUs: (index + 1) * 1_000, ...body } as HostEvent));
    all.push(...steps);
  });
  return [...all, ...endSpans(plan, (bodies.length + 1) * 1_000).steps];
}

interface Drawn {
  readonly name: string;
  readonly in: string | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly error: string | null;
}

/** The spans of a run, in the order of their beginnings, each closed once and begun while its parent is open. */
function draw(bodies: readonly HostEventBody[]): Drawn[] {
  const open = new Map<string, { name: string; in: string | null; fromMs: number; index: number }>();
  const spans: Drawn[] = [];
  for (const step of play(bodies)) {
    if (step.kind === "open") {
      expect(open.has(step.key)).toBe(false);
      if (step.parent !== null) expect(open.has(step.parent), `${step.name} in ${step.parent}`).toBe(true);
      const parent = step.parent === null ? null : (open.get(step.parent)?.name ?? null);
      open.set(step.key, { name: step.name, in: parent, fromMs: step.atUs / 1_000, index: spans.length });
      spans.push({ name: step.name, in: parent, fromMs: step.atUs / 1_000, toMs: Number.NaN, error: null });
    } else if (step.kind === "close") {
      const one = open.get(step.key);
      expect(one, step.key).toBeDefined();
      const index = one?.index ?? 0;
      spans[index] = { ...(spans[index] as Drawn), toMs: step.atUs / 1_000, error: step.error };
      open.delete(step.key);
    } else expect(open.has(step.key)).toBe(true);
  }
  expect([...open.keys()]).toEqual([]);
  return spans;
}

const names = (spans: readonly Drawn[]) => spans.map(({ name }) => name);
const phase = (name: Extract<HostEventBody, { type: "phase" }>["phase"]): HostEventBody => ({
  type: "phase",
  phase: name,
  detail: "",
});
const resource = (name: string, state: ResourceState, more: object = {}): HostEventBody => ({
  type: "resource",
  name,
  kind: "taskmanager",
  state,
  health: "unknown",
  pid: null,
  endpoint: null,
  restarts: 0,
  reason: "",
  ...more,
});
const fault = (target: string): HostEventBody => ({
  type: "fault",
  fault: { kind: "processExit", target, at: "", planned: false, detail: "signal SIGKILL", recoveredAfterMs: null },
});
const owners = (...names: (string | null)[]): HostEventBody =>
  ({
    type: "progress",
    partitions: names.map((owner, p) => ({ p, owner, lag: null, perSecond: 0 })),
  }) as unknown as ProgressEvent;
const verdict = (exitCode: number, reasons: readonly string[]): HostEventBody =>
  ({
    type: "verdict",
    verdict: exitCode === 0 ? "passed" : "failed",
    exitCode,
    reasons,
    rounds: 1,
    processed: 5,
    lost: 0,
    duplicated: null,
  }) as unknown as HostEventBody;

describe("the spans of a run", () => {
  it("are its stages, with the phases in them", () => {
    const phases = ["starting", "job", "producing", "draining", "validating", "idle", "producing", "stopping", "ended"];
    expect(
      draw(phases.map((name) => phase(name as "idle"))).map((one) => [one.in, one.name, one.fromMs, one.toMs]),
    ).toEqual([
      [null, "flink-apphost up", 0, 10],
      ["flink-apphost up", "start", 1, 3],
      ["start", "phase starting", 1, 2],
      ["start", "phase job", 2, 3],
      ["flink-apphost up", "round 1", 3, 6],
      ["round 1", "phase producing", 3, 4],
      ["round 1", "phase draining", 4, 5],
      ["round 1", "phase validating", 5, 6],
      ["flink-apphost up", "round 2", 7, 8],
      ["round 2", "phase producing", 7, 8],
      ["flink-apphost up", "taking down", 8, 9],
      ["taking down", "phase stopping", 8, 9],
    ]);
  });

  it("are each life of a resource until it is ready, and a fault until it runs again", () => {
    const spans = draw([
      phase("producing"),
      resource("tm", "starting"),
      resource("tm", "starting", { pid: 7 }),
      resource("tm", "running"),
      resource("tm", "exited", { reason: "signal SIGKILL" }),
      fault("tm"),
      resource("tm", "starting", { restarts: 1 }),
      resource("tm", "failedToStart", { reason: "exit code 1" }),
      resource("tm", "starting", { restarts: 2 }),
      resource("tm", "running", { restarts: 2 }),
      resource("tm", "stopping"),
      resource("tm", "exited"),
    ]);
    expect(spans.slice(3).map((one) => [one.in, one.name, one.fromMs, one.toMs, one.error])).toEqual([
      ["round 1", "start tm", 2, 4, null],
      ["round 1", "recovery of tm", 6, 10, null],
      ["recovery of tm", "start tm", 7, 8, "exit code 1"],
      ["recovery of tm", "start tm", 9, 10, null],
      ["round 1", "stop tm", 11, 12, null],
    ]);
  });

  it("say that who does not come back, or is scaled away, or is stopped while it starts, did not", () => {
    const spans = draw([
      fault("a"),
      resource("b", "starting"),
      { type: "resourceRemoved", name: "b" },
      resource("c", "starting"),
      resource("c", "stopping"),
    ]);
    expect(spans.slice(1).map(({ name, error }) => [name, error])).toEqual([
      ["recovery of a", "it did not run again before the end of the run"],
      ["start b", "it was scaled away"],
      ["start c", "it was stopped"],
      ["stop c", null],
    ]);
  });

  it("are checkpoints with their duration, and those that failed with their reason", () => {
    const checkpoint = { type: "checkpoint", id: 3, durationMs: 2.5, total: 10 } as const;
    const spans = draw([
      phase("idle"),
      phase("idle"),
      { ...checkpoint, status: "completed", reason: null },
      { ...checkpoint, id: 4, status: "failed", reason: "the store was lost" },
    ]);
    expect(spans.slice(1)).toEqual([
      { name: "checkpoint 3", in: "flink-apphost up", fromMs: 0.5, toMs: 3, error: null },
      { name: "checkpoint 4", in: "flink-apphost up", fromMs: 1.5, toMs: 4, error: "the store was lost" },
    ]);
  });

  it("are the moves of partitions from one owner to another, and not the first owner or the same again", () => {
    const spans = draw([owners(null, null), owners("a", "b"), owners("a", null), owners("a", "b"), owners("a", "a")]);
    expect(spans.slice(1)).toEqual([{ name: "rebalance", in: "flink-apphost up", fromMs: 4, toMs: 5, error: null }]);
  });

  it("are the steps of a validation, however often each is said, and its checks are marks in it", () => {
    const step = (name: string, done: number): HostEventBody => ({ type: "validation", step: name, done, total: null });
    const check = {
      ...CHECKS.state,
      status: "passed",
      reason: "",
      expected: "",
      actual: "",
      examined: 3,
    } as unknown as Check;
    const bodies = [
      phase("validating"),
      step("read", 1),
      step("read", 2),
      step("compare", 0),
      { type: "check", check } as const,
      step("read", 1),
    ];
    expect(
      draw(bodies)
        .map((one) => [one.in, one.name, one.fromMs, one.toMs])
        .slice(3),
    ).toEqual([
      ["phase validating", "validation: read", 2, 4],
      ["phase validating", "validation: compare", 4, 6],
      ["phase validating", "validation: read", 6, 7],
    ]);
    expect(play(bodies)).toContainEqual(
      expect.objectContaining({
        kind: "mark",
        key: "phase",
        name: "check",
        attributes: expect.objectContaining({ examined: 3 }),
      }),
    );
  });

  it("end with the last verdict as the outcome of the run", () => {
    expect(draw([verdict(4, ["a record is lost"])])[0]?.error).toBe("a record is lost");
    expect(draw([verdict(4, ["a record is lost"]), verdict(0, [])])[0]?.error).toBeNull();
    expect(names(draw([]))).toEqual(["flink-apphost up"]);
  });
});
