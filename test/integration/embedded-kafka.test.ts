/** The embedded Kafka over real sockets, by a peer that speaks the bare protocol: versions, bad input, topics, offsets. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apiVersionsApi } from "../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { createTopicsApi } from "../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { deleteGroupsApi } from "../../simulator/clients/kafka/wire/apis/delete-groups.ts";
import { deleteTopicsApi } from "../../simulator/clients/kafka/wire/apis/delete-topics.ts";
import { fetchApi } from "../../simulator/clients/kafka/wire/apis/fetch.ts";
import { findCoordinatorApi } from "../../simulator/clients/kafka/wire/apis/find-coordinator.ts";
import { listOffsetsApi } from "../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { metadataApi } from "../../simulator/clients/kafka/wire/apis/metadata.ts";
import { offsetCommitApi } from "../../simulator/clients/kafka/wire/apis/offset-commit.ts";
import { offsetFetchApi } from "../../simulator/clients/kafka/wire/apis/offset-fetch.ts";
import { produceApi } from "../../simulator/clients/kafka/wire/apis/produce.ts";
import { ErrorCode } from "../../simulator/clients/kafka/wire/error-codes.ts";
import { encodeRecordBatch } from "../../simulator/clients/kafka/wire/records.ts";
import {
  batchOf,
  closes,
  createTopic,
  fetchRecords,
  fetchRequest,
  Peer,
  produceBatch,
  startTestBroker,
  type TestBroker,
} from "./embedded-kafka-peer.ts";

let broker: TestBroker;
let peers: Peer[];

beforeEach(async () => {
  broker = await startTestBroker();
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await broker.close();
});

function connectPeer(port = broker.port): Peer {
  const peer = new Peer(port);
  peers.push(peer);
  return peer;
}

test("a port that is taken is an error that names it", async () => {
  const second = startTestBroker(1_000, broker.port);
  await expect(second).rejects.toMatchObject({
    code: "KAFKA_EMBEDDED_LISTEN_FAILED",
    message: expect.stringContaining(`127.0.0.1:${broker.port}`),
  });
});

describe("versions", () => {
  test("an ApiVersions of the future is answered UNSUPPORTED_VERSION in the form of version 0, with the versions", async () => {
    const peer = connectPeer();
    const frame = peer.encode(apiVersionsApi, apiVersionsApi.maxVersion, {});
    // What such a body holds nobody here knows: the broker must not read it.
    const strange = Buffer.concat([frame, Buffer.from([9, 9, 9])]);
    strange.writeInt32BE(strange.length - 4, 0);
    strange.writeInt16BE(apiVersionsApi.maxVersion + 1, 6);
    const r = await peer.exchange(strange);
    const response = apiVersionsApi.decodeResponse(r, 0);
    r.expectEnd();
    expect(response.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(response.apis).toContainEqual({ apiKey: produceApi.key, minVersion: 0, maxVersion: produceApi.maxVersion });
    for (const version of [0, 1, 2, 3, 4]) {
      const again = await peer.request(apiVersionsApi, version, {});
      expect(again).toMatchObject({ errorCode: ErrorCode.NONE, apis: response.apis });
    }
  });

  test("Q2: an API or a version that is not served ends that connection only", async () => {
    const other = connectPeer();
    await createTopic(other, "t");
    const unknown = connectPeer();
    unknown
      .exchange(unknown.encode({ ...metadataApi, key: 999 }, 0, { topics: null, allowAutoTopicCreation: false }))
      .catch(() => undefined);
    await closes(unknown);
    const oldFetch = connectPeer();
    const frame = oldFetch.encode(fetchApi, 4, fetchRequest("t", [{ p: 0, fetchOffset: 0 }]));
    frame.writeInt16BE(3, 6);
    oldFetch.exchange(frame).catch(() => undefined);
    await closes(oldFetch);
    expect(await other.request(metadataApi, 6, { topics: ["t"], allowAutoTopicCreation: false })).toMatchObject({
      topics: [{ name: "t", errorCode: ErrorCode.NONE }],
    });
  });
});

describe("malformed input ends its connection, and no other", () => {
  test.each([
    ["a length of 2 GB", Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ["a negative length", Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ["an empty frame", Buffer.from([0, 0, 0, 0])],
    ["a header cut short", Buffer.from([0, 0, 0, 3, 0, 3, 0])],
    ["a string beyond the frame", Buffer.from([0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0x7f, 0xff])],
    ["an array of 2 billion", Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])],
    ["bytes too many", Buffer.from([0, 0, 0, 15, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 9])],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ])("%s", async (_, bytes) => {
    const good = connectPeer();
    await createTopic(good, "t");
    const bad = connectPeer();
    bad.socket.write(bytes);
    await closes(bad);
    const { topics } = await good.request(metadataApi, 5, { topics: null, allowAutoTopicCreation: false });
    expect(topics).toHaveLength(1);
    expect(broker.logged.some((line) => line.includes("closed a client"))).toBe(true);
    expect(broker.logged.some((line) => line.includes("a request failed"))).toBe(false);
  });
});

describe("topics", () => {
  test("metadata names this broker's real address, every partition's leader, and what is unknown", async () => {
    const peer = connectPeer();
    await createTopic(peer, "a", 3);
    for (let version = metadataApi.minVersion; version <= metadataApi.maxVersion; version += 1) {
      const request = { topics: ["a", "nope", "bad name"], allowAutoTopicCreation: true };
      const response = await peer.request(metadataApi, version, request);
      expect(response.brokers).toEqual([{ nodeId: 1, host: "127.0.0.1", port: broker.port, rack: null }]);
      expect(response.topics.map(({ errorCode }) => errorCode)).toEqual([
        ErrorCode.NONE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.INVALID_TOPIC_EXCEPTION,
      ]);
      expect(response.topics[0]?.partitions.map(({ p, leader }) => ({ p, leader }))).toEqual(
        [0, 1, 2].map((p) => ({ p, leader: 1 })),
      );
    }
    const all = await peer.request(metadataApi, 1, { topics: null, allowAutoTopicCreation: false });
    expect(all.topics.map(({ name }) => name)).toEqual(["a"]);
  });

  test.each([
    ["", 1, 1, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["..", 1, 1, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["a b", 1, 1, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["x".repeat(250), 1, 1, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["x".repeat(249), 1, 1, ErrorCode.NONE],
    ["t", 0, 1, ErrorCode.INVALID_PARTITIONS],
    ["t", -2, 1, ErrorCode.INVALID_PARTITIONS],
    ["t", 1_000_000, 1, ErrorCode.INVALID_PARTITIONS],
    ["t", -1, -1, ErrorCode.NONE],
    ["t", 1, 3, ErrorCode.INVALID_REPLICATION_FACTOR],
    ["taken", 1, 1, ErrorCode.TOPIC_ALREADY_EXISTS],
  ])("create %j with %i partitions and %i replicas", async (name, partitions, replicationFactor, errorCode) => {
    const peer = connectPeer();
    await createTopic(peer, "taken");
    const topics = [{ name, partitions, replicationFactor, assignments: [], configs: [] }];
    const response = await peer.request(createTopicsApi, 3, { topics, timeoutMs: 1_000, validateOnly: false });
    expect(response.topics[0]?.errorCode).toBe(errorCode);
    expect((response.topics[0]?.errorMessage === null) === (errorCode === ErrorCode.NONE)).toBe(true);
  });

  test("validate-only creates nothing, and settings that would do nothing are refused", async () => {
    const peer = connectPeer();
    const topics = [{ name: "v", partitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await peer.request(createTopicsApi, 3, { topics, timeoutMs: 1_000, validateOnly: true });
    expect(broker.state.topics.find("v")).toBeUndefined();
    expect(await createTopic(peer, "c", 1, [{ name: "cleanup.policy", value: "compact" }])).toMatchObject({
      errorCode: ErrorCode.INVALID_CONFIG,
    });
    expect(await createTopic(peer, "c", 1, [{ name: "max.message.bytes", value: "500" }])).toMatchObject({
      errorCode: ErrorCode.NONE,
    });
    const produced = await produceBatch(peer, { topic: "c", p: 0, batch: batchOf(1, 1_000) });
    expect(produced.errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  test("a deleted topic is gone with its records and its commits", async () => {
    const peer = connectPeer();
    await createTopic(peer, "d");
    await produceBatch(peer, { topic: "d", p: 0, batch: batchOf(3, 100) });
    expect(broker.state.topics.budget.bytesUsed).toBeGreaterThan(300);
    const response = await peer.request(deleteTopicsApi, 3, { names: ["d", "nope"], timeoutMs: 1_000 });
    expect(response.topics).toMatchObject([
      { name: "d", errorCode: ErrorCode.NONE },
      { name: "nope", errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
    expect(broker.state.topics.budget.bytesUsed).toBe(0);
    await createTopic(peer, "d");
    const { partitions } = await fetchRecords(peer, fetchRequest("d", [{ p: 0, fetchOffset: 0 }]));
    expect(partitions[0]).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 0 });
  });
});

describe("offsets", () => {
  test("earliest, latest, by time, and unknown", async () => {
    const peer = connectPeer();
    await createTopic(peer, "o");
    for (const timestampMs of [100, 200]) {
      const batch = encodeRecordBatch({ records: [{ value: null }, { value: null }], timestampMs });
      await produceBatch(peer, { topic: "o", p: 0, batch });
    }
    const list = async (timestampMs: number, p = 0, version = 2, currentLeaderEpoch = -1) => {
      const topics = [{ name: "o", partitions: [{ p, currentLeaderEpoch, timestampMs }] }];
      const response = await peer.request(listOffsetsApi, version, { isolationLevel: 0, topics });
      const { errorCode, offset, timestampMs: found } = response.topics[0]?.partitions[0] ?? {};
      return [errorCode, offset, found];
    };
    for (const version of [1, 2, 3, 4, 5]) expect(await list(-1, 0, version)).toEqual([ErrorCode.NONE, 4, -1]);
    expect(await list(-1, 0, 5, 0)).toEqual([ErrorCode.NONE, 4, -1]);
    expect(await list(-1, 0, 5, 1)).toEqual([ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1]);
    expect(await list(-2)).toEqual([ErrorCode.NONE, 0, -1]);
    expect(await list(150)).toEqual([ErrorCode.NONE, 2, 200]);
    expect(await list(201)).toEqual([ErrorCode.NONE, -1, -1]);
    expect(await list(-1, 4)).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1]);
  });

  test("simple commits are kept, and read back by name or all together", async () => {
    const peer = connectPeer();
    await createTopic(peer, "o", 3);
    for (const version of [0, 1, 2, 3, 4, 5, 6]) {
      const { coordinators } = await peer.request(findCoordinatorApi, version, { keys: ["g"], keyType: 0 });
      expect(coordinators).toMatchObject([{ errorCode: ErrorCode.NONE, host: "127.0.0.1", port: broker.port }]);
    }
    const commit = (version: number, offset: number, member = { generation: -1, memberId: "" }) =>
      peer.request(offsetCommitApi, version, {
        group: "g",
        instanceId: null,
        ...member,
        topics: [{ name: "o", partitions: [0, 9].map((p) => ({ p, offset, leaderEpoch: 0, metadata: "m" })) }],
      });
    for (const version of [2, 3, 4, 5, 6, 7, 8, 9]) {
      const { topics } = await commit(version, 10 + version);
      expect(topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
        ErrorCode.NONE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ]);
    }
    const byMember = await commit(5, 99, { generation: 3, memberId: "someone" });
    expect(byMember.topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const topics = [{ name: "o", partitions: [0, 1] }];
    const fetch = async (version: number, asked: typeof topics | null) => {
      const groups = [{ group: "g", memberId: null, generation: -1, topics: asked }];
      const response = await peer.request(offsetFetchApi, version, { groups, requireStable: false });
      return response.groups[0]?.topics ?? [];
    };
    for (const version of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const fetched = await fetch(version, topics);
      expect(fetched[0]?.partitions.map(({ offset, metadata }) => [offset, metadata])).toEqual([
        [19, "m"],
        [-1, ""],
      ]);
    }
    for (const version of [2, 5, 6, 9]) {
      expect(await fetch(version, null)).toMatchObject([{ name: "o", partitions: [{ p: 0, offset: 19 }] }]);
    }
    const deleted = await peer.request(deleteGroupsApi, 1, { groups: ["g", "g"] });
    expect(deleted.groups.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.NONE, ErrorCode.GROUP_ID_NOT_FOUND]);
  });
});
