/** The supervisor: restarts, faults, their bound, and nothing started behind a stop. Processes here are scripted. */
import { describe, expect, it } from "vitest";
import type { RunningServer } from "../../../../apphost/processes/child-process.ts";
import type { Launch, ReportHealth } from "../../../../apphost/processes/resource-plan.ts";
import { RESTART_LIMIT } from "../../../../apphost/processes/restart-count.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";
import { createError } from "../../../../simulator/common/foundation/errors.ts";
import { setUpSupervisor as setUp, UNPAUSABLE } from "../../../support/scripted-supervisor.ts";

describe("a process that dies", () => {
  it("is started again, and the fault says how it died and when it was back (V1, V3)", async () => {
    const { supervisor, processes, faults, untilLife } = setUp();
    await supervisor.start();
    processes[0]?.end({ kind: "signal", signal: "SIGKILL" });
    await untilLife(1);
    expect(supervisor.snapshot).toMatchObject({ pid: 101, restarts: 1, health: "healthy" });
    expect(faults).toMatchObject([{ target: "taskmanager-01", detail: "signal SIGKILL", planned: false }]);
    expect(faults[0]?.recoveredAfterMs).toBeGreaterThanOrEqual(0);
    await supervisor.stop(100);
    expect(supervisor.snapshot).toMatchObject({ state: "exited", health: "unknown", pid: null });
    expect(faults).toHaveLength(1);
  });

  it("more than 10 times within 60 s ends the run (V2)", async () => {
    const { supervisor, failures } = setUp({
      async launch() {
        return {
          pid: 1,
          isOurs: true,
          exited: Promise.resolve({ kind: "exit", code: 1 } as const),
          newestLines: () => "boom",
          stop: async () => undefined,
          kill: () => undefined,
          ...UNPAUSABLE,
        };
      },
      waitReady: () => new Promise(() => undefined),
    });
    // The readiness of a dead process is never waited for, so this settles by the bound alone.
    await expect(supervisor.start()).rejects.toThrow(new RegExp(`restarted ${RESTART_LIMIT.max} times.*boom`, "s"));
    expect(failures[0]?.category).toBe("job");
  });
});

describe("a process that hangs (V6)", () => {
  it("is killed and started again, and the fault says for how long it gave no answer", async () => {
    const { supervisor, hang, faults, untilLife } = setUp();
    await supervisor.start();
    hang[0]?.();
    await untilLife(1);
    const detail = "taskmanager-01 hung: it gave no answer for 20000 ms, and was killed";
    expect(faults).toMatchObject([{ kind: "processExit", target: "taskmanager-01", detail }]);
    expect(faults[0]?.recoveredAfterMs).toBeGreaterThanOrEqual(0);
    await supervisor.stop(100);
  });

  it("while it starts is no different", async () => {
    const waitReady = ({ life }: Launch) => (life === 0 ? new Promise<void>(() => undefined) : Promise.resolve());
    const { supervisor, hang, untilLife } = setUp({ waitReady });
    const started = supervisor.start();
    await waitUntil(() => hang[0], { what: "the first process", deadlineMs: 2_000, intervalMs: 2 });
    hang[0]?.();
    await started;
    await untilLife(1);
    await supervisor.stop(100);
  });

  it("more than 3 times ends the run, with that as the reason (V2)", async () => {
    const { supervisor, hang, failures, untilLife } = setUp();
    await supervisor.start();
    for (const life of [1, 2, 3]) {
      hang[life - 1]?.();
      await untilLife(life);
    }
    hang[3]?.();
    await waitUntil(() => failures[0], { what: "the failure", deadlineMs: 2_000, intervalMs: 2 });
    expect(failures[0]?.message).toMatch(/restarted 3 times within 600000 ms, and ended again: .* hung: /);
  });

  it("after the last word of its task has done its work: the fault is told, and nothing is repeated", async () => {
    const { supervisor, processes, hang, faults } = setUp({ judge: () => "finished" });
    await supervisor.start();
    hang[0]?.();
    await supervisor.finished;
    expect(processes).toHaveLength(1);
    expect(faults[0]?.detail).toMatch(/hung: .*; its work was done/);
  });

  it("while it is asked to end has its time for that", async () => {
    const ending = Promise.withResolvers<void>();
    const kills: string[] = [];
    const { supervisor, hang } = setUp({
      async launch() {
        return {
          pid: 1,
          isOurs: true,
          exited: ending.promise.then(() => ({ kind: "exit", code: 0 }) as const),
          pulse: { heardAtMs: () => 0, ping: () => undefined },
          newestLines: () => "",
          stop: () => ending.promise,
          kill: () => kills.push("kill"),
          ...UNPAUSABLE,
        };
      },
    });
    await supervisor.start();
    const stopped = supervisor.stop(100);
    hang[0]?.();
    expect(kills).toEqual([]);
    ending.resolve();
    await stopped;
  });
});

