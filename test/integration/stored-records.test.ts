/** What others have written to a real Kafka is read, and counted as kcat counts it: compressed, in transactions, odd. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { type RealKafka, startRealKafka } from "../support/real-kafka.ts";
import { describeReal } from "../support/real-parts.ts";
import { runCli } from "../support/run-cli.ts";
import { countWithKcat, readStoredBatches, sendWithJava, sendWithKcat } from "../support/stored-records.ts";
import { createKafka, expectExit, expectPassed } from "../support/system.ts";

const UP = ["up", "--once", "--infra", "embedded", "--ui", "json", "--messages", "0", "--task-managers", "2"] as const;
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

describeReal(["kafka", "kcat", "javac"], "a topic that others filled", () => {
  let kafka: RealKafka;
  beforeAll(async () => {
    kafka = await startRealKafka({ properties: ["log.cleaner.backoff.ms=100"] });
  });
  afterAll(() => kafka?.stop());

  async function makeTopic(topic: string, partitions: number, configs: Record<string, string> = {}) {
    const log = createLog(() => undefined);
    await createTopic({ bootstrap: kafkaAt(kafka.bootstrap), log }, { topic, partitions, configs });
    return { bootstrap: kafka.bootstrap, topic };
  }
  const up = (topic: string, ...args: string[]) => [...UP, "--kafka", kafka.bootstrap, "--topic", topic, ...args];

  it("is counted in each codec, as librdkafka and as Kafka's own producer write it", async () => {
    const place = await makeTopic("compressed", 2);
    for (const [i, codec] of CODECS.entries()) {
      await sendWithKcat(place, codec, { p: i % 2, firstId: i * 1_000 + 1, count: 1_000 });
    }
    await sendWithJava(
      place,
      CODECS.flatMap((codec, i) => [
        `producer ${codec} ${codec} -`,
        `send ${codec} ${i % 2} ${i * 1_000 + 5_001} 1000 100`,
      ]),
    );
    const stored = [...(await readStoredBatches(place, 0, 6_000)), ...(await readStoredBatches(place, 1, 4_000))];
    expect([...new Set(stored.map(({ codec }) => codec))].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(await countWithKcat(place)).toBe(10_000);
    await runCli(up("compressed"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ inKafka: 10_000, processed: 10_000, rejected: 0 });
    });
  });

  it("is counted without what was aborted, and to the last stable offset", async () => {
    const place = await makeTopic("transactions", 2);
    const ids = (name: string, p: number, firstId: number, count: number) =>
      `send ${name} ${p} ${firstId} ${count} 100`;
    await sendWithJava(place, [
      "producer a none tx-a",
      "producer b lz4 tx-b",
      "producer plain none -",
      "begin a",
      ids("a", 0, 1, 100),
      "begin b",
      ids("b", 0, 101, 70),
      ids("a", 0, 201, 100),
      ids("plain", 0, 301, 11),
      "abort b",
      ids("a", 1, 401, 5),
      "begin b",
      ids("b", 0, 501, 30),
      "commit a",
      "begin a",
      ids("a", 0, 601, 40),
      "abort a",
      ids("b", 1, 701, 9),
      "commit b",
      "begin b",
      ids("b", 1, 801, 13),
      "abort b",
      "begin a",
      ids("a", 1, 901, 3),
      "commit a",
      // Left open: what comes behind its first record is not stable.
      "begin b",
      ids("b", 0, 1_001, 17),
      ids("plain", 0, 1_101, 19),
      "halt",
    ]);
    const committed = 200 + 11 + 5 + 30 + 9 + 3;
    expect(await countWithKcat(place)).toBe(committed);
    await runCli(up("transactions"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ inKafka: committed, processed: committed, rejected: 0 });
      const arithmetic = report.checks.find(({ id }) => id === "I1-partition-arithmetic");
      expect(arithmetic?.status).toBe("passed");
    });
  });

  it("is counted with tombstones, headers, large records, the broker's time, and a head that is gone", async () => {
    const configs = { "message.timestamp.type": "LogAppendTime", "max.message.bytes": "20000000" };
    const place = await makeTopic("odd", 2, configs);
    await sendWithJava(place, [
      "producer a none -",
      "send a 0 1 200 100",
      "send a 0 201 3 5000000",
      "producer z zstd -",
      "send z 1 301 3 5000000",
      "tombstones a 0 30",
      "tombstones z 1 20",
      "send a 1 401 50 100",
    ]);
    const admin = createKafka(kafka.bootstrap).admin();
    await admin.connect();
    // kafkajs finds the leaders of a topic only when something was asked of it before.
    await admin.fetchTopicOffsets("odd");
    await admin.deleteTopicRecords({ topic: "odd", partitions: [{ partition: 0, offset: "150" }] });
    await admin.disconnect();
    expect(await countWithKcat(place)).toBe(156);
    await runCli(up("odd"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 4);
      expect(report.messages).toMatchObject({ processed: 106, rejected: 50 });
      const failed = report.checks.filter(({ status }) => status === "failed");
      expect(failed.map(({ id }) => id)).toEqual(["rejected"]);
      expect(failed[0]?.reason).toContain("the topic has 50 tombstones (null values): give --allow-rejected");
    });
    await runCli(up("odd", "--allow-rejected"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ processed: 106, rejected: 50 });
    });
  });

  it("is counted with the holes that compaction left", async () => {
    const place = await makeTopic("compacted", 1, {
      "cleanup.policy": "compact",
      "min.cleanable.dirty.ratio": "0.001",
      "segment.ms": "50",
    });
    const lines = ["producer plain none -", "producer tx gzip tx-compacted"];
    for (const codec of ["plain", "tx"]) {
      if (codec === "tx") lines.push("begin tx", "send tx 0 1 40 100", "abort tx", "begin tx");
      lines.push(`send ${codec} 0 1 100 100`, "pause 100", `send ${codec} 0 51 100 100`, "pause 100");
      if (codec === "tx") lines.push("commit tx", "pause 100");
    }
    await sendWithJava(place, [...lines, "send plain 0 1001 1 100"]);
    const kept = 151;
    await waitUntil(async () => ((await countWithKcat(place)) === kept ? true : undefined), {
      what: "the log is compacted",
      deadlineMs: 30_000,
      intervalMs: 250,
    });
    await runCli(up("compacted"), {}, async (cli, result) => {
      const report = await expectExit(cli, result, 0);
      expect(report.messages).toMatchObject({ inKafka: kept, processed: kept, rejected: 0 });
    });
  });

  it.each(["gzip", "snappy", "lz4", "zstd"])(
    "is our own, exact and stored in %s, with --compression",
    async (codec) => {
      const topic = `own-${codec}`;
      const args = up(topic, "--messages", "20_000", "--partitions", "2", "--compression", codec);
      await runCli(args, {}, async (cli, result) => {
        const report = await expectPassed(cli, result, 20_000);
        expect(report.parameters["compression"]).toBe(codec);
      });
      const place = { bootstrap: kafka.bootstrap, topic };
      expect(await countWithKcat(place)).toBe(20_000);
      const stored = await readStoredBatches(place, 1, 10_000);
      expect([...new Set(stored.map((batch) => batch.codec))]).toEqual([CODECS.indexOf(codec as "gzip")]);
    },
  );

  it("is refused while it holds no committed record", async () => {
    await makeTopic("empty", 3);
    const result = await runCli(up("empty"));
    expect(result.exitCode, result.stderr).toBe(2);
    expect(result.stdout).toContain("none of its 3 partitions holds a committed record, so there is nothing to count");
  });
});
