/** Runs on containers of a real engine: exact, labelled, without secrets in sight, and gone without a trace. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LABEL } from "../../apphost/drivers/docker/labels.ts";
import { isHostAlive, readState } from "../../apphost/run/run-folder.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { containerOf, listOfRun, realEngine, untilNothingOfRun } from "../support/real-docker.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { expectPassed, readRunVariables } from "../support/system.ts";

const SMALL = ["--task-managers", "4", "--partitions", "4", "--ui", "json"];
const STANDING = ["up", "--infra", "docker", "--messages", "0", ...SMALL];
const DEADLINE_MS = 110_000;

describeReal(["docker"], "a run on containers", () => {
  it.each(["host", "published"])(
    "is exact over a %s network, keeps its secrets, and leaves nothing",
    async (network) => {
      const args = ["up", "--infra", "docker", "--docker-network", network, "--messages", "20_000", ...SMALL];
      const cli = startCli(args, { deadlineMs: DEADLINE_MS });
      try {
        await cli.waitForEvent("phase", ({ phase }) => phase === "idle", DEADLINE_MS);
        const runId = await cli.runId();
        const password = present((await readRunVariables(cli.cwd))["REDIS_PASSWORD"], "the password");
        for (const resource of ["kafka", "redis"] as const) {
          const shown = await (await containerOf(runId, resource)).inspect();
          expect(JSON.stringify(shown)).not.toContain(password);
          expect(shown.Config.Labels).toMatchObject({
            [LABEL.run]: runId,
            [LABEL.resource]: resource,
            [LABEL.ownerPid]: String(cli.pid),
          });
          expect(shown.HostConfig.NetworkMode === "host").toBe(network === "host");
          const bindings = Object.values(
            (shown.HostConfig.PortBindings ?? {}) as Record<string, { HostIp: string }[]>,
          ).flat();
          expect(bindings.every(({ HostIp }) => HostIp === "127.0.0.1")).toBe(true);
        }
        const listed = await listOfRun(runId);
        expect(listed.filter((thing) => thing.startsWith("container"))).toHaveLength(2);
        // All that the images declare, also those that nobody uses: without our labels they could be left behind.
        expect(listed.filter((thing) => thing.startsWith("volume"))).toHaveLength(4);
        if (network === "published") expect(await countListeners(runId, "kafka")).toBe(2);
        const log = readFileSync(runFolder.log(await cli.runDir(), "kafka"), "utf8");
        expect(log).toContain("Kafka Server started");
        cli.process.kill("SIGTERM");
        const report = await expectPassed(cli, await cli.end(), 20_000);
        expect(report.infra.kafka).toMatchObject({ mode: "docker", version: "4.3.0" });
        expect(report.infra.redis).toMatchObject({ mode: "docker", aof: "on", fsync: "everysec" });
        const measured = report.resources.byProcess.filter(({ name }) => name === "kafka" || name === "redis");
        expect(measured.every(({ rssBytesMax }) => rssBytesMax > 1_000_000)).toBe(true);
        expect(await listOfRun(runId)).toEqual([]);
      } finally {
        await cli.dispose();
      }
    },
  );
});

describeReal(["docker"], "a host that is killed with SIGKILL", () => {
  it("has its containers removed by the watchdog within 10 s", async () => {
    const cli = startCli(STANDING, { deadlineMs: DEADLINE_MS });
    try {
      await cli.waitForEvent("phase", ({ phase }) => phase === "idle", DEADLINE_MS);
      const runId = await cli.runId();
      expect((await listOfRun(runId)).length).toBeGreaterThan(0);
      cli.process.kill("SIGKILL");
      await untilNothingOfRun(runId);
    } finally {
      await cli.dispose();
    }
  });

  it("together with its watchdog, leaves its containers to the next `down`", async () => {
    const cli = startCli(STANDING, { deadlineMs: DEADLINE_MS });
    try {
      await cli.waitForEvent("resource", ({ name, state }) => name === "redis" && state === "running", DEADLINE_MS);
      const runId = await cli.runId();
      const state = present(readState(await cli.runDir()), "the state of the run");
      expect(state.engine).toBe(realEngine().address);
      const watchdog = findWatchdog(runId);
      // Stopped first: it would start another watchdog.
      cli.process.kill("SIGSTOP");
      process.kill(watchdog, "SIGKILL");
      cli.process.kill("SIGKILL");
      await waitUntil(() => (isHostAlive(state) ? undefined : true), { what: "the host's end", deadlineMs: 60_000 });
      expect((await listOfRun(runId)).length).toBeGreaterThan(0);
      const { exitCode, stdout, stderr } = await runCli(["down"], { cwd: cli.cwd });
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toMatch(/container flink-apphost-\S+-redis removed/);
      expect(await listOfRun(runId)).toEqual([]);
    } finally {
      await cli.dispose();
    }
  });
});

/** In the container's own network: the broker and its controller, and nothing that listens beside them. */
async function countListeners(runId: string, resource: "kafka"): Promise<number> {
  const { State } = await (await containerOf(runId, resource)).inspect();
  const sockets = ["tcp", "tcp6"].flatMap((name) =>
    readFileSync(`/proc/${State.Pid}/net/${name}`, "utf8").trim().split("\n").slice(1),
  );
  return sockets.filter((line) => line.trim().split(/\s+/)[3] === "0A").length;
}

/** Only this run's: its command line names the run. */
function findWatchdog(runId: string): number {
  const { stdout } = spawnSync("pgrep", ["-f", `watchdog/main.*${runId}`], { encoding: "utf8" });
  const pids = stdout
    .trim()
    .split("\n")
    .map(Number)
    .filter((pid) => existsSync(`/proc/${pid}`) && pid > 0);
  return present(pids[0], "the watchdog");
}
