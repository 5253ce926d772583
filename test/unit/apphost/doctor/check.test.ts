/** Checks run together, each with a deadline; one that hangs or cannot look is a warning that says so (D1, D2). */
import { expect, it } from "vitest";
import { type CheckPlan, failed, ok, runChecks } from "../../../../apphost/doctor/check.ts";
import { chooseExitCode } from "../../../../apphost/doctor/examination.ts";

const plan = (id: string, examine: CheckPlan["examine"], isAskedInfrastructure = false): CheckPlan => ({
  id,
  title: id,
  neededFor: "every run",
  isAskedInfrastructure,
  examine,
});

it("keeps the order, leaves out what has nothing to look at, and waits for none beyond its deadline", async () => {
  const startedMs = performance.now();
  const checks = await runChecks(
    [
      plan("hangs", () => new Promise(() => undefined)),
      plan("absent", async () => null),
      plan("throws", async () => {
        throw new Error("EIO: the disk is gone");
      }),
      plan("fine", async () => ok("all of it")),
    ],
    100,
  );
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect(checks.map(({ id, result }) => [id, result])).toEqual([
    ["hangs", "warning"],
    ["throws", "warning"],
    ["fine", "ok"],
  ]);
  expect(checks[0]?.reason).toContain("given up after 100 ms");
  expect(checks[1]?.reason).toContain("EIO: the disk is gone");
  expect(checks[2]).toEqual({
    id: "fine",
    title: "fine",
    result: "ok",
    found: "all of it",
    reason: "",
    fix: "",
    neededFor: "every run",
  });
});

it("ends with 3 only for an infrastructure that was asked for, with 1 for any other failure (E1 of `examination.ts`)", () => {
  const plans = [
    plan("java", async () => null, true),
    plan("disk", async () => null),
    plan("redis", async () => null, true),
  ];
  const code = (...failedIds: string[]) =>
    chooseExitCode(
      plans.map(({ id }) => ({ id, result: failedIds.includes(id) ? "failed" : "ok" })),
      plans,
    );
  expect(code()).toBe(0);
  expect(code("disk")).toBe(1);
  expect(code("disk", "redis")).toBe(3);
  expect(chooseExitCode([{ id: "java", result: "warning" }], plans)).toBe(0);
  expect(failed("x", "y", "z").result).toBe("failed");
});