describe("a process whose group may still be there (V4)", () => {
  const ended: RunningServer = {
    pid: 1,
    isOurs: true,
    exited: Promise.resolve({ kind: "exit", code: 1 } as const),
    newestLines: () => "",
    stop: () => Promise.reject(new Error("process group 1 is still there")),
    kill: () => undefined,
    ...UNPAUSABLE,
  };

  it("gets no second life beside it: the run ends, and says so", async () => {
    const { supervisor, failures } = setUp({
      launch: async () => ended,
      waitReady: () => new Promise(() => undefined),
    });
    await expect(supervisor.start()).rejects.toThrow(/group 1 is still there/);
    expect(failures).toHaveLength(1);
    expect(supervisor.life).toBe(0);
  });

  it("is judged by its own end where that is final", async () => {
    const final = createError("ASSERTION_FAILED", { what: "its own end" });
    const { supervisor } = setUp({
      launch: async () => ended,
      waitReady: () => new Promise(() => undefined),
      judge: () => final,
    });
    await expect(supervisor.start()).rejects.toBe(final);
  });
});

describe("a task", () => {
  it("that ended with success is finished, and no fault", async () => {
    const { supervisor, processes, faults } = setUp({ judge: () => "finished" });
    await supervisor.start();
    processes[0]?.end({ kind: "exit", code: 0 });
    await supervisor.finished;
    expect(supervisor.snapshot.state).toBe("finished");
    expect(faults).toEqual([]);
  });
});

describe("a halt", () => {
  it("is no fault, stays until it is resumed, and then is a life of its own (V5)", async () => {
    const { supervisor, processes, faults, snapshots } = setUp({ judge: () => "finished" });
    await supervisor.start();
    await supervisor.halt(100);
    expect(supervisor.isHalted).toBe(true);
    expect(supervisor.snapshot).toMatchObject({ state: "exited", health: "unknown", reason: "stopped by the user" });
    expect(snapshots.map(({ state }) => state)).toEqual(["starting", "starting", "running", "stopping", "exited"]);
    await supervisor.startAgain();
    expect(supervisor.snapshot).toMatchObject({ state: "running", pid: 101, restarts: 1 });
    expect(processes).toHaveLength(2);
    expect(faults).toEqual([]);
    await supervisor.stop(100);
  });

  it("holds from the backoff after a crash, too, and the next start does not count as a port clash", async () => {
    const { supervisor, processes } = setUp();
    await supervisor.start();
    processes[0]?.end({ kind: "exit", code: 1 });
    await supervisor.halt(100);
    expect(supervisor.snapshot).toMatchObject({ reason: "stopped by the user" });
    expect(processes).toHaveLength(1);
    await supervisor.startAgain();
    expect(processes[1]?.launch.formerLastLines).toBeNull();
    await supervisor.stop(100);
  });

  it("that is followed by the stop of the run ends it, and nothing can be resumed any more", async () => {
    const { supervisor, processes } = setUp();
    await supervisor.start();
    await supervisor.halt(100);
    await supervisor.stop(100);
    await expect(supervisor.startAgain()).rejects.toThrow(/our stop/);
    expect(processes).toHaveLength(1);
  });

  it("fails its resume with the reason when the resource cannot run any more", async () => {
    const { supervisor, processes, failures } = setUp({
      judge: () => createError("ASSERTION_FAILED", { what: "it refuses" }),
      waitReady: ({ life }) => (life === 0 ? Promise.resolve() : new Promise(() => undefined)),
    });
    await supervisor.start();
    await supervisor.halt(100);
    const resumed = supervisor.startAgain();
    await waitUntil(() => processes[1], { what: "the second process", deadlineMs: 2_000, intervalMs: 2 });
    processes[1]?.end({ kind: "exit", code: 1 });
    await expect(resumed).rejects.toThrow(/it refuses/);
    expect(failures).toHaveLength(1);
  });
});

