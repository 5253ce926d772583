/** Which host a verb means: from any folder of the project, and never one of several by guess. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  findBase,
  findRunningHosts,
  requireRun,
  requireRunningHost,
  type StartingLimits,
  waitForStartingHost,
} from "../../../../apphost/control/running-host.ts";
import { claimFolder } from "../../../../apphost/run/host-claim.ts";
import { createRunId } from "../../../../apphost/run/run-folder.ts";
import { plantRun } from "../../../support/run-states.ts";

let project = "";
let base = "";
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "flink-apphost-project-")));
  base = join(project, ".flink-apphost");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** A run whose host is this very process, or a dead one. */
function addRun(second: number, host: { readonly isAlive: boolean; readonly ended?: boolean }): string {
  const { folder, runId } = createRunId(new Date(Date.UTC(2030, 0, 1, 0, 0, second)));
  const dead = host.isAlive ? {} : { hostStartTime: "another start" };
  plantRun(base, folder, { ...dead, ended: host.ended ?? false });
  return runId;
}

it("looks for the base folder upwards, and falls back to here (N1)", () => {
  const deep = join(project, "a", "b");
  mkdirSync(deep, { recursive: true });
  expect(findBase(deep)).toBe(join(deep, ".flink-apphost"));
  mkdirSync(base);
  expect(findBase(deep)).toBe(base);
  expect(findBase(project)).toBe(base);
});

it("means the only running host, and of several none (N2)", () => {
  expect(() => requireRunningHost({ base, run: null })).toThrow(/no running host found in .*flink-apphost up/);
  addRun(1, { isAlive: false });
  addRun(2, { isAlive: true, ended: true });
  expect(() => requireRunningHost({ base, run: null })).toThrow(/no running host/);
  const first = addRun(3, { isAlive: true });
  expect(requireRunningHost({ base, run: null }).state.runId).toBe(first);
  const second = addRun(4, { isAlive: true });
  expect(findRunningHosts(base).map(({ state }) => state.runId)).toEqual([second, first]);
  expect(() => requireRunningHost({ base, run: null })).toThrow(
    new RegExp(`2 hosts run in .*\\n  run ${second}: up, pid ${process.pid}.*\\n  run ${first}: `),
  );
  expect(requireRunningHost({ base, run: first }).state.runId).toBe(first);
});

it("tells a run that has ended from one that never was", () => {
  const dead = addRun(1, { isAlive: false });
  expect(() => requireRunningHost({ base, run: dead })).toThrow(/has ended/);
  expect(basename(requireRun(base, dead))).toMatch(new RegExp(`-${dead}$`));
  expect(() => requireRun(base, "ffffffff")).toThrow(new RegExp(`--run is "ffffffff": expected a run in .*: ${dead}`));
});

describe("a host that is starting, and has no run yet (N5)", () => {
  const told: string[] = [];
  const waitForIt = (limits: Partial<StartingLimits> = {}) => {
    const tell = ({ what }: { readonly what: string }) => void told.push(what);
    return waitForStartingHost({ base, run: null }, tell, { signMsMax: 300, runMsMax: 10_000, ...limits });
  };
  /** What a host holds before it has a run. */
  const claim = () => {
    const answer = claimFolder(base);
    if (answer.kind !== "claimed") throw new Error("the folder is held");
    return answer;
  };

  it("is waited for until it has one, with words", async () => {
    claim();
    setTimeout(() => addRun(1, { isAlive: true }), 2_300);
    await waitForIt();
    expect(findRunningHosts(base)).toHaveLength(1);
    expect(told).toEqual([`the host that is just starting (pid ${process.pid}) to have a run`]);
  });

  it("is waited for while it loads its code, and does not hold the folder yet", async () => {
    setTimeout(claim, 300);
    setTimeout(() => addRun(1, { isAlive: true }), 700);
    await waitForIt({ signMsMax: 10_000 });
    expect(findRunningHosts(base)).toHaveLength(1);
  });

  it("is not waited for when it has ended, nor where there is none", async () => {
    await waitForIt();
    const { release } = claim();
    setTimeout(release, 300);
    await waitForIt();
    expect(() => requireRunningHost({ base, run: null })).toThrow(/no running host/);
  });

  it("is given up after its time", async () => {
    claim();
    const reason = { code: "DEADLINE_EXCEEDED", message: expect.stringMatching(/just starting .* 300 ms/) };
    await expect(waitForIt({ runMsMax: 300 })).rejects.toMatchObject({ code: "NO_RUNNING_HOST", cause: reason });
  });
});
