/** What administrators may change at the embedded broker, and that it acts: settings, partitions, the log's beginning. */
import { beforeEach, describe, expect, test } from "vitest";
import { CONFIG_OPERATION } from "../../../../simulator/clients/kafka/wire/apis/alter-configs.ts";
import { RESOURCE_TYPE } from "../../../../simulator/clients/kafka/wire/apis/describe-configs.ts";
import { MAX_TIMESTAMP } from "../../../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { ErrorCode } from "../../../../simulator/clients/kafka/wire/error-codes.ts";
import { ATTRIBUTE, batchAttributes, verifyBatchCrc } from "../../../../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import {
  answerAlterConfigs,
  answerDescribeConfigs,
  answerIncrementalAlterConfigs,
} from "../../../../simulator/embedded/kafka/apis/configs.ts";
import { readFetch } from "../../../../simulator/embedded/kafka/apis/fetch.ts";
import { answerOffsetCommit, answerOffsetFetch } from "../../../../simulator/embedded/kafka/apis/group-offsets.ts";
import { answerListOffsets, answerOffsetForLeaderEpoch } from "../../../../simulator/embedded/kafka/apis/offsets.ts";
import {
  answerAlterPartitionReassignments,
  answerCreatePartitions,
  answerDeleteRecords,
  answerElectLeaders,
} from "../../../../simulator/embedded/kafka/apis/partitions.ts";
import { answerProduce } from "../../../../simulator/embedded/kafka/apis/produce.ts";
import { answerDescribeTopicPartitions } from "../../../../simulator/embedded/kafka/apis/topics.ts";
import { BROKER_SETTINGS, BrokerState } from "../../../../simulator/embedded/kafka/broker-state.ts";
import { TopicConfig } from "../../../../simulator/embedded/kafka/topic-config.ts";

const NOW_MS = 1_000_000;
let state: BrokerState;

beforeEach(() => {
  const identity = { host: "127.0.0.1", port: 9, clusterId: "c", firstProducerId: 1 };
  const settings = { ...BROKER_SETTINGS, nowMs: () => NOW_MS };
  state = new BrokerState(identity, 10_000_000, () => undefined, settings);
  state.topics.create("t", 2, new TopicConfig(new Map()));
});

const logOf = (name: string, p = 0) => {
  const found = state.topics.findPartition(name, p);
  if (found === undefined) throw new Error(`no ${name}-${p}`);
  return found.log;
};

/** Produces a batch of three records into t-0, by the topic's id where asked for. */
function produce(timestampMs: number, { valueBytes = 10, topicId }: { valueBytes?: number; topicId?: string } = {}) {
  const value = Buffer.alloc(valueBytes);
  const buffer = encodeRecordBatch({ records: [{ value }, { value }, { value }], timestampMs });
  const partitions = [{ p: 0, records: { start: 0, end: buffer.length } }];
  const topics = [{ name: topicId === undefined ? "t" : "", topicId, partitions }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 1, topics };
  return answerProduce(state, request, { version: 13, buffer }).topics[0]?.partitions[0];
}

function set(configs: Record<string, string>, type: number = RESOURCE_TYPE.topic, name = "t") {
  const changes = Object.entries(configs).map(([key, value]) => ({
    name: key,
    operation: CONFIG_OPERATION.set,
    value,
  }));
  const request = { resources: [{ type, name, configs: changes }], validateOnly: false };
  return answerIncrementalAlterConfigs(state, request).responses[0];
}

function fetchFrom(fetchOffset: number) {
  const partition = { p: 0, currentLeaderEpoch: -1, fetchOffset, maxBytes: 1_000_000 };
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  return readFetch(state, { ...limits, topics: [{ name: "t", partitions: [partition] }] }).response.topics[0]
    ?.partitions[0];
}

function listOffset(timestampMs: number) {
  const topics = [{ name: "t", partitions: [{ p: 0, currentLeaderEpoch: -1, timestampMs }] }];
  return answerListOffsets(state, { isolationLevel: 0, topics }).topics[0]?.partitions[0];
}

const deleteBefore = (offset: number) =>
  answerDeleteRecords(state, { topics: [{ name: "t", partitions: [{ p: 0, offset }] }], timeoutMs: 1 }).topics[0]
    ?.partitions[0];

