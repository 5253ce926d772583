/** `scale` of a job on a real Apache Flink in the middle of a load, as a user gives it: fewer, more, and still exact. */
import { expect, it } from "vitest";
import type { HostDescription } from "../../apphost/model/description.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const RUN_MS_MAX = 480_000;
const WAIT_MS_MAX = 240_000;
const MESSAGES = 60_000;
const ON_FLINK =
  `stress --engine flink --infra native --ui json --task-managers 4 --partitions 4 --max-time 300s --rate 1000 --messages ${MESSAGES}`.split(
    " ",
  );
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: process.env["KAFKA_HOME"] ?? "" };

async function scale(cli: Cli, replicas: number): Promise<string> {
  const args = ["scale", "taskmanager", String(replicas)];
  const { exitCode, stderr } = await runCli(args, { cwd: cli.cwd, deadlineMs: WAIT_MS_MAX });
  expect(exitCode, stderr).toBe(0);
  return stderr;
}

/** Those that stand in `describe`, and those that Flink has with the parallelism of its job. */
async function readShape(cli: Cli) {
  const { stdout } = await runCli(["describe", "--format", "json"], { cwd: cli.cwd });
  const { resources } = JSON.parse(stdout) as HostDescription;
  const url = resources.find(({ name }) => name === "jobmanager")?.urls[0]?.url ?? "";
  const read = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  const { taskmanagers } = (await read("/taskmanagers")) as { taskmanagers: { id: string }[] };
  const { jobs } = (await read("/jobs")) as { jobs: { id: string }[] };
  const { vertices } = (await read(`/jobs/${jobs[0]?.id}`)) as { vertices: { parallelism: number }[] };
  return {
    described: resources.filter(({ resourceType }) => resourceType === "taskmanager").map(({ name }) => name),
    registered: taskmanagers.map(({ id }) => id).sort(),
    parallelism: [...new Set(vertices.map(({ parallelism }) => parallelism))],
  };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `taskmanager-0${index + 1}`);
const shapeOf = (count: number) => ({ described: names(count), registered: names(count), parallelism: [count] });

describeReal(["flink", "kafka", "redis"], "scaling a job on Apache Flink", () => {
  it("goes from 4 to 2 and back to 4 TaskManagers in the middle of a load, and the verdict is exact", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const cli = startCli(ON_FLINK, { env, deadlineMs: RUN_MS_MAX });
    try {
      await cli.waitForEvent("progress", ({ processed }) => processed >= 0.1 * MESSAGES, WAIT_MS_MAX);
      expect(await scale(cli, 2)).toMatch(/stopping taskmanager-03, taskmanager-04/);
      expect(await readShape(cli)).toEqual(shapeOf(2));
      expect(await scale(cli, 4)).toMatch(/starting taskmanager-03, taskmanager-04/);
      expect(await readShape(cli)).toEqual(shapeOf(4));
      const events = await cli.events();
      // It was in the middle of the load, and what was scaled away is no fault.
      expect(events.some((event) => event.type === "phase" && event.phase === "draining")).toBe(false);
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: MESSAGES, lost: 0, duplicated: 0 });
      expect(report.checks.filter(({ status }) => status === "failed" || status === "unknown")).toEqual([]);
      expect(report.faults).toEqual([]);
      expect(report.taskManagers).toHaveLength(4);
    } finally {
      await cli.dispose();
    }
  });
});
