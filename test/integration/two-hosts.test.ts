/** Several hosts at the same time in one folder: none of them disturbs another, and each has its own verdict. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { distPath } from "../support/dist.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { expectNoRunProcesses } from "../support/run-processes.ts";
import { ONCE, readVerdict } from "../support/system.ts";

const HOSTS = 3;
const MESSAGES = 6_000;
const SMALL = ["--infra", "embedded", "--task-managers", "1", "--ui", "plain"];

/** From its own words, since the newest folder may be another host's. */
async function readRun(cli: Cli): Promise<Extract<HostEvent, { type: "run" }>> {
  const first = await waitUntil(() => /^\{.*"type":"run".*\}$/m.exec(cli.output().stdout)?.[0], {
    what: "the run's own event",
    deadlineMs: 30_000,
  });
  return JSON.parse(first) as Extract<HostEvent, { type: "run" }>;
}

it("they share no file, socket, port or process; one that is killed takes no other along", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-hosts-"));
  const args = [...ONCE, "--isolated", "--messages", String(MESSAGES), "--rate", "1500", "--task-managers", "2"];
  // Started in the same moment, with a compile cache that none of them has filled yet.
  const hosts = Array.from({ length: HOSTS }, () => startCli(args, { cwd }));
  try {
    const runs = await Promise.all(hosts.map(readRun));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(HOSTS);
    const [killed, ...others] = hosts;
    await waitUntil(() => killed?.output().stdout.includes('"phase":"producing"') || undefined, {
      what: "a round of the first",
      deadlineMs: 60_000,
    });
    killed?.process.kill("SIGKILL");
    for (const host of others) {
      const result = await host.end();
      expect(result.exitCode, result.stderr).toBe(0);
      expect(readVerdict(result)).toMatchObject({ verdict: "passed", processed: MESSAGES, lost: 0, duplicated: 0 });
    }
    const reports = runs
      .slice(1)
      .map(({ runDir }) => JSON.parse(readFileSync(runFolder.report(runDir), "utf8")) as Report);
    const endpoints = reports.flatMap(({ infra }) => [infra.kafka.endpoint, infra.redis.endpoint]);
    expect(new Set(endpoints).size).toBe(endpoints.length);
    for (const report of reports) expect(report.faults).toEqual([]);
    for (const { runId } of runs) await expectNoRunProcesses(runId, 10_000);
  } finally {
    for (const host of hosts) await host.dispose();
    rmSync(cwd, { recursive: true, force: true });
  }
});

/** Makes a place with processes of its own, as a container does; only root may. */
const canUnshare = process.platform === "linux" && spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;

it.skipIf(!canUnshare)("one in another container takes nothing from it (only root can make one)", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "flink-apphost-hosts-"));
  const host = startCli(["up", ...SMALL, "--messages", "0"], { cwd });
  try {
    await host.waitForEvent("phase", ({ phase }) => phase === "idle");
    const [runDir, runId] = [await host.runDir(), await host.runId()];
    mkdirSync(join(runDir, "data"), { recursive: true });
    writeFileSync(join(runDir, "data", "precious"), "");
    const inside = ["--pid", "--fork", "--mount-proc", process.execPath, distPath("apphost/main")];
    for (const args of [["down"], ["up", ...SMALL, "--once", "--messages", "10"]]) {
      const { status, stdout, stderr } = spawnSync("unshare", [...inside, ...args], { cwd, encoding: "utf8" });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout + stderr).toContain(`${runDir} is left as it is: `);
      expect(readdirSync(join(runDir, "data"))).toEqual(["precious"]);
    }
    // It lives, and is found where it can be seen.
    const { stdout } = await runCli(["produce", "--messages", "100", "--run", runId], { cwd });
    expect(stdout).toContain("PASSED: 100 messages processed");
  } finally {
    await host.dispose();
    rmSync(cwd, { recursive: true, force: true });
  }
});
