/** Producer, validator and report as processes, with the sink's part written by the test. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sumIds } from "../../producer/load-profile.ts";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { openRedis } from "../../simulator/clients/redis/reader.ts";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { ChecksFile } from "../../simulator/common/contract/files/checks.ts";
import type { HostFacts } from "../../simulator/common/contract/files/host-facts.ts";
import type { Check, Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { messagesInPartition } from "../../simulator/common/contract/message.ts";
import { readJson, writeJson } from "../../simulator/common/foundation/json-file.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../simulator/embedded/redis/server.ts";
import { kafkaAt, redisAt } from "../support/addresses.ts";
import { writeAppliedRun } from "../support/applied-run.ts";
import { startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";
import { createTestRun, startChild, type TestRun } from "./producer-child.ts";

const silent = createLog(() => undefined);
const MESSAGES = 20_000;
const TASK: ValidatorTask = {
  rounds: [{ round: 1, firstId: 1, messages: MESSAGES }],
  mode: "drained",
  endOffsets: null,
  startOffsets: null,
  sharedRedis: false,
};

describe("validator and report", () => {
  let kafka: TestBroker;
  let redis: EmbeddedRedis;
  let run: TestRun;

  beforeAll(async () => {
    kafka = await startTestBroker();
    redis = await startEmbeddedRedis({ port: 0, password: "secret", log: silent });
    run = await createTestRun({ kafka: `127.0.0.1:${kafka.port}`, redis: `redis://:secret@127.0.0.1:${redis.port}` });
    const { topic, partitions } = run.config;
    await createTopic({ bootstrap: kafkaAt(run.kafka), clientId: "test", log: silent }, { topic, partitions });
    const producer = startChild(run, "producer/main.js", { round: 1, firstId: 1, messages: MESSAGES });
    expect([await producer.finish(), producer.output()]).toEqual([0, expect.any(String)]);
    await writeAppliedRun(run, MESSAGES);
  });
  afterAll(async () => {
    await kafka.close();
    await redis.close();
    await run.remove();
  });

  async function setField(field: string, value: string): Promise<void> {
    const connection = await openRedis(redisAt(run.redis));
    await connection.transport.call("HSET", [run.config.stateKey, field, value]);
    connection.close();
  }

  async function validate(): Promise<ChecksFile> {
    const validator = startChild(run, "scripts/validate/main.js", TASK);
    expect([await validator.finish(), validator.output()]).toEqual([0, expect.any(String)]);
    const checks = (await readJson<ChecksFile>(runFolder.checks(run.runDir))) as ChecksFile;
    const idsWith = (wanted: string) => checks.checks.filter(({ status }) => status === wanted).map(({ id }) => id);
    const found = { failedChecks: idsWith("failed"), unknownChecks: idsWith("unknown") };
    expect(validator.messages.at(-1)).toEqual({ type: "validated", ...found });
    expectStory(validator.messages, checks);
    return checks;
  }

  /** Each check is told once, as it is in the file; those that need no topic before it is read again. */
  function expectStory(messages: readonly ChildMessage[], { checks }: ChecksFile): void {
    const told = messages.flatMap((message) => (message.type === "checked" ? [message.check] : []));
    const byId = (list: readonly Check[]) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(told)).toEqual(byId(checks));
    const steps = messages.flatMap((message) => (message.type === "validating" ? [message] : []));
    expect(steps.at(0)).toMatchObject({ total: null });
    const again = { type: "validating", step: "reading the topic again", total: MESSAGES };
    expect(steps.at(-2)).toEqual({ ...again, done: MESSAGES });
    expect(steps.at(-1)).toMatchObject({ step: "comparing", total: null });
    const begin = messages.findIndex((message) => message.type === "validating" && message.total !== null);
    expect(messages[begin]).toEqual({ ...again, done: 0 });
    const early = messages.slice(0, begin).flatMap((message) => (message.type === "checked" ? [message.check.id] : []));
    expect(early).toContain("I5-ordered-ids");
    expect(early).not.toContain("I4-redis-vs-topic");
  }

  async function report(): Promise<{ report: Report; text: string }> {
    const { config, runDir, clock } = run;
    const infra = { mode: "embedded" as const, version: "test", endpoint: "127.0.0.1" };
    const host: HostFacts = {
      schema: 1,
      runId: config.runId,
      startedAtUs: clock.nowUs() - 60_000_000,
      finishedAtUs: clock.nowUs(),
      config,
      parameters: { messages: MESSAGES },
      infra: { kafka: infra, redis: infra },
      rounds: [{ round: 1, firstId: 1, messages: MESSAGES }],
      startupMs: 1,
      validationMs: 1,
      ending: { kind: "drained" },
      taskManagers: [0, 1, 2].map((p) => ({ id: `taskmanager-0${p + 1}`, pid: 1, restarts: 0, partitions: [p] })),
      membershipChanged: false,
      faults: [],
      checkpoints: { completed: 1, failed: 0, lastId: 1 },
      resources: { cpuPercentPeak: null, memoryPercentAvg: null, byProcess: [] },
    };
    await writeJson(runFolder.hostFacts(runDir), host, { durable: false });
    const child = startChild(run, "scripts/report/main.js", { textFolder: runDir, prefix: "stress_test" });
    expect([await child.finish(), child.output()]).toEqual([0, expect.any(String)]);
    const text = await readFile(runFolder.reportText(runDir), "utf8");
    return { report: (await readJson<Report>(runFolder.report(runDir))) as Report, text };
  }

  it("pass a run without a fault, with messages read back from Kafka", async () => {
    const checks = await validate();
    expect(checks.checks.filter(({ status }) => status !== "passed")).toEqual([]);
    expect(checks.messages).toMatchObject({
      inKafka: MESSAGES,
      processed: MESSAGES,
      lost: 0,
      duplicated: 0,
      unprocessed: 0,
    });
    expect(checks.samples.first[0]).toMatchObject({
      redis_ordered_id: 1,
      payload: expect.stringContaining("sample-data-000000000001"),
    });
    expect(checks.samples.last.at(-1)).toMatchObject({ redis_ordered_id: MESSAGES });
    const passed = await report();
    expect([passed.report.verdict, passed.report.exitCode, passed.report.reasons]).toEqual(["passed", 0, []]);
    expect(passed.report.durationMs.endToEnd).toBeGreaterThan(0);
    expect(await readFile(join(run.runDir, "stress_test_passed_output.txt"), "utf8")).toBe(passed.text);
  });

  it("fail a run with a wrong checksum, and replace the text of the passed one", async () => {
    const { idMix } = sumIds(1, 0, messagesInPartition(1, MESSAGES, run.config), run.config);
    await setField("idMix:1", String(idMix + 1));
    const checks = await validate();
    await setField("idMix:1", String(idMix));
    expect(checks.messages).toMatchObject({ lost: 1, duplicated: 1 });
    const failed = await report();
    expect([failed.report.verdict, failed.report.exitCode]).toEqual(["failed", 4]);
    expect(await readFile(join(run.runDir, "stress_test_failed_output.txt"), "utf8")).toBe(failed.text);
    await expect(readFile(join(run.runDir, "stress_test_passed_output.txt"))).rejects.toThrow("ENOENT");
  });

  it("name a ledger that holds something else, and report that a fact is missing", async () => {
    const path = runFolder.ledger(run.runDir, 1);
    const written = await readFile(path, "utf8");
    await writeFile(path, "{}");
    try {
      const checks = await validate();
      const reasons = checks.checks.filter(({ status }) => status === "failed").map(({ reason }) => reason);
      expect(reasons.join()).toContain(`${path} cannot be used: schema is missing`);
      const failed = await report();
      expect([failed.report.verdict, failed.report.exitCode]).toEqual(["failed", 4]);
    } finally {
      await writeFile(path, written);
    }
  });

  it("end with a failure of their own when Redis refuses the password", async () => {
    const other = { ...run, redis: `redis://:wrong@127.0.0.1:${redis.port}` };
    const validator = startChild(other, "scripts/validate/main.js", TASK);
    expect(await validator.finish()).toBe(1);
    expect(validator.messages.at(-1)).toMatchObject({ type: "failed", code: "REDIS_AUTHENTICATION_FAILED" });
  });
});
