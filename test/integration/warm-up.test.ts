/** `--warm-up`: what it leaves of itself is a line in the report. On the embedded Kafka, as the run's own and as somebody's. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readState } from "../../apphost/run/run-folder.ts";
import { createTopic, listTopics } from "../../simulator/clients/kafka/admin.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { countsTopicName, topicName, WARM_UP_READER, warmUpTopicName } from "../../simulator/common/contract/names.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type EmbeddedKafka, startEmbeddedKafka } from "../support/embedded-kafka.ts";
import { type Cli, runCli, startCli } from "../support/run-cli.ts";
import { EVIDENCE, plantRun } from "../support/run-states.ts";
import { expectExit, expectPassed, ONCE } from "../support/system.ts";

const SMALL = ["--task-managers", "2", "--partitions", "4"];
const isWarmingUp = ({ for: what }: { for: string }): boolean => what.startsWith("the warm-up of Kafka");
const isOfWarmUp = (event: HostEvent): boolean => event.type === "notice" && event.resource === "warm-up";

let opened: Cli | undefined;
afterEach(async () => {
  await opened?.dispose();
  opened = undefined;
});
const open = (...args: readonly string[]): Cli => {
  opened = startCli([...ONCE, ...SMALL, ...args]);
  return opened;
};

it("for a time, on the run's own broker, comes before the round, and the counts are those of the run alone", async () => {
  const cli = open("--messages", "20000", "--warm-up", "500ms", "--compression", "gzip");
  const report = await expectPassed(cli, await cli.end(), 20_000);
  expect(report.warmUp).toMatchObject({ asked: "500ms", outcome: { kind: "finished" } });
  const { sent = 0, read = 0, durationMs = 0 } = report.warmUp ?? {};
  expect([sent, read].map((count) => count > 0)).toEqual([true, true]);
  expect(durationMs).toBeGreaterThanOrEqual(500);
  const events = await cli.events();
  expect(
    events.find(({ type, ...event }) => type === "notice" && "text" in event && /no JVM/.test(event.text)),
  ).toBeDefined();
  const isProducing = (event: HostEvent) => event.type === "phase" && event.phase === "producing";
  expect(events.findIndex(isOfWarmUp)).toBeLessThan(events.findIndex(isProducing));
  expect(readFileSync(join(await cli.runDir(), "report.txt"), "utf8")).toMatch(/^Warm-up: .* none of them counted$/m);
});

describe("on somebody's broker", () => {
  let broker: EmbeddedKafka;
  beforeAll(async () => {
    broker = await startEmbeddedKafka(2 ** 30);
  });
  afterAll(() => broker.stop());

  const start = (messages: number, warmUp: string) =>
    open("--kafka", broker.address, "--messages", String(messages), "--warm-up", warmUp);
  const topics = () => listTopics({ bootstrap: kafkaAt(broker.address), log: createLog() });

  /** What is there of this run: its own topic, and of the warm-up neither a topic nor a record of one. */
  async function expectOwnTopicAlone(cli: Cli): Promise<void> {
    const runId = await cli.runId();
    expect((await topics()).filter((name) => name.includes(runId))).toEqual([topicName(runId)]);
    expect(readState(await cli.runDir())?.evidence?.warmUpTopic).toBeNull();
  }

  it("is exactly as many messages as were asked for, and its topic is gone", async () => {
    const cli = start(1_000, "5000");
    const report = await expectPassed(cli, await cli.end(), 1_000);
    expect(report.warmUp).toMatchObject({ asked: "5000", outcome: { kind: "finished" }, sent: 5_000, read: 5_000 });
    await expectOwnTopicAlone(cli);
  });

  it("that loses its reader has failed, and the run goes on without it", async () => {
    const cli = start(1_000, "60s");
    const runDir = await cli.runDir();
    await cli.waitForEvent("waiting", isWarmingUp);
    const reader = readState(runDir)?.children.find(({ name }) => name === WARM_UP_READER);
    process.kill(reader?.pid ?? 0, "SIGKILL");
    const report = await expectPassed(cli, await cli.end(), 1_000);
    const reason = expect.stringMatching(/warm-up-reader ended with signal SIGKILL/);
    expect(report.warmUp?.outcome).toEqual({ kind: "failed", reason });
    expect((await cli.events()).find(isOfWarmUp)).toMatchObject({ level: "warn" });
    await expectOwnTopicAlone(cli);
  });

  it("is cut short by Ctrl+C, in order: the report says so, and its topic is gone", async () => {
    const cli = start(1_000, "60s");
    await cli.waitForEvent("waiting", isWarmingUp);
    cli.process.kill("SIGINT");
    const report = await expectExit(cli, await cli.end(), 130);
    expect(report).toMatchObject({ verdict: "interrupted", warmUp: { outcome: { kind: "interrupted" } } });
    expect(report.messages).toMatchObject({ acknowledged: 0, processed: 0 });
    await expectOwnTopicAlone(cli);
  });

  it("whose host is killed leaves nothing once somebody has swept behind it", async () => {
    const cli = start(1_000, "60s");
    await cli.waitForEvent("waiting", isWarmingUp);
    const runId = await cli.runId();
    expect(await topics()).toContain(warmUpTopicName(runId));
    cli.process.kill("SIGKILL");
    await cli.end();
    const swept = await waitUntil(
      async () => {
        const { stdout } = await runCli(["down"], { cwd: cli.cwd });
        return stdout.includes("swept run") ? stdout : undefined;
      },
      { what: "the sweep of the run", deadlineMs: 20_000 },
    );
    expect(swept).toContain(`topic ${warmUpTopicName(runId)} removed`);
    await expectOwnTopicAlone(cli);
  });

  it("whose topic could not be removed is purged with Flink's: by names made from the run, and by no other", async () => {
    const project = mkdtempSync(join(tmpdir(), "flink-apphost-warm-up-"));
    const left = warmUpTopicName("aaaaaaaa");
    const kafka = { bootstrap: kafkaAt(broker.address), log: createLog() };
    const counts = countsTopicName("aaaaaaaa");
    for (const topic of [left, counts, "orders"]) await createTopic(kafka, { topic, partitions: 1 });
    const named = { warmUpTopic: "orders", countsTopic: "orders" };
    const evidence = { ...EVIDENCE, ...named, topic: topicName("aaaaaaaa"), kafka: broker.address };
    const ended = { hostStartTime: "1", ended: true, evidence };
    plantRun(join(project, ".flink-apphost"), "20300101T000000Z-aaaaaaaa", ended);
    try {
      const { exitCode, stdout, stderr } = await runCli(["down", "--purge", "aaaaaaaa"], { cwd: project });
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toContain(`topic ${left} and topic ${counts} and group`);
      const names = await topics();
      expect(names).toContain("orders");
      expect(names).not.toContain(left);
      expect(names).not.toContain(counts);
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });
});
