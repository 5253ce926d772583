/** Every API, every version it claims: what one side encodes, the other side decodes to the same. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { apiVersionsApi } from "../../../../../simulator/clients/kafka/wire/apis/api-versions.ts";
import { createTopicsApi } from "../../../../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { deleteGroupsApi } from "../../../../../simulator/clients/kafka/wire/apis/delete-groups.ts";
import { deleteTopicsApi } from "../../../../../simulator/clients/kafka/wire/apis/delete-topics.ts";
import { findCoordinatorApi } from "../../../../../simulator/clients/kafka/wire/apis/find-coordinator.ts";
import { initProducerIdApi } from "../../../../../simulator/clients/kafka/wire/apis/init-producer-id.ts";
import { listOffsetsApi } from "../../../../../simulator/clients/kafka/wire/apis/list-offsets.ts";
import { metadataApi } from "../../../../../simulator/clients/kafka/wire/apis/metadata.ts";
import { offsetCommitApi } from "../../../../../simulator/clients/kafka/wire/apis/offset-commit.ts";
import { offsetFetchApi } from "../../../../../simulator/clients/kafka/wire/apis/offset-fetch.ts";
import {
  NO_TOPIC_ID,
  referenceOf,
  type TopicReference,
} from "../../../../../simulator/clients/kafka/wire/apis/topic-reference.ts";
import { few, int16, int32, int64, name, nullableName, topicAs, topicOf, uuid } from "./codec-support.ts";
import { roundTrips } from "./round-trips.ts";

roundTrips(
  apiVersionsApi,
  { arbitrary: fc.constant({}) },
  {
    arbitrary: fc.record({
      errorCode: int16,
      apis: few(fc.record({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
      throttleTimeMs: int32,
    }),
    seenBy: (s, version) => (version >= 1 ? s : { ...s, throttleTimeMs: 0 }),
  },
);

roundTrips(
  metadataApi,
  {
    arbitrary: fc.record({
      topics: fc.option(few(fc.oneof(name, fc.record({ topicId: uuid })))),
      allowAutoTopicCreation: fc.boolean(),
    }),
    seenBy: (q, version) => ({
      topics:
        version === 0 && q.topics?.length === 0
          ? null
          : (q.topics?.map((topic) => namedIn(10, topic, version)) ?? null),
      allowAutoTopicCreation: version >= 4 ? q.allowAutoTopicCreation : true,
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      brokers: few(fc.record({ nodeId: int32, host: name, port: int32, rack: nullableName })),
      clusterId: nullableName,
      controllerId: int32,
      topics: few(
        fc.record({
          errorCode: int16,
          name,
          topicId: uuid,
          isInternal: fc.boolean(),
          partitions: few(
            fc.record({
              errorCode: int16,
              p: int32,
              leader: int32,
              leaderEpoch: int32,
              replicas: few(int32),
              inSyncReplicas: few(int32),
              offlineReplicas: few(int32),
            }),
          ),
        }),
      ),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 3 ? s.throttleTimeMs : 0,
      brokers: s.brokers.map((broker) => (version >= 1 ? broker : { ...broker, rack: null })),
      clusterId: version >= 2 ? s.clusterId : null,
      controllerId: version >= 1 ? s.controllerId : -1,
      topics: s.topics.map((topic) => ({
        ...topic,
        topicId: version >= 10 ? topic.topicId : NO_TOPIC_ID,
        isInternal: version >= 1 && topic.isInternal,
        partitions: topic.partitions.map((partition) => ({
          ...partition,
          leaderEpoch: version >= 7 ? partition.leaderEpoch : -1,
          offlineReplicas: version >= 5 ? partition.offlineReplicas : [],
        })),
      })),
    }),
  },
);

roundTrips(
  listOffsetsApi,
  {
    arbitrary: fc.record({
      isolationLevel: fc.constantFrom(0, 1),
      topics: topicOf(fc.record({ p: int32, currentLeaderEpoch: int32, timestampMs: int64 })),
    }),
    seenBy: (q, version) => ({
      isolationLevel: version >= 2 ? q.isolationLevel : 0,
      topics: q.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((asked) => (version >= 4 ? asked : { ...asked, currentLeaderEpoch: -1 })),
      })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: topicOf(fc.record({ p: int32, errorCode: int16, timestampMs: int64, offset: int64, leaderEpoch: int32 })),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 2 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((listed) => (version >= 4 ? listed : { ...listed, leaderEpoch: -1 })),
      })),
    }),
  },
);

const coordinator = fc.record({
  key: name,
  errorCode: int16,
  errorMessage: nullableName,
  nodeId: int32,
  host: name,
  port: int32,
});
const exactlyOne = <T>(element: fc.Arbitrary<T>) => fc.array(element, { minLength: 1, maxLength: 1 });

roundTrips(
  findCoordinatorApi,
  {
    arbitrary: fc.record({ keys: exactlyOne(name), keyType: fc.constantFrom(0, 1) }),
    seenBy: (q, version) => (version >= 1 ? q : { ...q, keyType: 0 }),
  },
  {
    arbitrary: fc.record({ throttleTimeMs: int32, coordinators: exactlyOne(coordinator) }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 1 ? s.throttleTimeMs : 0,
      coordinators: s.coordinators.map((each) => ({
        ...each,
        key: version >= 4 ? each.key : "",
        errorMessage: version >= 1 ? each.errorMessage : null,
      })),
    }),
  },
);

roundTrips(
  offsetCommitApi,
  {
    arbitrary: fc.record({
      group: name,
      generation: int32,
      memberId: name,
      instanceId: nullableName,
      topics: topicOf(fc.record({ p: int32, offset: int64, leaderEpoch: int32, metadata: nullableName })),
    }),
    seenBy: (q, version) => ({
      ...q,
      instanceId: version >= 7 ? q.instanceId : null,
      topics: q.topics.map((topic) => ({
        ...topicAs(topic, version >= 10),
        partitions: topic.partitions.map((each) => (version >= 6 ? each : { ...each, leaderEpoch: -1 })),
      })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: topicOf(fc.record({ p: int32, errorCode: int16 })),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 3 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => topicAs(topic, version >= 10)),
    }),
  },
);

roundTrips(
  offsetFetchApi,
  {
    arbitrary: fc.record({
      groups: exactlyOne(
        fc.record({ group: name, memberId: nullableName, generation: int32, topics: fc.option(topicOf(int32)) }),
      ),
      requireStable: fc.boolean(),
    }),
    seenBy: (q, version) => ({
      groups: q.groups.map((asked) => ({
        group: asked.group,
        memberId: version >= 9 ? asked.memberId : null,
        generation: version >= 9 ? asked.generation : -1,
        topics: asked.topics?.map((topic) => topicAs(topic, version >= 10)) ?? (version === 1 ? [] : null),
      })),
      requireStable: version >= 7 && q.requireStable,
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      groups: exactlyOne(
        fc.record({
          group: name,
          topics: topicOf(
            fc.record({ p: int32, offset: int64, leaderEpoch: int32, metadata: nullableName, errorCode: int16 }),
          ),
          errorCode: int16,
        }),
      ),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 3 ? s.throttleTimeMs : 0,
      groups: s.groups.map((fetched) => ({
        group: version >= 8 ? fetched.group : "",
        topics: fetched.topics.map((topic) => ({
          ...topicAs(topic, version >= 10),
          partitions: topic.partitions.map((each) => (version >= 5 ? each : { ...each, leaderEpoch: -1 })),
        })),
        errorCode: version >= 2 ? fetched.errorCode : 0,
      })),
    }),
  },
);

roundTrips(
  initProducerIdApi,
  {
    arbitrary: fc.record({
      transactionalId: nullableName,
      transactionTimeoutMs: int32,
      producerId: int64,
      producerEpoch: int16,
    }),
    seenBy: (q, version) => (version >= 3 ? q : { ...q, producerId: -1, producerEpoch: -1 }),
  },
  {
    arbitrary: fc.record({ throttleTimeMs: int32, errorCode: int16, producerId: int64, producerEpoch: int16 }),
  },
);

roundTrips(
  createTopicsApi,
  {
    arbitrary: fc.record({
      topics: few(
        fc.record({
          name,
          partitions: int32,
          replicationFactor: int16,
          assignments: few(fc.record({ p: int32, brokers: few(int32) })),
          configs: few(fc.record({ name, value: nullableName })),
        }),
      ),
      timeoutMs: int32,
      validateOnly: fc.boolean(),
    }),
    seenBy: (q, version) => (version >= 1 ? q : { ...q, validateOnly: false }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: few(
        fc.record({
          name,
          topicId: uuid,
          errorCode: int16,
          errorMessage: nullableName,
          partitions: int32,
          replicationFactor: int16,
          configs: fc.option(
            few(
              fc.record({
                name,
                value: nullableName,
                readOnly: fc.boolean(),
                source: fc.nat(6),
                isSensitive: fc.boolean(),
              }),
            ),
          ),
        }),
      ),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 2 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => ({
        name: topic.name,
        topicId: version >= 7 ? topic.topicId : NO_TOPIC_ID,
        errorCode: topic.errorCode,
        errorMessage: version >= 1 ? topic.errorMessage : null,
        partitions: version >= 5 ? topic.partitions : -1,
        replicationFactor: version >= 5 ? topic.replicationFactor : -1,
        configs: version >= 5 ? topic.configs : null,
      })),
    }),
  },
);

roundTrips(
  deleteTopicsApi,
  {
    arbitrary: fc.record({ names: few(fc.oneof(name, fc.record({ topicId: uuid }))), timeoutMs: int32 }),
    seenBy: (q, version) => ({ ...q, names: q.names.map((topic) => namedIn(6, topic, version)) }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: few(fc.record({ name, topicId: uuid, errorCode: int16, errorMessage: nullableName })),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 1 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => ({
        ...topic,
        topicId: version >= 6 ? topic.topicId : NO_TOPIC_ID,
        errorMessage: version >= 5 ? topic.errorMessage : null,
      })),
    }),
  },
);

roundTrips(
  deleteGroupsApi,
  { arbitrary: fc.record({ groups: few(name) }) },
  { arbitrary: fc.record({ throttleTimeMs: int32, groups: few(fc.record({ group: name, errorCode: int16 })) }) },
);

/** In versions below `from` a topic that was meant by its id has no name. */
function namedIn(from: number, topic: TopicReference, version: number): TopicReference {
  return typeof topic === "string" || version >= from ? topic : "";
}

it("takes a topic's id from a client that says an empty name beside it, as Kafka's own does", () => {
  const topicId = "0123456789abcdef".repeat(2);
  expect(referenceOf({ topicId, name: "" })).toEqual({ topicId });
  expect(referenceOf({ topicId, name: null })).toEqual({ topicId });
  expect(referenceOf({ topicId: NO_TOPIC_ID, name: "" })).toBe("");
  expect(referenceOf({ topicId: NO_TOPIC_ID, name: "t" })).toBe("t");
});
