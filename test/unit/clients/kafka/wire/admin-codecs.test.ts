/** The APIs of administrators, every version: what one side encodes, the other side decodes to the same. */
import fc from "fast-check";
import {
  createAclsApi,
  deleteAclsApi,
  describeAclsApi,
} from "../../../../../simulator/clients/kafka/wire/apis/acls.ts";
import {
  alterConfigsApi,
  incrementalAlterConfigsApi,
} from "../../../../../simulator/clients/kafka/wire/apis/alter-configs.ts";
import { createPartitionsApi } from "../../../../../simulator/clients/kafka/wire/apis/create-partitions.ts";
import { deleteRecordsApi } from "../../../../../simulator/clients/kafka/wire/apis/delete-records.ts";
import { describeClientQuotasApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-client-quotas.ts";
import { describeClusterApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-cluster.ts";
import { describeConfigsApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-configs.ts";
import { describeLogDirsApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-log-dirs.ts";
import { describeTopicPartitionsApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-topic-partitions.ts";
import { describeUserScramCredentialsApi } from "../../../../../simulator/clients/kafka/wire/apis/describe-user-scram-credentials.ts";
import { electLeadersApi } from "../../../../../simulator/clients/kafka/wire/apis/elect-leaders.ts";
import { offsetForLeaderEpochApi } from "../../../../../simulator/clients/kafka/wire/apis/offset-for-leader-epoch.ts";
import {
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
} from "../../../../../simulator/clients/kafka/wire/apis/partition-reassignments.ts";
import { few, int16, int32, int64, name, nullableName, topicOf, uuid } from "./codec-support.ts";
import { roundTrips } from "./round-trips.ts";

const int8 = fc.integer({ min: -128, max: 127 });
const throttleTimeMs = int32;
const failure = { errorCode: int16, errorMessage: nullableName };
const partitionNumbers = fc.option(topicOf(int32));

roundTrips(
  createPartitionsApi,
  {
    arbitrary: fc.record({
      topics: few(fc.record({ name, count: int32, assignments: fc.option(few(few(int32))) })),
      timeoutMs: int32,
      validateOnly: fc.boolean(),
    }),
  },
  { arbitrary: fc.record({ throttleTimeMs, results: few(fc.record({ name, ...failure })) }) },
);

const altered = fc.record({ throttleTimeMs, responses: few(fc.record({ ...failure, type: int8, name })) });
const resourceOf = <T>(config: fc.Arbitrary<T>) =>
  fc.record({
    resources: few(fc.record({ type: int8, name, configs: few(config) })),
    validateOnly: fc.boolean(),
  });
roundTrips(
  alterConfigsApi,
  { arbitrary: resourceOf(fc.record({ name, value: nullableName })) },
  { arbitrary: altered },
);
roundTrips(
  incrementalAlterConfigsApi,
  { arbitrary: resourceOf(fc.record({ name, operation: int8, value: nullableName })) },
  { arbitrary: altered },
);

roundTrips(
  describeConfigsApi,
  {
    arbitrary: fc.record({
      resources: few(fc.record({ type: int8, name, configNames: fc.option(few(name)) })),
      includeSynonyms: fc.boolean(),
      includeDocumentation: fc.boolean(),
    }),
    seenBy: (q, version) => ({
      ...q,
      includeSynonyms: version >= 1 && q.includeSynonyms,
      includeDocumentation: version >= 3 && q.includeDocumentation,
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      results: few(
        fc.record({
          ...failure,
          type: int8,
          name,
          configs: few(
            fc.record({
              name,
              value: nullableName,
              readOnly: fc.boolean(),
              // What version 0 can say.
              source: fc.constantFrom(1, 5),
              isSensitive: fc.boolean(),
              synonyms: few(fc.record({ name, value: nullableName, source: int8 })),
              type: int8,
              documentation: nullableName,
            }),
          ),
        }),
      ),
    }),
    seenBy: (s, version) => ({
      ...s,
      results: s.results.map((result) => ({
        ...result,
        configs: result.configs.map((config) => ({
          ...config,
          synonyms: version >= 1 ? config.synonyms : [],
          type: version >= 3 ? config.type : 0,
          documentation: version >= 3 ? config.documentation : null,
        })),
      })),
    }),
  },
);

roundTrips(
  deleteRecordsApi,
  { arbitrary: fc.record({ topics: topicOf(fc.record({ p: int32, offset: int64 })), timeoutMs: int32 }) },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      topics: topicOf(fc.record({ p: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  },
);

roundTrips(
  offsetForLeaderEpochApi,
  {
    arbitrary: fc.record({ topics: topicOf(fc.record({ p: int32, currentLeaderEpoch: int32, leaderEpoch: int32 })) }),
    seenBy: (q, version) => ({
      topics: q.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((each) => (version >= 2 ? each : { ...each, currentLeaderEpoch: -1 })),
      })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      topics: topicOf(fc.record({ errorCode: int16, p: int32, leaderEpoch: int32, endOffset: int64 })),
    }),
    seenBy: (s, version) => ({
      throttleTimeMs: version >= 2 ? s.throttleTimeMs : 0,
      topics: s.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((each) => (version >= 1 ? each : { ...each, leaderEpoch: -1 })),
      })),
    }),
  },
);

roundTrips(
  describeClusterApi,
  {
    arbitrary: fc.record({ endpointType: int8 }),
    seenBy: (q, version) => (version >= 1 ? q : { endpointType: 1 }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      ...failure,
      endpointType: int8,
      clusterId: name,
      controllerId: int32,
      brokers: few(fc.record({ nodeId: int32, host: name, port: int32, rack: nullableName, isFenced: fc.boolean() })),
    }),
    seenBy: (s, version) => ({
      ...s,
      endpointType: version >= 1 ? s.endpointType : 1,
      brokers: s.brokers.map((broker) => ({ ...broker, isFenced: version >= 2 && broker.isFenced })),
    }),
  },
);

roundTrips(
  describeLogDirsApi,
  { arbitrary: fc.record({ topics: partitionNumbers }) },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      errorCode: int16,
      results: few(
        fc.record({
          errorCode: int16,
          logDir: name,
          topics: topicOf(fc.record({ p: int32, sizeBytes: int64, offsetLag: int64, isFuture: fc.boolean() })),
          totalBytes: int64,
          usableBytes: int64,
        }),
      ),
    }),
    seenBy: (s, version) => ({
      ...s,
      errorCode: version >= 3 ? s.errorCode : 0,
      results: s.results.map((result) => (version >= 4 ? result : { ...result, totalBytes: -1, usableBytes: -1 })),
    }),
  },
);

