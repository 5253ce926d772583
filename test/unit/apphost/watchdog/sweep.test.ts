/** What a sweep takes for its run's own: by what the system says of a process and of a name, whatever was recorded. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createRunMark,
  isAlive,
  markVariables,
  readStartTime,
} from "../../../../apphost/processes/process-identity.ts";
import { listLiving, removeRemains, sweepRun } from "../../../../apphost/watchdog/sweep.ts";
import { ENV } from "../../../../simulator/common/contract/child/environment.ts";
import { realRedisMissing } from "../../../support/real-redis.ts";
import { canListProcesses } from "../../../support/run-processes.ts";

const RUN = "0d437693";

let runDir = "";
let elsewhere = "";
const sleepers: ChildProcess[] = [];
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "flink-apphost-sweep-"));
  elsewhere = mkdtempSync(join(tmpdir(), "flink-apphost-elsewhere-"));
});
afterEach(() => {
  for (const sleeper of sleepers.splice(0)) sleeper.kill("SIGKILL");
  rmSync(runDir, { recursive: true, force: true });
  rmSync(elsewhere, { recursive: true, force: true });
});

async function startSleeper(env: Record<string, string>, cwd = elsewhere): Promise<{ pid: number; startTime: string }> {
  const sleeper = spawn("/bin/sleep", ["60"], { stdio: "ignore", detached: true, env, cwd });
  sleepers.push(sleeper);
  await once(sleeper, "spawn");
  const pid = sleeper.pid as number;
  return { pid, startTime: readStartTime(pid) as string };
}

const markOf = (token: string) => createRunMark(runDir, { runId: RUN, token });

describe("a process", () => {
  it("that was recorded, and carries the run, is killed; the same one under another start is not (S1)", async () => {
    const child = await startSleeper({ [ENV.run]: RUN });
    const sweep = (startTime: string) =>
      sweepRun({ mark: markOf("token"), children: [{ ...child, startTime }], spare: [] });
    expect(await sweep("another start")).toEqual({ killed: [], remaining: [] });
    expect(isAlive(child.pid)).toBe(true);
    expect(await sweep(child.startTime)).toEqual({ killed: [child.pid], remaining: [] });
  });

  it.skipIf(!canListProcesses).each([
    ["another run", { [ENV.run]: "11111111" }],
    ["no run", { PATH: "/bin" }],
    ["nothing at all", {}],
  ])("that was recorded, and carries %s in its environment, is spared (P1)", async (_, env) => {
    const child = await startSleeper(env);
    const leftovers = { mark: markOf("token"), children: [child], spare: [] };
    expect(listLiving(leftovers)).toEqual([]);
    expect(await sweepRun(leftovers)).toEqual({ killed: [], remaining: [] });
    expect(isAlive(child.pid)).toBe(true);
  });

  it.skipIf(!canListProcesses)(
    "that nobody recorded is killed by the mark of the run, not by its id (P1)",
    async () => {
      const named = await startSleeper({ [ENV.run]: RUN });
      const marked = await startSleeper(markVariables(markOf("token")));
      const leftovers = (token: string) => ({ mark: markOf(token), children: [], spare: [] });
      expect(await sweepRun(leftovers("of a planted record"))).toEqual({ killed: [], remaining: [] });
      expect(await sweepRun(leftovers("token"))).toEqual({ killed: [marked.pid], remaining: [] });
      expect(isAlive(named.pid)).toBe(true);
    },
  );

  it.skipIf(!canListProcesses)(
    "with a blank environment is one of the run when it works in its folder (P2)",
    async () => {
      mkdirSync(join(runDir, "data", "redis"), { recursive: true });
      const redis = await startSleeper({}, join(runDir, "data", "redis"));
      expect(await sweepRun({ mark: markOf("token"), children: [redis], spare: [] })).toEqual({
        killed: [redis.pid],
        remaining: [],
      });
    },
  );
});

describe.skipIf(!canListProcesses || realRedisMissing() !== null)("a real redis-server", () => {
  it("has written its title over its environment, and is known by its folder (P2 of `process-identity.ts`)", async () => {
    const folder = join(runDir, "data", "redis");
    mkdirSync(folder, { recursive: true });
    const redis = spawn("redis-server", ["-"], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
      env: { PATH: process.env["PATH"], [ENV.run]: RUN },
    });
    sleepers.push(redis);
    const isUp = new Promise<void>((resolve) => {
      redis.stdout.on("data", (text: Buffer) => {
        if (/ready to accept connections/i.test(text.toString())) resolve();
      });
    });
    redis.stdin.end(`port 0\nunixsocket ${join(folder, "redis.sock")}\ndir "${folder}"\n`);
    await isUp;
    const pid = redis.pid as number;
    const children = [{ pid, startTime: readStartTime(pid) as string }];
    expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain(ENV.run);
    const inAnother = createRunMark(elsewhere, { runId: RUN, token: "token" });
    expect(listLiving({ mark: inAnother, children, spare: [] })).toEqual([]);
    expect(await sweepRun({ mark: markOf("token"), children, spare: [] })).toEqual({ killed: [pid], remaining: [] });
  });
});

describe("a file", () => {
  it("goes only from the run's data; a link in its place goes as a link, and what it leads to stays (S3)", async () => {
    writeFileSync(join(elsewhere, "precious"), "");
    for (const prepare of [
      () => symlinkSync(elsewhere, join(runDir, "data")),
      () => {
        mkdirSync(join(runDir, "data"));
        symlinkSync(elsewhere, join(runDir, "data", "kafka"));
      },
    ]) {
      prepare();
      await removeRemains(markOf("token"));
      expect(readdirSync(runDir)).toEqual([]);
      expect(readdirSync(elsewhere)).toEqual(["precious"]);
    }
  });

  it("that cannot be removed is told, and ends nothing", async () => {
    // A folder of others in the place of the run's: it is not ours to clear.
    chmodSync(runDir, 0o777);
    mkdirSync(join(runDir, "data"));
    const remaining = [expect.stringMatching(/data could not be removed: others may write it \(mode 777\)$/)];
    expect(await sweepRun({ mark: markOf("token"), children: [], spare: [] })).toEqual({ killed: [], remaining });
  });

  it("stays where the run's folder is a link (S3)", async () => {
    mkdirSync(join(elsewhere, "data"));
    const link = `${runDir}-link`;
    symlinkSync(elsewhere, link);
    try {
      await removeRemains({ ...markOf("token"), runDir: link });
      expect(existsSync(join(elsewhere, "data"))).toBe(true);
    } finally {
      rmSync(link);
    }
  });
});
