/** A host that stays up, and a second terminal that asks it for things. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobIdOf, stateKeyOf } from "../../simulator/common/contract/names.ts";
import { type Cli, runCli, startCli, waitForWords } from "../support/run-cli.ts";
import { readRunVariables, withRedis } from "../support/system.ts";

describe("up, and produce from a second terminal", () => {
  let host: Cli;
  beforeAll(async () => {
    // With a rate ids go to the partitions in turns, here of 100, and no round ends with one.
    const load = ["--messages", "0", "--rate", "20000"];
    host = startCli(["up", ...load, "--infra", "embedded", "--ui", "json", "--task-managers", "3"]);
    await host.waitForEvent("phase", (event) => event.phase === "idle");
  });
  afterAll(() => host.dispose());

  it("validates each round over all rounds so far", async () => {
    for (const [round, messages, total] of [
      [1, 700, 700],
      [2, 1_301, 2_001],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCli(["produce", "--messages", String(messages)], { cwd: host.cwd });
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain(round === 1 ? "its verdict comes at its end" : "covers all 2 rounds, 2,001 messages");
      expect(stdout).toMatch(round === 1 ? /: 700 messages processed/ : /: 2,001 messages of all 2 rounds processed/);
      const verdicts = (await host.events()).filter((event) => event.type === "verdict");
      expect(verdicts).toHaveLength(round);
      expect(verdicts.at(-1)).toMatchObject({ verdict: "passed", rounds: round, processed: total, lost: 0 });
    }
  });

  it("told figures of one instant, each time", async () => {
    const told = (await host.events()).filter((event) => event.type === "progress");
    expect(told.length).toBeGreaterThan(1);
    for (const { requested, acknowledged, produced, processed, lag } of told) {
      expect(lag).toBe(produced - processed);
      expect(produced).toBeGreaterThanOrEqual(acknowledged);
      expect(produced).toBeLessThanOrEqual(requested);
    }
    expect(told.at(-1)).toMatchObject({ requested: 2_001, produced: 2_001, processed: 2_001, lag: 0 });
  });

  it("refuses a round with which there would be more messages than can be told apart, with both numbers", async () => {
    const { exitCode, stderr } = await runCli(["produce", "--messages", "999_999_999_999"], { cwd: host.cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/refused.*1,000,000,002,000 messages in all rounds .* end at 999,999,999,999/);
  });

  it("prints addresses that work", async () => {
    const { REDIS_URL } = await readRunVariables(host.cwd);
    const key = stateKeyOf(jobIdOf(await host.runId()));
    expect(await withRedis(REDIS_URL as string, (redis) => redis.hget(key, "total"))).toBe("2001");
  });

  it("describes its resources as JSON, without a secret", async () => {
    const { REDIS_PASSWORD } = await readRunVariables(host.cwd);
    const { exitCode, stdout } = await runCli(["describe", "--format", "json"], { cwd: host.cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("taskmanager-03");
    expect(REDIS_PASSWORD?.length).toBeGreaterThan(10);
    expect(stdout).not.toContain(REDIS_PASSWORD);
  });

  it("ends by down with the last verdict's code, and down without a host sweeps and succeeds", async () => {
    const down = await runCli(["down"], { cwd: host.cwd });
    expect(down.exitCode, down.stderr).toBe(0);
    expect((await host.end()).exitCode).toBe(0);
    expect((await runCli(["down"], { cwd: host.cwd })).exitCode).toBe(0);
    expect((await runCli(["produce", "--messages", "1"], { cwd: host.cwd })).exitCode).toBe(7);
  });
});

it("a round that is cut short ends produce with the run's verdict and code; what waited behind it is refused with 1", async () => {
  const load = ["--messages", "0", "--rate", "1000"];
  const host = startCli(["up", ...load, "--infra", "embedded", "--ui", "json", "--task-managers", "2"]);
  try {
    await host.waitForEvent("phase", (event) => event.phase === "idle");
    const open = startCli(["produce", "--messages", "60000", "--ui", "json"], { cwd: host.cwd });
    await host.waitForEvent("progress", (event) => event.processed > 0);
    const queued = startCli(["produce", "--messages", "1"], { cwd: host.cwd });
    await waitForWords(queued, "stderr", /after the open round/);
    const words = /waiting for the verdict of run \w+ \(producing, [\d,]+ of 60,001 messages processed\), \d+ s so far/;
    await waitForWords(open, "stderr", words);
    host.process.kill("SIGTERM");
    const result = await open.end();
    expect(result.exitCode, result.stderr).toBe(143);
    expect(JSON.parse(result.stdout)).toMatchObject({ verdict: "interrupted", exitCode: 143, lost: 0, duplicated: 0 });
    expect(await queued.end()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/refused produce: it is end/),
    });
    expect((await host.end()).exitCode).toBe(143);
  } finally {
    await host.dispose();
  }
});
