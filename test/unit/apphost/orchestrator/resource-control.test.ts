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
  } as unknown as System;
  const run = { ending: { signal: new AbortController().signal } } as unknown as RunContext;
  const control = createResourceControl(run, system);
  const answer = await control.handle({ request: "scale", group: "taskmanager", replicas: 196 }, () => undefined);
  expect(answer).toEqual({
    kind: "failed",
    reason: expect.stringMatching(/^196 TaskManagers with 345 partitions are more than .*: at most 195$/),
  });
});
