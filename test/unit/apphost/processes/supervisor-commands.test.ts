/** What a person does to a process under its supervisor, and what is told of each end. Processes here are scripted. */
import { describe, expect, it } from "vitest";
import type { ReportHealth } from "../../../../apphost/processes/resource-plan.ts";
import { RESTART_LIMIT } from "../../../../apphost/processes/restart-count.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { setUpSupervisor as setUp } from "../../../support/scripted-supervisor.ts";

describe("a kill by a person (V9)", () => {
  it("is a planned fault, and what follows is what follows any death", async () => {
    const { supervisor, faults, untilLife } = setUp();
    await supervisor.start();
    await supervisor.killProcess();
    expect(supervisor.hasProcess).toBe(false);
    await untilLife(1);
    expect(faults).toMatchObject([{ kind: "processExit", planned: true, detail: "signal SIGKILL" }]);
    expect(faults[0]?.recoveredAfterMs).toBeGreaterThanOrEqual(0);
    await supervisor.stop(100);
  });

  it("hides no crash of the life after it, and is told of one whose work was done", async () => {
    const { supervisor, processes, faults, untilLife } = setUp({
      waitReady: ({ life }) => (life === 1 ? new Promise(() => undefined) : Promise.resolve()),
    });
    await supervisor.start();
    await supervisor.killProcess();
    await waitUntil(() => processes[1], { what: "the second life", deadlineMs: 2_000, intervalMs: 2 });
    processes[1]?.end({ kind: "exit", code: 1 });
    await untilLife(2);
    expect(faults.map(({ planned, detail }) => [planned, detail])).toEqual([
      [true, "signal SIGKILL"],
      [false, "exit code 1"],
    ]);
    expect(faults.filter(({ recoveredAfterMs }) => recoveredAfterMs === null)).toEqual([]);
    await supervisor.stop(100);
    const done = setUp({ judge: () => "finished" });
    await done.supervisor.start();
    await done.supervisor.killProcess();
    expect(done.faults).toMatchObject([{ planned: true, detail: expect.stringMatching(/its work was done/) }]);
  });

  it("may be repeated more often than one may die by itself", async () => {
    const { supervisor, faults, failures, untilLife } = setUp();
    await supervisor.start();
    for (let kills = 1; kills <= RESTART_LIMIT.max + 2; kills += 1) {
      await supervisor.killProcess();
      await untilLife(kills);
    }
    expect(faults.every(({ planned }) => planned)).toBe(true);
    expect(failures).toEqual([]);
    await supervisor.stop(100);
  });
});

describe("a pause (V8)", () => {
  it("is a planned fault until the process answers again, and nobody looks at its pulse meanwhile", async () => {
    const { supervisor, faults, signals, isWatched } = setUp();
    await supervisor.start();
    expect([supervisor.pauseObstacle, isWatched()]).toEqual([null, true]);
    await supervisor.pause();
    expect(supervisor.snapshot).toMatchObject({
      state: "running",
      health: "unknown",
      reason: "paused by the user",
      pid: 100,
    });
    expect([supervisor.pauseObstacle, isWatched()]).toEqual(["it is paused already", false]);
    expect(faults).toMatchObject([{ kind: "paused", planned: true, recoveredAfterMs: null }]);
    await supervisor.resume(1_000);
    expect(supervisor.snapshot).toMatchObject({ state: "running", health: "healthy", reason: "", restarts: 0 });
    expect(isWatched()).toBe(true);
    expect(faults[0]?.recoveredAfterMs).toBeGreaterThanOrEqual(0);
    expect(signals).toEqual(["pause", "resume"]);
    await supervisor.stop(100);
    expect(isWatched()).toBe(false);
  });

  it("of one that dies ends with its next life, and its death is a fault of its own", async () => {
    const { supervisor, processes, faults, untilLife } = setUp();
    await supervisor.start();
    await supervisor.pause();
    processes[0]?.end({ kind: "signal", signal: "SIGKILL" });
    await untilLife(1);
    expect(supervisor.isPaused).toBe(false);
    expect(faults.map(({ kind, planned }) => [kind, planned])).toEqual([
      ["paused", true],
      ["processExit", false],
    ]);
    expect(faults.every(({ recoveredAfterMs }) => recoveredAfterMs !== null)).toBe(true);
    await supervisor.stop(100);
  });

  it("keeps health checks from speaking, and they begin anew when it goes on", async () => {
    const reports: ReportHealth[] = [];
    const { supervisor } = setUp({
      async watchHealth(signal, report) {
        reports.push(report);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw new Error("it was not healthy in time");
      },
    });
    await supervisor.start();
    expect(supervisor.pauseObstacle).toMatch(/health is not known/);
    reports[0]?.("healthy", "");
    await supervisor.pause();
    reports[0]?.("unhealthy", "3 health checks failed");
    expect(supervisor.snapshot.reason).toBe("paused by the user");
    await supervisor.resume(1_000);
    expect(supervisor.snapshot).toMatchObject({ state: "running", health: "unknown", reason: "" });
    reports[1]?.("healthy", "");
    expect(supervisor.snapshot).toMatchObject({ health: "healthy" });
    await supervisor.stop(100);
  });
});

describe("the end of a process (V10)", () => {
  it.each([
    ["a death", false, async ({ processes }: ReturnType<typeof setUp>) => processes[0]?.end({ kind: "exit", code: 1 })],
    ["a hang", false, async ({ hang }: ReturnType<typeof setUp>) => hang[0]?.()],
    ["a kill by a person", true, async ({ supervisor }: ReturnType<typeof setUp>) => supervisor.killProcess()],
    ["a stop by a person", true, async ({ supervisor }: ReturnType<typeof setUp>) => supervisor.halt(100)],
    ["the stop of the run", true, async ({ supervisor }: ReturnType<typeof setUp>) => supervisor.stop(100)],
  ] as const)("is told once, with its last lines where nobody asked for it: %s", async (_, asked, end) => {
    const lines = Array.from({ length: 30 }, (_, i) => `${i} ${"x".repeat(900)}`);
    const setup = setUp({}, lines.slice(-20).join("\n"));
    const { supervisor, exits } = setup;
    await supervisor.start();
    await end(setup);
    await waitUntil(() => exits[0], { what: "its end", deadlineMs: 2_000, intervalMs: 2 });
    await supervisor.stop(100);
    const [first, ...others] = exits;
    expect(first).toMatchObject({ name: "taskmanager-01", pid: 100, asked });
    expect(first?.lastLines.map((line) => line.length)).toEqual(asked ? [] : Array(20).fill(500));
    // Of the lives after it, if it had any.
    expect(others.map(({ pid }) => pid)).toEqual(others.map((_, i) => 101 + i));
  });
});
