/** A child and its group: a stop ends when the whole group is gone, and what the child started has time to end in order. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type RunningChild, startChildProcess } from "../../../../apphost/processes/child-process.ts";
import { isGroupAlive } from "../../../../apphost/processes/process-identity.ts";
import { ResourceLog } from "../../../../apphost/processes/resource-log.ts";
import { Supervisor } from "../../../../apphost/processes/supervisor.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flink-apphost-group-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const openLog = (): ResourceLog => new ResourceLog(join(folder, "log"), (work) => work());

/** The leader ends at SIGTERM at once; its child takes `seconds` more, and then leaves a file. */
const startFamily = (seconds: string): RunningChild => {
  const [ready, done] = [join(folder, "ready"), join(folder, "done")];
  const grandchild = `trap "sleep ${seconds}; echo > ${done}; exit 0" TERM; echo > ${ready}; while :; do sleep 0.05; done`;
  return startChildProcess(
    {
      command: "sh",
      args: ["-c", `sh -c '${grandchild}' & trap "exit 0" TERM; while :; do sleep 0.05; done`],
      env: { PATH: process.env["PATH"] ?? "" },
      input: null,
      hasChannel: false,
    },
    { log: openLog(), onSpawn: () => {}, onMessage: () => {} },
  );
};

const untilReady = () =>
  waitUntil(() => existsSync(join(folder, "ready")) || undefined, { what: "the grandchild", deadlineMs: 10_000 });

it("a stop waits for a grandchild that outlives the leader (P4)", async () => {
  const child = startFamily("0.5");
  await untilReady();
  await child.stop(10_000);
  expect(existsSync(join(folder, "done"))).toBe(true);
  expect(isGroupAlive(child.pid as number)).toBe(false);
});

it("a stop kills the group of a leader that is gone when the time is over (P4)", async () => {
  const child = startFamily("60");
  await untilReady();
  await child.stop(300);
  expect(existsSync(join(folder, "done"))).toBe(false);
  expect(isGroupAlive(child.pid as number)).toBe(false);
});

it("what a child writes is for this user alone, and what the user's own program writes as the user wants it (P5)", async () => {
  const before = process.umask(0o002);
  try {
    for (const [isOfUser, mask] of [
      [false, "0077"],
      [true, "0002"],
    ] as const) {
      const child = startChildProcess(
        {
          command: "sh",
          args: ["-c", "umask"],
          env: { PATH: process.env["PATH"] ?? "" },
          input: null,
          hasChannel: false,
          isOfUser,
        },
        { log: openLog(), onSpawn: () => {}, onMessage: () => {} },
      );
      await child.exited;
      expect(child.newestLines(1)).toBe(mask);
      expect(process.umask()).toBe(0o002);
    }
  } finally {
    process.umask(before);
  }
});

it("a supervisor's stop gives the group its time, too; only a death by itself takes the group along (V4 of `supervisor.ts`)", async () => {
  const families: RunningChild[] = [];
  const supervisor = new Supervisor(
    {
      declaration: { name: "x", kind: "redis", life: "standing", group: null, waitsFor: [], loadsEarly: false },
      launch: async () => {
        rmSync(join(folder, "ready"), { force: true });
        // Longer than the wait for the leader's last words, after which its end is known.
        const family = startFamily("3");
        families.push(family);
        return family;
      },
      waitReady: untilReady,
      endpoint: () => null,
      judge: () => "restart",
      isServer: true,
    } as never,
    {
      pulses: { watch: () => () => undefined },
      emitResource: () => {},
      emitExit: () => {},
      recordFault: () => ({ recoveredAfterMs: () => {} }),
      fail: () => {},
    },
  );
  await supervisor.start();
  process.kill(families[0]?.pid as number, "SIGKILL");
  await waitUntil(() => families[1], { what: "the second life", deadlineMs: 10_000 });
  expect(isGroupAlive(families[0]?.pid as number)).toBe(false);
  await waitUntil(() => supervisor.snapshot.state === "running" || undefined, { what: "running", deadlineMs: 10_000 });
  expect(existsSync(join(folder, "done"))).toBe(false);
  await supervisor.stop(10_000);
  expect(existsSync(join(folder, "done"))).toBe(true);
});
