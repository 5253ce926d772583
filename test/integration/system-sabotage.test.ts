/** Facts falsified behind the system's back: each must end with exit 4 and the reason, or the verdict is worth nothing. */
import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import {
  jobIdOf,
  PROCESSED_MESSAGE_COUNTER_KEY,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { type Cli, startCli } from "../support/run-cli.ts";
import {
  expectExit,
  ONCE,
  readRunVariables,
  readVerdict,
  releaseHold,
  sendRecord,
  waitForHold,
  withRedis,
} from "../support/system.ts";

const SMALL = [...ONCE, "--task-managers", "2", "--partitions", "4"];
/** Long beside what the saboteur needs, also on a busy machine. */
const SLOW = [...SMALL, "--messages", "6000", "--rate", "1000"];
const HELD = [...SMALL, "--messages", "1000", "--test-hold", "before-validation"];
/** What the producer would send next: only its place is wrong. */
const FOREIGN_VALUE = '{"id":"000000000001","ts":"1795360719696123","p":"sample-data-000000000001"}';

const failedTitles = (report: Report): string =>
  report.checks
    .filter((check) => check.status === "failed")
    .map((check) => `${check.id} ${check.title} ${check.reason}`)
    .join("\n");

/** Runs with a saboteur and expects exit 4; returns what the report says is wrong. */
async function sabotage(
  args: readonly string[],
  act: (cli: Cli) => Promise<void>,
): Promise<{ report: Report; failed: string }> {
  const cli = startCli(args);
  try {
    await act(cli);
    const result = await cli.end();
    const report = await expectExit(cli, result, 4);
    expect(report.verdict).toBe("failed");
    expect(report.reasons.length).toBeGreaterThan(0);
    expect(readVerdict(result).exitCode).toBe(4);
    return { report, failed: failedTitles(report) };
  } finally {
    await cli.dispose();
  }
}

/** With the variables of the run, which are read before it is under way. */
async function untilProcessing(cli: Cli): Promise<Readonly<Record<string, string | undefined>>> {
  await cli.waitForEvent("phase", ({ phase }) => phase === "job");
  const variables = await readRunVariables(cli.cwd);
  await cli.waitForEvent("progress", (event) => event.processed > 0);
  return variables;
}

describe("during the run", () => {
  it("one more in a partition's count is found", async () => {
    const { failed } = await sabotage(SLOW, async (cli) => {
      const { REDIS_URL } = await untilProcessing(cli);
      const key = stateKeyOf(jobIdOf(await cli.runId()));
      await withRedis(REDIS_URL as string, (redis) => redis.hincrby(key, "count:1", 1));
    });
    expect(failed).toMatch(/count/i);
  });

  it("a record of somebody else is found, however valid it looks", async () => {
    const { report } = await sabotage(SLOW, async (cli) => {
      const { KAFKA_BOOTSTRAP_SERVERS } = await untilProcessing(cli);
      await sendRecord(KAFKA_BOOTSTRAP_SERVERS as string, topicName(await cli.runId()), 2, FOREIGN_VALUE);
    });
    expect(report.messages.inKafka).toBe(6_001);
    expect(report.messages.acknowledged).toBe(6_000);
  });

  it.each([
    ["test-drop-one", "lost", "duplicated"],
    ["test-repeat-one", "duplicated", "lost"],
  ] as const)("an operator that is %s shows as exactly one %s", async (operator, one, none) => {
    const args = [...SMALL, "--messages", "1000", "--test-operator", operator];
    const { report } = await sabotage(args, async () => undefined);
    expect(report.messages[one]).toBe(1);
    expect(report.messages[none]).toBe(0);
  });
});

describe("between the last effect and the validation", () => {
  it("a ledger that is gone is a missing fact, not a pass", async () => {
    const { report } = await sabotage(HELD, async (cli) => {
      rmSync(runFolder.ledger(await waitForHold(cli), 1));
      await releaseHold(cli);
    });
    expect(report.reasons.join("\n")).toMatch(/ledger/i);
  });

  it("a changed published counter is found", async () => {
    const { failed } = await sabotage(HELD, async (cli) => {
      await waitForHold(cli);
      const { REDIS_URL } = await readRunVariables(cli.cwd);
      await withRedis(REDIS_URL as string, (redis) => redis.set(PROCESSED_MESSAGE_COUNTER_KEY, "999"));
      await releaseHold(cli);
    });
    expect(failed).toContain("999");
  });

  it.each([
    ["a last id that the topic does not have there", "lastId:1", "I4-redis-vs-topic"],
    ["a partition that was acquired after the stop", "fence:1", "I7-fencing"],
    ["ids out of order that the topic does not have", "disorder:2", "I6-order"],
  ])("%s is found", async (_, field, id) => {
    const { report } = await sabotage(HELD, async (cli) => {
      await waitForHold(cli);
      const { REDIS_URL } = await readRunVariables(cli.cwd);
      const key = stateKeyOf(jobIdOf(await cli.runId()));
      await withRedis(REDIS_URL as string, (redis) => redis.hincrby(key, field, 1));
      await releaseHold(cli);
    });
    expect(report.checks.filter(({ status }) => status === "failed").map((check) => check.id)).toEqual([id]);
  });

  it("a record that came late is found", async () => {
    await sabotage(HELD, async (cli) => {
      await waitForHold(cli);
      const { KAFKA_BOOTSTRAP_SERVERS } = await readRunVariables(cli.cwd);
      await sendRecord(KAFKA_BOOTSTRAP_SERVERS as string, topicName(await cli.runId()), 0, FOREIGN_VALUE);
      await releaseHold(cli);
    });
  });

  it("the state of the job that is gone is a missing fact, not a pass", async () => {
    await sabotage(HELD, async (cli) => {
      await waitForHold(cli);
      const { REDIS_URL } = await readRunVariables(cli.cwd);
      const key = stateKeyOf(jobIdOf(await cli.runId()));
      await withRedis(REDIS_URL as string, (redis) => redis.del(key));
      await releaseHold(cli);
    });
  });

  it("and the hold itself changes nothing", async () => {
    const cli = startCli(HELD);
    try {
      await waitForHold(cli);
      await releaseHold(cli);
      await expectExit(cli, await cli.end(), 0);
    } finally {
      await cli.dispose();
    }
  });
});
