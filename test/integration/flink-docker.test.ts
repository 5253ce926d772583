/**
 * `--engine flink --infra docker` on a real engine, as a user starts it: exact with containers of Flink's that are killed by
 * the verb, by somebody else, and removed; over both networks; and nothing is left of it, however the host ends.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { LABEL } from "../../apphost/drivers/docker/labels.ts";
import { readFlinkHome } from "../../apphost/drivers/flink/flink-home.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { containerOf, listOfRun, untilNothingOfRun } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectExit } from "../support/system.ts";

const RUN_MS_MAX = 540_000;
const WAIT_MS_MAX = 300_000;
const MESSAGES = 90_000;
const ON_FLINK = "up --engine flink --infra docker --ui json --task-managers 2 --partitions 4 --max-time 300s".split(
  " ",
);
const FLINK_CONTAINERS = ["jobmanager", "sql-gateway", "taskmanager-01", "taskmanager-02"];
const env = { FLINK_HOME: process.env["FLINK_HOME"] ?? "", KAFKA_HOME: "" };

const waitForShare = (cli: Cli, share: number) =>
  cli.waitForEvent("progress", ({ produced }) => produced >= share * MESSAGES, WAIT_MS_MAX);

const waitForRestart = (cli: Cli, resource: string, count: number) =>
  cli.waitForEvent(
    "resource",
    ({ name, state, restarts }) => name === resource && state === "running" && restarts === count,
    WAIT_MS_MAX,
  );

async function act(cli: Cli, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(args, { cwd: cli.cwd, deadlineMs: WAIT_MS_MAX });
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

describeReal(["docker", "flink-image", "flink"], "the job on Apache Flink in containers", () => {
  it("is exact though containers of it are killed by verb, from outside, and removed, and leaves nothing", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const load = ["--once", "--messages", String(MESSAGES), "--rate", "1000"];
    const cli = startCli([...ON_FLINK, ...load], { env, deadlineMs: RUN_MS_MAX });
    try {
      await waitForShare(cli, 0.05);
      const runId = await cli.runId();
      await act(cli, "kill", "taskmanager-01");
      await waitForRestart(cli, "taskmanager-01", 1);
      await (await containerOf(runId, "taskmanager-02")).kill({ signal: "SIGKILL" });
      await waitForRestart(cli, "taskmanager-02", 1);
      await (await containerOf(runId, "taskmanager-01")).remove({ force: true });
      await waitForRestart(cli, "taskmanager-01", 2);
      await (await containerOf(runId, "jobmanager")).kill({ signal: "SIGKILL" });
      await waitForRestart(cli, "jobmanager", 1);
      const report = await expectExit(cli, await cli.end(), 0);
      expect(report.messages).toMatchObject({ processed: MESSAGES, lost: 0, duplicated: 0 });
      expect(report.faults.map(({ target, planned }) => [target, planned])).toEqual([
        ["taskmanager-01", true],
        ["taskmanager-02", false],
        ["taskmanager-01", false],
        ["jobmanager", false],
      ]);
      const notices = (await cli.events()).flatMap((event) => (event.type === "notice" ? [event.text] : []));
      expect(notices.filter((text) => /submitted again, from file:\/\/.*chk-\d+$/.test(text))).toHaveLength(1);
      expect(await listOfRun(runId)).toEqual([]);
      expect(existsSync(dirname(runFolder.data(await cli.runDir(), "flink")))).toBe(false);
    } finally {
      await cli.dispose();
    }
  });

  it("is reached by published ports of 127.0.0.1 alone, keeps checkpoints on disk, and a SIGKILL leaves nothing", {
    timeout: RUN_MS_MAX,
  }, async () => {
    const load = ["--docker-network", "published", "--messages", "20000"];
    const home = readFlinkHome(process.env);
    const connector = ["--kafka-connector", home.kind === "usable" ? home.kafkaConnectorJar : home.reason];
    const bare = { env: { FLINK_HOME: "" }, deadlineMs: RUN_MS_MAX };
    const cli = startCli([...ON_FLINK, ...load, ...connector], bare);
    try {
      await cli.waitForEvent("phase", ({ phase }) => phase === "idle", RUN_MS_MAX);
      const { verdict } = await cli.waitForEvent("verdict", () => true, 1_000);
      expect(verdict).toBe("passed");
      const runId = await cli.runId();
      for (const resource of FLINK_CONTAINERS) {
        const { Config, HostConfig } = await (await containerOf(runId, resource)).inspect();
        expect(Config.Labels).toMatchObject({ [LABEL.run]: runId, [LABEL.resource]: resource });
        const bindings = (HostConfig.PortBindings ?? {}) as Record<string, { HostIp: string }[]>;
        const addresses = Object.values(bindings).flatMap((ports) => ports.map(({ HostIp }) => HostIp));
        expect(addresses).toEqual(resource.startsWith("taskmanager") ? [] : ["127.0.0.1"]);
      }
      const described = JSON.parse(await act(cli, "describe", "--format", "json")) as {
        resources: { name: string; state: string; pid: number | null }[];
      };
      const shown = described.resources.filter(({ name }) => FLINK_CONTAINERS.includes(name));
      expect(shown.map(({ name, state }) => `${name} ${state}`).sort()).toEqual(
        FLINK_CONTAINERS.map((name) => `${name} running`),
      );
      const folder = join(runFolder.data(await cli.runDir(), "flink"), "checkpoints");
      expect(existsSync(folder)).toBe(true);
      expect(readFileSync(runFolder.log(await cli.runDir(), "taskmanager-01"), "utf8")).toMatch(
        /Successful registration/,
      );
      cli.process.kill("SIGKILL");
      await untilNothingOfRun(runId, 30_000);
      await waitUntil(async () => (existsSync(folder) ? undefined : true), {
        what: "the end of the cluster's folder",
        deadlineMs: 30_000,
      });
    } finally {
      await cli.dispose();
    }
  });
});

describeReal(["docker", "flink-image"], "an image of Flink without a Kafka connector", () => {
  it("is refused with what to do, before there is a run", { timeout: 120_000 }, async () => {
    const bare = { env: { FLINK_HOME: "" }, deadlineMs: 110_000 };
    const { exitCode, stderr } = await runCli([...ON_FLINK, "--once"], bare);
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toMatch(
      /has no Kafka connector .* in \/opt\/flink\/lib.*--kafka-connector FILE.*FLINK_HOME.*--flink-image/,
    );
    const lost = await runCli([...ON_FLINK, "--once", "--kafka-connector", "/nowhere/connector.jar"], bare);
    expect(lost.exitCode, lost.stderr).toBe(3);
    expect(lost.stderr).toMatch(/--kafka-connector is \/nowhere\/connector.jar, and there is no such file/);
  });
});
