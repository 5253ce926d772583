/** What a person may not ask of a resource, told at once: nothing is waited for that cannot come. */
import { expect, it } from "vitest";
import { createResourceControl } from "../../../../apphost/orchestrator/resource-control.ts";
import type { System } from "../../../../apphost/orchestrator/system.ts";
import type { RunContext } from "../../../../apphost/run/run-context.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";

it("refuses one that is given up for good, with the reason", async () => {
  const declaration = { name: "kafka-ui", kind: "kafka-ui", life: "standing", group: null, waitsFor: [] };
  const failure = createError("CHILD_FAILED", { resource: "kafka-ui", message: "no image" });
  const supervisor = { snapshot: { name: "kafka-ui", state: "failedToStart" }, failure, isHalted: false };
  const system = {
    application: { order: [declaration], members: () => [declaration] },
    supervisors: new Map([["kafka-ui", supervisor]]),
  } as unknown as System;
  const run = { ending: { signal: new AbortController().signal } } as unknown as RunContext;
  const control = createResourceControl(run, system);
  const answer = await control.handle({ request: "start", resource: "kafka-ui" }, () => undefined);
  expect(answer).toEqual({ kind: "failed", reason: expect.stringMatching(/^kafka-ui is given up .*: .*no image/) });
});

it("refuses more TaskManagers than the store can recover, with both numbers and the limit", async () => {
  const declaration = { name: "taskmanager-01", kind: "taskmanager", life: "standing", group: "taskmanager" };
  const system = {
    application: { order: [declaration], members: () => [declaration] },
    supervisors: new Map(),
    config: { partitions: 345 },
    flink: null,
  } as unknown as System;
  const run = { ending: { signal: new AbortController().signal } } as unknown as RunContext;
  const control = createResourceControl(run, system);
  const answer = await control.handle({ request: "scale", group: "taskmanager", replicas: 196 }, () => undefined);
  expect(answer).toEqual({
    kind: "failed",
    reason: expect.stringMatching(/^196 TaskManagers with 345 partitions are more than .*: at most 195$/),
  });
});

it.each([
  ["kill", { request: "kill", resource: "redis" }],
  ["pause", { request: "pause", resource: "redis" }],
  ["resume", { request: "resume", resource: "redis" }],
] as const)("refuses to %s a server of others: it has no process here", async (action, request) => {
  const declaration = { name: "redis", kind: "redis", life: "standing", group: null, waitsFor: [] };
  const server = { launch: null, endpoint: "10.0.0.1:6379", survivesRestart: true };
  const system = {
    application: { order: [declaration], members: () => [declaration] },
    supervisors: new Map([["redis", { snapshot: { name: "redis", state: "running" }, hasProcess: true }]]),
    serverOf: () => server,
  } as unknown as System;
  const run = { ending: { signal: new AbortController().signal } } as unknown as RunContext;
  const answer = await createResourceControl(run, system).handle(request, () => undefined);
  expect(answer).toEqual({ kind: "failed", reason: `redis at 10.0.0.1:6379 is not ours to ${action}` });
});

it("pauses nothing any more in a run that ends, and lets what is paused go on", async () => {
  const declaration = { name: "jobmanager", kind: "jobmanager", life: "standing", group: null, waitsFor: [] };
  let isPaused = true;
  const supervisor = {
    snapshot: { name: "jobmanager", state: "running" },
    get isPaused() {
      return isPaused;
    },
    async resume() {
      isPaused = false;
    },
  };
  const system = {
    application: { order: [declaration], members: () => [declaration] },
    supervisors: new Map([["jobmanager", supervisor]]),
  } as unknown as System;
  const run = { ending: { signal: new AbortController().signal } } as unknown as RunContext;
  const control = createResourceControl(run, system);
  await control.endPauses();
  expect(isPaused).toBe(false);
  const answer = await control.handle({ request: "pause", resource: "jobmanager" }, () => undefined);
  expect(answer).toEqual({ kind: "failed", reason: "the run is ending" });
});
