/** What others do to the topic and the group on a real Kafka, with stock clients, and what the judge says of it. */
import { type Admin, ConfigResourceTypes } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Check, Report } from "../../simulator/common/contract/files/report.ts";
import { groupName, topicName } from "../../simulator/common/contract/names.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { type Cli, startCli } from "../support/run-cli.ts";
import { createKafka, expectExit, releaseHold, sendRecord, waitForHold } from "../support/system.ts";

const VALUE = '{"id":"000000000001","ts":"1795360719696123","p":"sample-data-000000000001"}';

describeReal(["kafka"], "the judge, on a real Kafka that others use, too", () => {
  let kafka: RealKafka;
  let admin: Admin;
  beforeAll(async () => {
    // The smallest segments that there are, and a broker that looks all the time for what it may delete.
    const properties = [
      "log.segment.bytes=1048576",
      "log.retention.check.interval.ms=200",
      "log.initial.task.delay.ms=0",
    ];
    kafka = await startRealKafka({ properties });
    admin = createKafka(kafka.bootstrap).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await kafka?.stop();
  });

  const once = (...args: string[]) => [
    "up",
    "--once",
    "--ui",
    "json",
    "--infra",
    "embedded",
    "--task-managers",
    "2",
    "--kafka",
    kafka.bootstrap,
    ...args,
  ];
  const small = (...args: string[]) => once("--partitions", "4", ...args);

  async function judge(args: readonly string[], act: (cli: Cli) => Promise<void>, exitCode: number): Promise<Report> {
    const cli = startCli(args);
    try {
      await act(cli);
      return await expectExit(cli, await cli.end(), exitCode);
    } finally {
      await cli.dispose();
    }
  }

  const find = (report: Report, id: string): Check => {
    const found = report.checks.find((check) => check.id === id);
    if (found === undefined) throw new Error(`there is no check ${id}`);
    return found;
  };
  const failed = (report: Report) => report.checks.filter(({ status }) => status === "failed").map(({ id }) => id);

  /** Offsets that are still there, by partition. */
  const readRanges = async (topic: string) =>
    (await admin.fetchTopicOffsets(topic)).sort((a, b) => a.partition - b.partition);

  it("finds records in a partition that was added to our topic during the run", async () => {
    const addPartition = async (cli: Cli) => {
      await cli.waitForEvent("progress", ({ processed }) => processed > 0);
      const topic = topicName(await cli.runId());
      await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
      for (const _ of [1, 2]) await sendRecord(kafka.bootstrap, topic, 4, VALUE);
    };
    const report = await judge(small("--messages", "6000", "--rate", "2000"), addPartition, 4);
    expect(find(report, "topic-partitions")).toMatchObject({
      status: "failed",
      actual: "5 partitions",
      reason: "partition 4 was added to the topic: offsets 0 to 1 hold 2 records that nobody of this run reads",
    });
    expect(failed(report).sort()).toEqual(["I3-acknowledged", "foreign-records", "topic-ids", "topic-partitions"]);
    expect(report.messages).toMatchObject({ inKafka: 6_002, processed: 6_000, unprocessed: 2, acknowledged: 6_000 });
  });

  it("does not know what was lost when somebody deleted the head of a partition", async () => {
    const deleteHead = async (cli: Cli) => {
      await waitForHold(cli);
      const topic = topicName(await cli.runId());
      // This client deletes only where it has learned the leader before.
      await readRanges(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: "100" }] });
      await releaseHold(cli);
    };
    const args = small("--messages", "1000", "--test-hold", "before-validation");
    const report = await judge(args, deleteHead, 3);
    expect(report.verdict).toBe("unknown");
    expect(failed(report)).toEqual([]);
    expect(report.messages).toMatchObject({ processed: 1_000, inKafka: 900, lost: null, duplicated: null });
    expect(report.reasons.join("\n")).toContain(
      "partition 1: offsets 0 to 99 could not be read: Kafka does not hold them any more",
    );
  });

  it("does not know what was lost when retention deleted segments", async () => {
    const expire = async (cli: Cli) => {
      await waitForHold(cli);
      const topic = topicName(await cli.runId());
      const configEntries = [
        { name: "retention.ms", value: "1" },
        { name: "file.delete.delay.ms", value: "0" },
      ];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
      const isCut = async () => ((await readRanges(topic)).every(({ low }) => Number(low) > 0) ? true : undefined);
      await waitUntil(isCut, { what: "retention has deleted from each partition", deadlineMs: 30_000 });
      await releaseHold(cli);
    };
    const args = small("--messages", "100_000", "--test-hold", "before-validation");
    const report = await judge(args, expire, 3);
    expect(report.verdict).toBe("unknown");
    expect(failed(report)).toEqual([]);
    expect(report.messages).toMatchObject({ processed: 100_000, lost: null, duplicated: null });
  });

  it("finds a committed offset that the job has not reached", async () => {
    const commit = async (cli: Cli) => {
      await waitForHold(cli);
      const runId = await cli.runId();
      const partitions = [{ partition: 2, offset: "251" }];
      await admin.setOffsets({ groupId: groupName(runId), topic: topicName(runId), partitions });
      await releaseHold(cli);
    };
    const args = small("--messages", "1000", "--test-hold", "before-validation");
    const report = await judge(args, commit, 4);
    expect(failed(report)).toEqual(["committed-offsets"]);
    expect(find(report, "committed-offsets").reason).toBe(
      "partition 2: 251 is committed, above the applied offset 250",
    );
  });

  it("says of somebody else's topic what it did not count, and compares the rest exactly", async () => {
    const topic = "somebody-elses";
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    const producer = createKafka(kafka.bootstrap).producer();
    await producer.connect();
    const send = (from: number, count: number, partition: number) =>
      producer.send({
        topic,
        messages: Array.from({ length: count }, (_, i) => ({ partition, value: JSON.stringify({ id: from + i }) })),
      });
    await send(1, 300, 0);
    await send(1, 200, 1);
    const goOn = async (cli: Cli) => {
      await waitForHold(cli);
      await send(301, 70, 0);
      await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
      await waitUntil(async () => (await readRanges(topic)).length === 3 || undefined, {
        what: "the third partition",
        deadlineMs: 60_000,
      });
      for (const _ of [1, 2]) await sendRecord(kafka.bootstrap, topic, 2, VALUE);
      await releaseHold(cli);
    };
    try {
      const args = once("--topic", topic, "--messages", "0", "--test-hold", "before-validation");
      const report = await judge(args, goOn, 0);
      expect(report.messages).toMatchObject({ processed: 500, inKafka: 500, unprocessed: 0, notCounted: 72, lost: 0 });
      expect(find(report, "I3-drained").reason).toContain("72 offsets of topic somebody-elses were not counted");
      expect(find(report, "topic-partitions").reason).toContain("not counted: 2 (offsets 0 to 1)");
      expect(report.partitions.map(({ end }) => end)).toEqual([300, 200]);
    } finally {
      await producer.disconnect();
    }
  });
});