describe("settings of topics", () => {
  test("retention.ms deletes segments whose newest record is older, and gives their bytes back", () => {
    produce(NOW_MS - 5_000, { valueBytes: 30_000 });
    produce(NOW_MS - 100, { valueBytes: 30_000 });
    set({ "retention.ms": "1000" });
    state.topics.enforceRetention(NOW_MS);
    expect(logOf("t")).toMatchObject({ startOffset: 3, endOffset: 6 });
    expect(state.topics.budget.bytesUsed).toBe(logOf("t").bytesStored);
    state.topics.enforceRetention(NOW_MS + 5_000);
    expect(logOf("t")).toMatchObject({ startOffset: 6, endOffset: 6, bytesStored: 0 });
    expect(state.topics.budget.bytesUsed).toBe(0);
    expect(produce(NOW_MS)).toMatchObject({ baseOffset: 6, logStartOffset: 6 });
  });

  test("retention.bytes deletes the oldest segments, and never goes below the bound", () => {
    for (let i = 0; i < 4; i += 1) produce(NOW_MS, { valueBytes: 30_000 });
    const before = logOf("t").bytesStored;
    set({ "retention.bytes": "100000" });
    state.topics.enforceRetention(NOW_MS);
    expect(logOf("t").startOffset).toBeGreaterThan(0);
    expect(logOf("t").bytesStored).toBeGreaterThanOrEqual(100_000);
    expect(logOf("t").bytesStored).toBeLessThan(before);
  });

  test("message.timestamp.type=LogAppendTime stamps records, under a checksum that is right", () => {
    set({ "message.timestamp.type": "LogAppendTime" });
    expect(produce(5)).toMatchObject({ errorCode: ErrorCode.NONE, logAppendTimeMs: NOW_MS });
    const records = Buffer.concat(fetchFrom(0)?.records ?? []);
    expect(batchAttributes(records, 0) & ATTRIBUTE.logAppendTime).not.toBe(0);
    expect(verifyBatchCrc(records, 0, records.length)).toBe(true);
    expect(listOffset(6)).toMatchObject({ offset: 0, timestampMs: NOW_MS });
  });

  test("max.message.bytes counts from the next batch on", () => {
    expect(produce(1, { valueBytes: 1_000 })?.errorCode).toBe(ErrorCode.NONE);
    set({ "max.message.bytes": "500" });
    expect(produce(1, { valueBytes: 1_000 })?.errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  test.each([
    ["cleanup.policy", "compact"],
    ["cleanup.policy", "compact,delete"],
    ["min.insync.replicas", "2"],
    ["retention.ms", "-2"],
    ["retention.ms", "soon"],
    ["max.message.bytes", "-1"],
    ["message.timestamp.type", "Never"],
    ["no.such.setting", "1"],
  ])("%s=%s is refused by name, and nothing of the request is set", (name, value) => {
    const refused = set({ "retention.bytes": "7", [name]: value });
    expect(refused).toMatchObject({ errorCode: ErrorCode.INVALID_CONFIG });
    expect(refused?.errorMessage).toContain(name);
    expect(state.topics.find("t")?.config.given.size).toBe(0);
  });

  test("settings of the broker, of unknown topics and of other things are refused by name", () => {
    expect(set({ "num.partitions": "3" }, RESOURCE_TYPE.broker, "1")).toMatchObject({
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: expect.stringContaining("num.partitions"),
    });
    expect(set({ "retention.ms": "1" }, RESOURCE_TYPE.topic, "nope")?.errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    expect(set({ x: "1" }, 16, "m")?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test("items are added to lists only, and what is deleted has its default again", () => {
    const change = (name: string, operation: number, value: string | null) =>
      answerIncrementalAlterConfigs(state, {
        resources: [{ type: RESOURCE_TYPE.topic, name: "t", configs: [{ name, operation, value }] }],
        validateOnly: false,
      }).responses[0]?.errorCode;
    expect(change("cleanup.policy", CONFIG_OPERATION.append, "delete")).toBe(ErrorCode.NONE);
    expect(change("cleanup.policy", CONFIG_OPERATION.append, "compact")).toBe(ErrorCode.INVALID_CONFIG);
    expect(change("cleanup.policy", CONFIG_OPERATION.subtract, "delete")).toBe(ErrorCode.INVALID_CONFIG);
    expect(change("retention.ms", CONFIG_OPERATION.append, "1")).toBe(ErrorCode.INVALID_CONFIG);
    expect(change("retention.ms", 9, "1")).toBe(ErrorCode.INVALID_CONFIG);
    set({ "retention.ms": "9" });
    expect(change("retention.ms", CONFIG_OPERATION.delete, null)).toBe(ErrorCode.NONE);
    expect(state.topics.find("t")?.config.retentionMs).toBe(Number.POSITIVE_INFINITY);
  });

  test("AlterConfigs sets all anew, validate-only sets nothing, and a resource that is named twice is refused", () => {
    set({ "retention.ms": "9" });
    const resource = { type: RESOURCE_TYPE.topic, name: "t", configs: [{ name: "retention.bytes", value: "8" }] };
    answerAlterConfigs(state, { resources: [resource], validateOnly: true });
    expect(state.topics.find("t")?.config.given.get("retention.ms")).toBe("9");
    const twice = answerAlterConfigs(state, { resources: [resource, resource], validateOnly: false });
    expect(twice.responses.map(({ errorCode }) => errorCode)).toEqual([42, 42]);
    answerAlterConfigs(state, { resources: [resource], validateOnly: false });
    expect([...(state.topics.find("t")?.config.given ?? [])]).toEqual([["retention.bytes", "8"]]);
  });

  test("they are described with their source, type, synonyms and words", () => {
    set({ "retention.ms": "9" });
    const describeOne = (type: number, name: string, configNames: string[] | null) =>
      answerDescribeConfigs(state, {
        resources: [{ type, name, configNames }],
        includeSynonyms: true,
        includeDocumentation: true,
      }).results[0];
    expect(describeOne(RESOURCE_TYPE.topic, "t", ["retention.ms"])?.configs).toEqual([
      {
        name: "retention.ms",
        value: "9",
        readOnly: false,
        source: 1,
        isSensitive: false,
        synonyms: [
          { name: "retention.ms", value: "9", source: 1 },
          { name: "log.retention.ms", value: "-1", source: 5 },
        ],
        type: 5,
        documentation: expect.stringContaining("older"),
      },
    ]);
    const ofBroker = describeOne(RESOURCE_TYPE.broker, "1", null)?.configs ?? [];
    expect(ofBroker.find(({ name }) => name === "auto.create.topics.enable")).toMatchObject({
      value: "false",
      source: 4,
    });
    expect(ofBroker.find(({ name }) => name === "log.retention.ms")).toMatchObject({ value: "-1", source: 5 });
    expect(describeOne(RESOURCE_TYPE.broker, "", null)).toMatchObject({ errorCode: ErrorCode.NONE, configs: [] });
    expect(describeOne(RESOURCE_TYPE.broker, "2", null)?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe("DeleteRecords", () => {
  test("moves the beginning: below it a fetch is out of range, and no look-up by time gives an offset below", () => {
    for (const timestampMs of [30, 10, 20]) produce(timestampMs);
    expect(listOffset(MAX_TIMESTAMP)).toMatchObject({ offset: 0, timestampMs: 30 });
    expect(deleteBefore(4)).toEqual({ p: 0, lowWatermark: 4, errorCode: ErrorCode.NONE });
    expect(fetchFrom(3)?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(fetchFrom(4)).toMatchObject({ errorCode: ErrorCode.NONE, logStartOffset: 4, highWatermark: 9 });
    expect(listOffset(-2)?.offset).toBe(4);
    expect(listOffset(0)).toMatchObject({ offset: 4, timestampMs: 10 });
    expect(listOffset(MAX_TIMESTAMP)).toMatchObject({ offset: 6, timestampMs: 20 });
  });

  test("to the end frees everything, backwards changes nothing, above the end is out of range", () => {
    produce(1);
    expect(deleteBefore(9)?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(deleteBefore(-2)?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(deleteBefore(-1)).toMatchObject({ lowWatermark: 3 });
    expect(deleteBefore(1)).toMatchObject({ lowWatermark: 3, errorCode: ErrorCode.NONE });
    expect(state.topics.budget.bytesUsed).toBe(0);
    expect(fetchFrom(3)).toMatchObject({ errorCode: ErrorCode.NONE, records: [] });
  });
});

describe("partitions", () => {
  const create = (count: number, assignments: number[][] | null = null, validateOnly = false) =>
    answerCreatePartitions(state, { topics: [{ name: "t", count, assignments }], timeoutMs: 1, validateOnly })
      .results[0]?.errorCode;

  test("grow, and only so", () => {
    produce(1);
    expect(create(2)).toBe(ErrorCode.INVALID_PARTITIONS);
    expect(create(1_000_000)).toBe(ErrorCode.INVALID_PARTITIONS);
    expect(create(4, [[1]])).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    expect(create(4, [[1], [2]])).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    expect(create(4, null, true)).toBe(ErrorCode.NONE);
    expect(state.topics.find("t")?.partitions).toHaveLength(2);
    expect(create(4, [[1], [1]])).toBe(ErrorCode.NONE);
    expect(state.topics.find("t")?.partitions).toHaveLength(4);
    expect(logOf("t").endOffset).toBe(3);
  });

  test("have their leader and their place already", () => {
    const asked = [{ name: "t", partitions: [0, 9] }];
    const elected = answerElectLeaders(state, { electionType: 0, topics: asked }).topics[0]?.partitions;
    expect(elected?.map(({ errorCode }) => errorCode)).toEqual([84, 3]);
    const moves = [[1], [2], null].map((replicas) => ({ p: 0, replicas }));
    const moved = answerAlterPartitionReassignments(state, { topics: [{ name: "t", partitions: moves }] });
    expect(moved.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 39, 85]);
    const epochs = [0, 1, -1].map((leaderEpoch) => ({ p: 0, currentLeaderEpoch: -1, leaderEpoch }));
    const ends = answerOffsetForLeaderEpoch(state, { topics: [{ name: "t", partitions: epochs }] });
    expect(ends.topics[0]?.partitions.map(({ endOffset }) => endOffset)).toEqual([0, -1, -1]);
  });

  test("are described a page at a time, none twice and none left out", () => {
    state.topics.create("a", 3, new TopicConfig(new Map()));
    const seen: string[] = [];
    let cursor: { topic: string; p: number } | null = null;
    do {
      const page = answerDescribeTopicPartitions(state, { topics: [], partitionsMax: 2, cursor });
      for (const { name, partitions } of page.topics) seen.push(...partitions.map(({ p }) => `${name}-${p}`));
      cursor = page.nextCursor;
    } while (cursor !== null && seen.length < 100);
    expect(seen).toEqual(["a-0", "a-1", "a-2", "t-0", "t-1"]);
  });
});

describe("topics by their ids", () => {
  const unknown = "f".repeat(32);

  test("are produced to, and an unknown id is said", () => {
    const topicId = state.topics.find("t")?.id ?? "";
    expect(produce(1, { topicId })).toMatchObject({ errorCode: ErrorCode.NONE, baseOffset: 0 });
    expect(produce(1, { topicId: unknown })?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
  });

  test("have their offsets committed and fetched, one or all", () => {
    const topicId = state.topics.find("t")?.id;
    const commit = (id: string | undefined) =>
      answerOffsetCommit(state, {
        group: "g",
        generation: -1,
        memberId: "",
        instanceId: null,
        topics: [{ name: "", topicId: id, partitions: [{ p: 0, offset: 7, leaderEpoch: -1, metadata: null }] }],
      }).topics[0];
    expect(commit(topicId)).toMatchObject({ topicId, partitions: [{ errorCode: ErrorCode.NONE }] });
    expect(commit(unknown)?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    const fetch = (topics: { name: string; topicId: string | undefined; partitions: number[] }[] | null) => {
      const groups = [{ group: "g", memberId: null, generation: -1, topics }];
      return answerOffsetFetch(state, { groups, requireStable: false }).groups[0]?.topics;
    };
    expect(fetch([{ name: "", topicId, partitions: [0] }])).toMatchObject([{ topicId, partitions: [{ offset: 7 }] }]);
    expect(fetch(null)).toMatchObject([{ name: "t", topicId, partitions: [{ offset: 7 }] }]);
    expect(fetch([{ name: "", topicId: unknown, partitions: [0] }])?.[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
      offset: -1,
    });
  });
});
