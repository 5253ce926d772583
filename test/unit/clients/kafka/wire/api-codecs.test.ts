/** Every API, every version it claims: what one side encodes, the other side decodes to the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
import type { Api } from "../../../../../simulator/clients/kafka/wire/frame.ts";
import { bodyWriter, decodeAll, few, int16, int32, int64, name, nullableName, seed, topicOf } from "./codec-support.ts";

interface Side<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  /** What a version carries of it: fields that it lacks get the value that decoding gives them. */
  readonly seenBy?: (value: T, version: number) => unknown;
}

function roundTrips<Q, S>(api: Api<Q, S>, request: Side<Q>, response: Side<S>): void {
  describe(api.name, () => {
    for (let version = api.minVersion; version <= api.maxVersion; version += 1) {
      it(`v${version} carries requests and responses unchanged`, () => {
        fc.assert(
          fc.property(request.arbitrary, response.arbitrary, (q, s) => {
            const requestWriter = bodyWriter();
            api.encodeRequest(requestWriter, version, q);
            expect(decodeAll(requestWriter, (r) => api.decodeRequest(r, version)).value).toEqual(
              request.seenBy?.(q, version) ?? q,
            );
            const responseWriter = bodyWriter();
            api.encodeResponse(responseWriter, version, s);
            expect(decodeAll(responseWriter, (r) => api.decodeResponse(r, version)).value).toEqual(
              response.seenBy?.(s, version) ?? s,
            );
          }),
          { numRuns: 60, ...seed },
        );
      });
    }
  });
}

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
    arbitrary: fc.record({ topics: fc.option(few(name)), allowAutoTopicCreation: fc.boolean() }),
    seenBy: (q, version) => ({
      topics: version === 0 && q.topics?.length === 0 ? null : q.topics,
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

roundTrips(
  findCoordinatorApi,
  {
    arbitrary: fc.record({ key: name, keyType: fc.constantFrom(0, 1) }),
    seenBy: (q, version) => (version >= 1 ? q : { ...q, keyType: 0 }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      errorMessage: nullableName,
      nodeId: int32,
      host: name,
      port: int32,
    }),
    seenBy: (s, version) => (version >= 1 ? s : { ...s, throttleTimeMs: 0, errorMessage: null }),
  },
);

roundTrips(
  offsetCommitApi,
  {
    arbitrary: fc.record({
      group: name,
      generation: int32,
      memberId: name,
      topics: topicOf(fc.record({ p: int32, offset: int64, metadata: nullableName })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: topicOf(fc.record({ p: int32, errorCode: int16 })),
    }),
    seenBy: (s, version) => (version >= 3 ? s : { ...s, throttleTimeMs: 0 }),
  },
);

roundTrips(
  offsetFetchApi,
  {
    arbitrary: fc.record({ group: name, topics: fc.option(topicOf(int32)) }),
    seenBy: (q, version) => (version === 1 && q.topics === null ? { ...q, topics: [] } : q),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      topics: topicOf(fc.record({ p: int32, offset: int64, metadata: nullableName, errorCode: int16 })),
      errorCode: int16,
    }),
    seenBy: (s, version) => ({
      ...s,
      throttleTimeMs: version >= 3 ? s.throttleTimeMs : 0,
      errorCode: version >= 2 ? s.errorCode : 0,
    }),
  },
);

roundTrips(
  initProducerIdApi,
  { arbitrary: fc.record({ transactionalId: nullableName, transactionTimeoutMs: int32 }) },
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
      topics: few(fc.record({ name, errorCode: int16, errorMessage: nullableName })),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 2 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => (version >= 1 ? topic : { ...topic, errorMessage: null })),
    }),
  },
);

roundTrips(
  deleteTopicsApi,
  { arbitrary: fc.record({ names: few(name), timeoutMs: int32 }) },
  {
    arbitrary: fc.record({ throttleTimeMs: int32, topics: few(fc.record({ name, errorCode: int16 })) }),
    seenBy: (s, version) => (version >= 1 ? s : { ...s, throttleTimeMs: 0 }),
  },
);

roundTrips(
  deleteGroupsApi,
  { arbitrary: fc.record({ groups: few(name) }) },
  { arbitrary: fc.record({ throttleTimeMs: int32, groups: few(fc.record({ group: name, errorCode: int16 })) }) },
);