describe("a stop", () => {
  it("also holds for a resource that was not started yet", async () => {
    const { supervisor, processes } = setUp();
    supervisor.showWaiting("waiting for others");
    await supervisor.stop(100);
    await expect(supervisor.start()).rejects.toThrow(/our stop/);
    expect(processes).toHaveLength(0);
  });

  it("during the backoff starts no further life", async () => {
    const { supervisor, processes } = setUp();
    await supervisor.start();
    processes[0]?.end({ kind: "exit", code: 1 });
    await waitUntil(() => (supervisor.snapshot.state === "exited" ? true : undefined), {
      what: "the end",
      deadlineMs: 2_000,
      intervalMs: 2,
    });
    await supervisor.stop(100);
    expect(processes).toHaveLength(1);
  });
});

describe("a process whose health is watched", () => {
  it("runs before it is healthy, and is what its watcher says until it ends", async () => {
    const reports: ReportHealth[] = [];
    const { supervisor, processes, snapshots, untilLife } = setUp({
      watchHealth: (signal, report) => {
        reports.push(report);
        return new Promise((resolve) => void signal.addEventListener("abort", () => resolve()));
      },
    });
    await supervisor.start();
    expect(supervisor.snapshot).toMatchObject({ state: "running", health: "unknown" });
    reports[0]?.("healthy", "");
    reports[0]?.("unhealthy", "HTTP 503");
    expect(supervisor.snapshot).toMatchObject({ state: "running", health: "unhealthy", reason: "HTTP 503" });
    processes[0]?.end({ kind: "exit", code: 1 });
    await untilLife(1);
    // The watcher of the dead has nothing to say any more.
    const before = snapshots.length;
    reports[0]?.("healthy", "");
    expect(snapshots).toHaveLength(before);
    expect(supervisor.snapshot.health).toBe("unknown");
    await supervisor.stop(1_000);
  });

  it("is ended and judged when its watcher gives up, with the watcher's reason", async () => {
    const reason = createError("ASSERTION_FAILED", { what: "never healthy" });
    const { supervisor, failures, snapshots } = setUp({
      watchHealth: () => Promise.reject(reason),
      judge: (end) => (end.killReason === reason ? reason : "restart"),
    });
    await supervisor.start();
    await waitUntil(() => failures[0], { what: "the failure", deadlineMs: 5_000, intervalMs: 2 });
    expect(failures).toEqual([reason]);
    expect(snapshots.at(-1)).toMatchObject({ state: "exited", pid: null });
    expect(snapshots.at(-1)?.reason).toContain("never healthy");
  });

  it("has a bound on its restarts of its own", async () => {
    const { supervisor, processes, failures, untilLife } = setUp({ restartsMax: 1 });
    await supervisor.start();
    processes[0]?.end({ kind: "exit", code: 1 });
    await untilLife(1);
    processes[1]?.end({ kind: "exit", code: 1 });
    await waitUntil(() => failures[0], { what: "the failure", deadlineMs: 5_000, intervalMs: 2 });
    expect(failures[0]).toMatchObject({ code: "RESTARTS_EXCEEDED", category: "job" });
  });
});
