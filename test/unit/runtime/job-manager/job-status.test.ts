/** The state of a job, and whoever waits for it to change. */
import { expect, test } from "vitest";
import { JobStatus } from "../../../../simulator/runtime/job-manager/job-status.ts";

const LONG_MS = 60_000;

test("a wait for another state ends with the transition, for all who wait", async () => {
  const status = new JobStatus(() => 1);
  const seen: string[] = [];
  const waits = ["a", "b"].map((who) => status.leaves("INITIALIZING", LONG_MS).then(() => seen.push(who)));
  expect(status.enter("RUNNING")).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([]);
  expect(status.enter("CREATED")).toBe(true);
  await Promise.all(waits);
  expect(seen).toEqual(["a", "b"]);
});

test("one for a state that has passed ends at once, and one for a state that stays ends in its time", async () => {
  const status = new JobStatus(() => 1);
  await status.leaves("RUNNING", LONG_MS);
  await status.leaves("INITIALIZING", 1);
  expect(status.state).toBe("INITIALIZING");
});
