/** What a person may not ask of a resource, told at once: nothing is waited for that cannot come. */
import { expect, it } from "vitest";
import { createResourceControl } from "../../../../apphost/orchestrator/resource-control.ts";
import type { RunContext } from "../../../../apphost/orchestrator/run-context.ts";
import type { System } from "../../../../apphost/orchestrator/system.ts";
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
