/** Flink's own command line against our JobManager: exit codes, and what it says. Needs a Flink 2.x in FLINK_HOME. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { flinkClientVariables } from "../../apphost/model/connection.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { countingJob } from "../support/counting-job.ts";
import { type JobManagerRest, REST_TOKEN, startJobManagerRest } from "../support/job-manager-rest.ts";
import { playOwningTaskManager } from "../support/owning-task-manager.ts";
import { SKIP_MARK } from "../support/skip-reporter.ts";

const HOME = process.env["FLINK_HOME"] ?? "";
const CALL_MS_MAX = 60_000;

/** REQUIRE_REAL does not ask for it: no machine of ours is set up with a Flink yet. */
function findMissing(): string | null {
  if (HOME === "") return "FLINK_HOME is not set";
  if (!existsSync(join(HOME, "lib"))) return `FLINK_HOME is ${HOME}, which has no folder lib`;
  return spawnSync("java", ["-version"], { stdio: "ignore" }).status === 0 ? null : "java is not on PATH";
}
const missing = findMissing();
const title = "the flink command";
const jobId = "0123456789abcdef0123456789abcdef";

describe.skipIf(missing !== null)(missing === null ? title : `${title} ${SKIP_MARK}${missing})`, () => {
  let served: JobManagerRest;
  let taskManager: Socket;

  beforeEach(async () => {
    served = await startJobManagerRest();
    taskManager = playOwningTaskManager(served.rpcPort, "taskmanager-01");
    await served.manager.submit(countingJob(jobId));
    await reaches("RUNNING");
    const configuration = join(served.folder, "conf");
    await mkdir(configuration);
    await writeFile(join(configuration, "config.yaml"), `rest.address: 127.0.0.1\nrest.port: ${served.port}\n`);
  });
  afterEach(async () => {
    taskManager.destroy();
    await served.close();
  });

  const reaches = (state: string) =>
    waitUntil(() => served.manager.job?.status.state === state || undefined, {
      what: `the job ${state}`,
      deadlineMs: 60_000,
    });

  /** As `bin/flink` starts it, without a shell in between. */
  async function flink(...args: string[]): Promise<{ exitCode: number; said: string }> {
    const jars = (await readdir(join(HOME, "lib"))).filter((name) => name.endsWith(".jar"));
    const classPath = jars.map((name) => join(HOME, "lib", name)).join(":");
    const env = {
      ...process.env,
      ...flinkClientVariables(REST_TOKEN),
      FLINK_CONF_DIR: join(served.folder, "conf"),
    };
    const command = ["-XX:TieredStopAtLevel=1", "-cp", classPath, "org.apache.flink.client.cli.CliFrontend", ...args];
    return new Promise((resolve) => {
      execFile("java", command, { env, timeout: CALL_MS_MAX, cwd: served.folder }, (error, stdout, stderr) => {
        resolve({
          exitCode: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
          said: stdout + stderr,
        });
      });
    });
  }

  test("lists the job, takes a savepoint where it is told to, and stops the job with another", async () => {
    const list = await flink("list");
    expect(list, list.said).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining(`${jobId} : counting (RUNNING)`),
    });
    const directory = join(served.folder, "by-flink");
    const savepoint = await flink("savepoint", jobId, directory);
    expect(savepoint.said).toContain(`Savepoint completed. Path: file://${directory}/savepoint-012345-`);
    expect(savepoint.exitCode).toBe(0);
    const stop = await flink("stop", "--savepointPath", directory, jobId);
    expect(stop.said).toContain(`Savepoint completed. Path: file://${directory}/savepoint-012345-`);
    expect(stop.exitCode).toBe(0);
    await reaches("FINISHED");
    expect((await readdir(directory)).filter((name) => name.startsWith("savepoint-"))).toHaveLength(2);
    const all = await flink("list", "-a");
    expect(all.said).toContain(`${jobId} : counting (FINISHED)`);
  });

  test("tells why a savepoint failed that was under way, at once", async () => {
    const outcome = {
      kind: "declined",
      id: 7,
      durationMs: 1,
      reason: "the disk was full: Größe",
      error: null,
    } as const;
    const checkpoints = served.manager.job?.checkpoints;
    if (checkpoints !== undefined) vi.spyOn(checkpoints, "takeSavepoint").mockResolvedValue(outcome);
    const failed = await flink("savepoint", jobId, served.folder);
    expect(failed.said).toContain("the disk was full: Größe");
    expect(failed.said).not.toContain("TimeoutException");
    expect(failed.exitCode).toBe(1);
  });

  test("cancels the job, and fails with the reason where a savepoint cannot be", async () => {
    await writeFile(join(served.folder, "file"), "");
    const refused = await flink("savepoint", jobId, join(served.folder, "file"));
    expect(refused.said).toContain("no savepoint could be written to");
    expect(refused.exitCode).toBe(1);
    const cancel = await flink("cancel", jobId);
    expect(cancel.said).toContain(`Cancelled job ${jobId}.`);
    expect(cancel.exitCode).toBe(0);
    await reaches("CANCELED");
  });
});
