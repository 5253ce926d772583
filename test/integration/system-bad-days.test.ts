/** Starts that cannot succeed, and runs that cannot finish: the exit code, the cause, what to do, and no long wait. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FIXED_PORTS } from "../../apphost/processes/ports.ts";
import { distPath } from "../support/dist.ts";
import { startMisadvertisedKafka } from "../support/misadvertised-kafka.ts";
import { runCli } from "../support/run-cli.ts";
import { expectExit, ONCE, readVerdict } from "../support/system.ts";

const TINY = ["--task-managers", "2", "--partitions", "2", "--messages", "10"];
/** Nobody listens on port 1, and no name ends in .invalid. */
const NOBODY = "127.0.0.1:1";

/** As plain output, in which a person reads the cause. */
const PLAIN = ["up", "--once", "--infra", "embedded", "--ui", "plain", ...TINY];
const summaryOf = (stdout: string): string => stdout.slice(stdout.lastIndexOf("\n\n"));

// They mostly wait, so they wait together.
describe.concurrent("a server of others that is not there", () => {
  it.each([
    [["--kafka", NOBODY], /Kafka at 127\.0\.0\.1:1 did not answer.*ECONNREFUSED/],
    [["--redis", `redis://${NOBODY}`], /Redis at 127\.0\.0\.1:1 did not answer in 5 attempts.*ECONNREFUSED/],
    [["--redis", "redis://no-such-host.invalid:6379", "--allow-remote"], /no-such-host\.invalid/],
  ])("%j: exit 3 with the cause after five attempts", async (address, cause) => {
    const startedMs = performance.now();
    const { exitCode, stdout, stderr } = await runCli([...PLAIN, ...address]);
    expect(exitCode, stdout + stderr).toBe(3);
    expect(summaryOf(stdout)).toMatch(cause);
    // 7.5 s between the attempts; the rest is a busy machine's.
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  });

  it("advertises an address that cannot be reached: exit 3 names both addresses and the setting", async () => {
    const kafka = await startMisadvertisedKafka({ host: "127.0.0.1", port: 1 });
    try {
      const { exitCode, stdout, stderr } = await runCli([...PLAIN, "--kafka", kafka.bootstrap]);
      expect(exitCode, stdout + stderr).toBe(3);
      expect(summaryOf(stdout)).toContain(`answers at ${kafka.bootstrap}`);
      expect(summaryOf(stdout)).toMatch(/advertises, 127\.0\.0\.1:1,.*advertised\.listeners/);
    } finally {
      await kafka.close();
    }
  });
});

describe("a machine that does not allow it", () => {
  it("--fixed-ports with a port that is taken: exit 3 at once names the port and the option", async () => {
    const other = createServer();
    // Somebody else's program on that port serves the test as well.
    await new Promise<void>((resolve) => {
      other.once("error", () => resolve());
      other.listen(FIXED_PORTS.kafka, "127.0.0.1", resolve);
    });
    try {
      const { exitCode, stdout, stderr } = await runCli([...PLAIN, "--fixed-ports"]);
      expect(exitCode, stdout + stderr).toBe(3);
      expect(summaryOf(stdout)).toMatch(/port (9092|6379), which --fixed-ports gives to/);
    } finally {
      other.close();
    }
  });

  it("KAFKA_HOME without jars: exit 3 names the folder, before anything is started", async () => {
    const home = mkdtempSync(join(tmpdir(), "flink-apphost-home-"));
    mkdirSync(join(home, "libs"));
    try {
      const args = ["up", "--once", "--infra", "native"];
      const { exitCode, stderr } = await runCli(args, { env: { KAFKA_HOME: home } });
      expect(exitCode, stderr).toBe(3);
      expect(stderr).toContain(`${join(home, "libs")} has no Kafka jar`);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("an old Node: exit 2 says which is needed, and how to get it", () => {
    const pretend = 'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})';
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${pretend}`, distPath("apphost/main"), "up"],
      { encoding: "utf8" },
    );
    expect(status, stderr).toBe(2);
    expect(stderr).toMatch(/needs Node 22\.22 or newer, and this is 20\.19\.0.*npx flink-apphost/);
  });

  it("a full disk: exit 3 with ENOSPC, taken down in order", async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), "flink-apphost-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=100k,mode=0700", "tmpfs", folder]).status === 0;
    try {
      skip(!mounted, "a small disk can be mounted by root only");
      const load = ["--messages", "200_000", "--rate", "10_000"];
      const { exitCode, stdout, stderr } = await runCli([...PLAIN, ...load, "--run-dir", folder]);
      expect(exitCode, stdout + stderr).toBe(3);
      expect(summaryOf(stdout)).toMatch(/reason .*ENOSPC/);
      expect(stdout).toMatch(/phase +ended/);
    } finally {
      if (mounted) spawnSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a run that cannot finish", () => {
  it("in its time ends soon after it, with exit 5, what was reached, and the idle TaskManager shown as idle", async () => {
    const load = ["--messages", "1_000_000", "--rate", "1000", "--max-time", "1500ms"];
    const args = [...ONCE, "--task-managers", "3", "--partitions", "2", ...load];
    await runCli(args, {}, async (cli, result) => {
      const report = await expectExit(cli, result, 5);
      const { processed } = report.messages;
      expect(processed).toBeGreaterThan(0);
      // Nothing is produced for much longer than the time and its grace; a busy machine may hear of it late.
      expect(processed).toBeLessThan(10_000);
      const reached = `${processed?.toLocaleString("en-US")} of 1,000,000 messages were processed`;
      expect(report.reasons).toEqual([expect.stringContaining(`the last acknowledgement: ${reached}`)]);
      expect(report.messages).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.checks.filter(({ status, id }) => status === "failed" && id !== "max-time")).toEqual([]);
      expect(readVerdict(result).exitCode).toBe(5);
      expect(report.taskManagers.filter(({ partitions }) => partitions.length === 0)).toHaveLength(1);
      const events = await cli.events();
      const running = events.find((event) => event.type === "phase" && event.phase === "job");
      expect(running).toMatchObject({ detail: expect.stringContaining("1 of 3 TaskManagers idle") });
      expect(JSON.stringify(events)).not.toContain("is lost");
      // The dashboard knows its infrastructure before the job runs.
      const types = events.map(({ type }) => type);
      expect(types.indexOf("infrastructure")).toBeLessThan(events.indexOf(running as (typeof events)[number]));
      expect(report.infra.redis.version).toMatch(/^flink-apphost \S+ \(Redis 7\.0 dialect\)$/);
    });
  });
});
