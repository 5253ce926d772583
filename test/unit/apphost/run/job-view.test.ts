/** What the host makes of the JobManager's messages: who belongs to the job when shares are compared. */
import { expect, it } from "vitest";
import { applyJobManagerMessage, EMPTY_JOB_VIEW, isStoppable, markStarted } from "../../../../apphost/run/job-view.ts";

const register = (...registered: string[]) => ({ type: "taskManagers", registered }) as const;
const started = markStarted(applyJobManagerMessage(EMPTY_JOB_VIEW, register("a", "b")));

it("one that joins after the start changes the membership; a JobManager that tells the same ones again does not", () => {
  const again = [register("a"), register("a", "b")].reduce(applyJobManagerMessage, started);
  expect(again.membershipChanged).toBe(false);
  expect(applyJobManagerMessage(again, register("a", "b", "c")).membershipChanged).toBe(true);
});

it("one that leaves changes it, too, but not before the start", () => {
  const lost = { type: "taskManagerLost", tm: "a", reason: "closed" } as const;
  expect(applyJobManagerMessage(EMPTY_JOB_VIEW, lost).membershipChanged).toBe(false);
  expect(applyJobManagerMessage(started, lost).membershipChanged).toBe(true);
});

it("one that ran is stopped by a JobManager that takes it up, too; one that never ran, or is over, is not", () => {
  const said = { type: "jobState", jobId: "0", reason: null, category: null } as const;
  const inState = (view: typeof started, state: "INITIALIZING" | "CREATED" | "RUNNING" | "CANCELLING" | "FAILED") =>
    isStoppable(applyJobManagerMessage(view, { ...said, state }));
  expect(
    (["INITIALIZING", "CREATED", "RUNNING", "CANCELLING", "FAILED"] as const).map((state) => inState(started, state)),
  ).toEqual([true, true, true, true, false]);
  expect((["INITIALIZING", "CREATED"] as const).map((state) => inState(EMPTY_JOB_VIEW, state))).toEqual([false, false]);
});

it("keeps the newest whole assignment while all TaskManagers are away", () => {
  const assign = (byTaskManager: Record<string, number[]>) => ({ type: "assignment", byTaskManager, atUs: 1 }) as const;
  const views: (typeof EMPTY_JOB_VIEW)[] = [];
  for (const given of [{ a: [0, 1], b: [2] }, {}, { b: [0, 1, 2] }, { b: [0] }]) {
    views.push(applyJobManagerMessage(views.at(-1) ?? EMPTY_JOB_VIEW, assign(given)));
  }
  expect(views.map(({ wholeAssignment }) => wholeAssignment)).toEqual([
    { a: [0, 1], b: [2] },
    { a: [0, 1], b: [2] },
    { b: [0, 1, 2] },
    { b: [0, 1, 2] },
  ]);
  expect(views.at(1)?.assignment).toEqual({});
});
