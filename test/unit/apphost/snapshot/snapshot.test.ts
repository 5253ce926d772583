import { describe, expect, it } from "vitest";
import { applyEvent, EMPTY_SNAPSHOT } from "../../../../apphost/snapshot/snapshot.ts";
import type { HostEvent, HostEventBody } from "../../../../simulator/common/contract/events.ts";
import {
  SAMPLE_RUN_ID,
  SAMPLE_START_US,
  sampleEvents,
  sampleProgress,
  sampleResource,
} from "../../../support/sample-events.ts";

const reduce = (events: readonly HostEvent[]) => events.reduce(applyEvent, EMPTY_SNAPSHOT);
const at = (index: number, body: HostEventBody): HostEvent => ({ atUs: SAMPLE_START_US + index, ...body });

describe("the snapshot", () => {
  it("holds what the events said", () => {
    const snapshot = reduce(sampleEvents());
    expect(snapshot.runId).toBe(SAMPLE_RUN_ID);
    expect(snapshot.startedAtUs).toBe(SAMPLE_START_US);
    expect(snapshot.phase).toBe("validating");
    expect(snapshot.resources).toHaveLength(26);
    expect(snapshot.resources.filter((resource) => resource.state === "running")).toHaveLength(24);
    expect(snapshot.infra?.kafka.mode).toBe("native");
    expect(snapshot.progress?.processed).toBe(10_000_000);
    expect(snapshot.checkpoint).toEqual({ id: 1_000_003, durationMs: 23.4, total: 10_000_000 });
    expect(snapshot.verdict?.verdict).toBe("passed");
  });

  it("forgets a resource that was scaled away", () => {
    const before = reduce(sampleEvents());
    const after = applyEvent(before, at(1, { type: "resourceRemoved", name: "taskmanager-20" }));
    expect(after.resources).toHaveLength(before.resources.length - 1);
    expect(after.recent.at(-1)).toMatchObject({ source: "taskmanager-20", text: "removed" });
  });

  it("keeps who is waited for while stopping, though resources change, and since when", () => {
    const names = ["a", "b", "c", "d"];
    const stopping = reduce([
      at(0, { type: "phase", phase: "stopping", detail: "" }),
      at(9_000_000, { type: "stopping", names, waitedMs: 2_000, budgetMs: 10_000 }),
      at(9_500_000, sampleResource("kafka", "kafka", "stopping")),
    ]);
    expect(stopping).toMatchObject({
      waitingFor: "a, b, c and 1 more to end",
      waitingSinceUs: SAMPLE_START_US + 7_000_000,
      waitingMsMax: 10_000,
    });
  });

  it.each([
    ["stopped", sampleResource("redis", "redis", "exited"), "stopped by the user", /^exited \(stopped by the user\)$/],
    ["killed", sampleResource("redis", "redis", "exited"), "killed by the user, signal SIGKILL", /^exited \(killed by/],
    // Of a TaskManager, too, which is spoken of as one of many as long as it is well.
    [
      "paused",
      { ...sampleResource("taskmanager-01", "taskmanager", "running"), health: "unknown" },
      "paused by the user",
      /^running.* \(paused by the user\)$/,
    ],
  ])("marks what a person %s as missing, and not as failed", (_, resource, reason, text) => {
    const running = reduce(sampleEvents());
    const marked = applyEvent({ ...running, phase: "idle" }, at(1, { ...resource, reason } as HostEventBody));
    expect(marked.recent.at(-1)).toMatchObject({ level: "warn", text: expect.stringMatching(text) });
  });

  it.each([
    ["processExit", "killed as asked (signal SIGKILL)"],
    ["paused", "paused as asked (signal SIGKILL)"],
  ] as const)("tells of a %s that somebody asked for as that, and counts no fault", (kind, text) => {
    const fault = { kind, target: "redis", at: "", detail: "signal SIGKILL", recoveredAfterMs: null };
    const asked = reduce([at(0, { type: "fault", fault: { ...fault, planned: true } })]);
    expect(asked.recent.at(-1)).toMatchObject({ level: "info", source: "redis", text });
    expect([asked.faults, asked.marks.map((mark) => mark.kind)]).toEqual([0, ["asked"]]);
    const suffered = reduce([at(0, { type: "fault", fault: { ...fault, planned: false } })]);
    expect(suffered.recent.at(-1)).toMatchObject({ level: "warn", text: `fault: ${kind} (signal SIGKILL)` });
    expect([suffered.faults, suffered.marks.map((mark) => mark.kind)]).toEqual([1, ["fault"]]);
  });

  it("is never changed by a later event", () => {
    const events = sampleEvents();
    let snapshot = EMPTY_SNAPSHOT;
    for (const event of events) {
      const before = JSON.stringify(snapshot);
      const after = applyEvent(snapshot, event);
      expect(JSON.stringify(snapshot)).toBe(before);
      snapshot = after;
    }
  });

  it("keeps lists bounded however long the run", () => {
    let snapshot = EMPTY_SNAPSHOT;
    for (let i = 0; i < 2_000; i += 1) {
      snapshot = applyEvent(snapshot, at(i, { type: "notice", level: "info", resource: "kafka", text: `line ${i}` }));
      snapshot = applyEvent(snapshot, at(i, sampleProgress(0.5)));
    }
    expect(snapshot.recent).toHaveLength(200);
    expect(snapshot.recent.at(-1)?.text).toBe("line 1999");
    expect(snapshot.history).toHaveLength(600);
  });

  it("forgets the verdict of the round before when the next round begins", () => {
    const ended = reduce(sampleEvents());
    const next = applyEvent(ended, at(9_000_000, { type: "phase", phase: "producing", detail: "round 2" }));
    expect(next.verdict).toBeNull();
  });

  it("speaks of healthy TaskManagers once, as a group, and of a failed one by name", () => {
    const running = reduce(sampleEvents()).recent.filter((line) => line.source.startsWith("taskmanager"));
    expect(running).toMatchObject([{ source: "taskmanagers", text: "20 of 20 running", level: "info" }]);
    const exited = applyEvent(
      reduce(sampleEvents()),
      at(9_000_000, {
        ...sampleResource("taskmanager-07", "taskmanager", "exited"),
        reason: "signal SIGKILL",
      } as HostEventBody),
    );
    expect(exited.recent.at(-1)).toMatchObject({
      source: "taskmanager-07",
      level: "error",
      text: "exited (signal SIGKILL)",
    });
  });

  it("does not alarm anybody about processes that end because the run does", () => {
    const stopping = applyEvent(reduce(sampleEvents()), at(1, { type: "phase", phase: "stopping", detail: "" }));
    const exited = applyEvent(stopping, at(2, sampleResource("jobmanager", "jobmanager", "exited")));
    expect(exited.recent.at(-1)).toMatchObject({ source: "jobmanager", level: "info" });
  });

  it("lets no control characters through to a terminal", () => {
    const text = "\u001b[31mred\u001b[0m\nnext\u0007\ttab";
    const snapshot = applyEvent(EMPTY_SNAPSHOT, at(0, { type: "notice", level: "warn", resource: "kafka", text }));
    expect(snapshot.recent[0]?.text).toBe("red next tab");
  });
});