const partitionFailures = topicOf(fc.record({ p: int32, ...failure }));
roundTrips(
  electLeadersApi,
  {
    arbitrary: fc.record({ electionType: int8, topics: partitionNumbers }),
    seenBy: (q, version) => (version >= 1 ? q : { ...q, electionType: 0 }),
  },
  {
    arbitrary: fc.record({ throttleTimeMs, errorCode: int16, topics: partitionFailures }),
    seenBy: (s, version) => (version >= 1 ? s : { ...s, errorCode: 0 }),
  },
);
roundTrips(
  alterPartitionReassignmentsApi,
  { arbitrary: fc.record({ topics: topicOf(fc.record({ p: int32, replicas: fc.option(few(int32)) })) }) },
  { arbitrary: fc.record({ throttleTimeMs, ...failure, topics: partitionFailures }) },
);
roundTrips(
  listPartitionReassignmentsApi,
  { arbitrary: fc.record({ topics: partitionNumbers }) },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      ...failure,
      topics: topicOf(
        fc.record({
          p: int32,
          replicas: few(int32),
          addingReplicas: few(int32),
          removingReplicas: few(int32),
        }),
      ),
    }),
  },
);

const LITERAL = 3;
const filter = fc.record({
  resourceType: int8,
  resourceName: nullableName,
  patternType: int8,
  principal: nullableName,
  host: nullableName,
  operation: int8,
  permissionType: int8,
});
const patternSeenIn = <T extends { readonly patternType: number }>(entry: T, version: number) =>
  version >= 1 ? entry : { ...entry, patternType: LITERAL };
const nothing = fc.constant<readonly never[]>([]);
roundTrips(
  describeAclsApi,
  { arbitrary: filter, seenBy: patternSeenIn },
  { arbitrary: fc.record({ throttleTimeMs, ...failure, resources: nothing }) },
);
roundTrips(
  createAclsApi,
  {
    arbitrary: fc.record({
      creations: few(
        fc.record({
          resourceType: int8,
          resourceName: name,
          patternType: int8,
          principal: name,
          host: name,
          operation: int8,
          permissionType: int8,
        }),
      ),
    }),
    seenBy: (q, version) => ({ creations: q.creations.map((each) => patternSeenIn(each, version)) }),
  },
  { arbitrary: fc.record({ throttleTimeMs, results: few(fc.record(failure)) }) },
);
roundTrips(
  deleteAclsApi,
  {
    arbitrary: fc.record({ filters: few(filter) }),
    seenBy: (q, version) => ({ filters: q.filters.map((each) => patternSeenIn(each, version)) }),
  },
  { arbitrary: fc.record({ throttleTimeMs, results: few(fc.record({ ...failure, matching: nothing })) }) },
);

roundTrips(
  describeClientQuotasApi,
  {
    arbitrary: fc.record({
      components: few(fc.record({ entityType: name, matchType: int8, match: nullableName })),
      strict: fc.boolean(),
    }),
  },
  { arbitrary: fc.record({ throttleTimeMs, ...failure, entries: nothing }) },
);
roundTrips(
  describeUserScramCredentialsApi,
  { arbitrary: fc.record({ users: fc.option(few(name)) }) },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      ...failure,
      results: few(
        fc.record({
          user: name,
          ...failure,
          credentials: few(fc.record({ mechanism: int8, iterations: int32 })),
        }),
      ),
    }),
  },
);

const cursor = fc.option(fc.record({ topic: name, p: int32 }));
const replicas = few(int32);
roundTrips(
  describeTopicPartitionsApi,
  { arbitrary: fc.record({ topics: few(name), partitionsMax: int32, cursor }) },
  {
    arbitrary: fc.record({
      throttleTimeMs,
      topics: few(
        fc.record({
          errorCode: int16,
          name: nullableName,
          topicId: uuid,
          isInternal: fc.boolean(),
          partitions: few(
            fc.record({
              errorCode: int16,
              p: int32,
              leader: int32,
              leaderEpoch: int32,
              replicas,
              inSyncReplicas: replicas,
              eligibleLeaderReplicas: fc.option(replicas),
              lastKnownEligible: fc.option(replicas),
              offlineReplicas: replicas,
            }),
          ),
        }),
      ),
      nextCursor: cursor,
    }),
  },
);
