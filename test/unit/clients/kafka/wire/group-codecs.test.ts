/** The requests of group members, in every version. */
import fc from "fast-check";
import { consumerGroupDescribeApi } from "../../../../../simulator/clients/kafka/wire/apis/consumer-group-describe.ts";
import { consumerGroupHeartbeatApi } from "../../../../../simulator/clients/kafka/wire/apis/consumer-group-heartbeat.ts";
import { joinGroupApi } from "../../../../../simulator/clients/kafka/wire/apis/join-group.ts";
import { leaveGroupApi } from "../../../../../simulator/clients/kafka/wire/apis/leave-group.ts";
import { syncGroupApi } from "../../../../../simulator/clients/kafka/wire/apis/sync-group.ts";
import { bytes, few, int16, int32, name, nullableName, uuid } from "./codec-support.ts";
import { roundTrips } from "./round-trips.ts";

const exactlyOne = <T>(element: fc.Arbitrary<T>) => fc.array(element, { minLength: 1, maxLength: 1 });

roundTrips(
  joinGroupApi,
  {
    arbitrary: fc.record({
      group: name,
      sessionTimeoutMs: int32,
      rebalanceTimeoutMs: int32,
      memberId: name,
      instanceId: nullableName,
      protocolType: name,
      protocols: few(fc.record({ name, metadata: bytes })),
      reason: nullableName,
    }),
    seenBy: (q, version) => ({
      ...q,
      rebalanceTimeoutMs: version >= 1 ? q.rebalanceTimeoutMs : -1,
      instanceId: version >= 5 ? q.instanceId : null,
      reason: version >= 8 ? q.reason : null,
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      generation: int32,
      protocolType: nullableName,
      protocolName: nullableName,
      leader: name,
      skipAssignment: fc.boolean(),
      memberId: name,
      members: few(fc.record({ memberId: name, instanceId: nullableName, metadata: bytes })),
    }),
    seenBy: (s, version) => ({
      ...s,
      throttleTimeMs: version >= 2 ? s.throttleTimeMs : 0,
      protocolType: version >= 7 ? s.protocolType : null,
      protocolName: version >= 7 ? s.protocolName : (s.protocolName ?? ""),
      skipAssignment: version >= 9 && s.skipAssignment,
      members: s.members.map((member) => (version >= 5 ? member : { ...member, instanceId: null })),
    }),
  },
);

roundTrips(
  syncGroupApi,
  {
    arbitrary: fc.record({
      group: name,
      generation: int32,
      memberId: name,
      instanceId: nullableName,
      protocolType: nullableName,
      protocolName: nullableName,
      assignments: few(fc.record({ memberId: name, assignment: bytes })),
    }),
    seenBy: (q, version) => ({
      ...q,
      instanceId: version >= 3 ? q.instanceId : null,
      protocolType: version >= 5 ? q.protocolType : null,
      protocolName: version >= 5 ? q.protocolName : null,
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      protocolType: nullableName,
      protocolName: nullableName,
      assignment: bytes,
    }),
    seenBy: (s, version) => ({
      ...s,
      throttleTimeMs: version >= 1 ? s.throttleTimeMs : 0,
      protocolType: version >= 5 ? s.protocolType : null,
      protocolName: version >= 5 ? s.protocolName : null,
    }),
  },
);

roundTrips(
  leaveGroupApi,
  {
    arbitrary: fc.record({
      group: name,
      members: exactlyOne(fc.record({ memberId: name, instanceId: nullableName, reason: nullableName })),
    }),
    seenBy: (q, version) => ({
      ...q,
      members: q.members.map((member) => ({
        memberId: member.memberId,
        instanceId: version >= 3 ? member.instanceId : null,
        reason: version >= 5 ? member.reason : null,
      })),
    }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      members: few(fc.record({ memberId: name, instanceId: nullableName, errorCode: int16 })),
    }),
    seenBy: (s, version) => ({
      ...s,
      throttleTimeMs: version >= 1 ? s.throttleTimeMs : 0,
      members: version >= 3 ? s.members : [],
    }),
  },
);

const partitionsOfTopic = fc.record({ topicId: uuid, partitions: few(int32) });

roundTrips(
  consumerGroupHeartbeatApi,
  {
    arbitrary: fc.record({
      group: name,
      memberId: name,
      memberEpoch: int32,
      instanceId: nullableName,
      rackId: nullableName,
      rebalanceTimeoutMs: int32,
      subscribedTopicNames: fc.option(few(name)),
      subscribedTopicRegex: nullableName,
      serverAssignor: nullableName,
      topicPartitions: fc.option(few(partitionsOfTopic)),
    }),
    seenBy: (q, version) => ({ ...q, subscribedTopicRegex: version >= 1 ? q.subscribedTopicRegex : null }),
  },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      errorCode: int16,
      errorMessage: nullableName,
      memberId: nullableName,
      memberEpoch: int32,
      heartbeatIntervalMs: int32,
      assignment: fc.option(fc.record({ topicPartitions: few(partitionsOfTopic) })),
    }),
  },
);

const describedAssignment = fc.record({
  topicPartitions: few(fc.record({ topicId: uuid, topicName: name, partitions: few(int32) })),
});

roundTrips(
  consumerGroupDescribeApi,
  { arbitrary: fc.record({ groups: few(name), includeAuthorizedOperations: fc.boolean() }) },
  {
    arbitrary: fc.record({
      throttleTimeMs: int32,
      groups: few(
        fc.record({
          errorCode: int16,
          errorMessage: nullableName,
          group: name,
          state: name,
          groupEpoch: int32,
          assignmentEpoch: int32,
          assignorName: name,
          members: few(
            fc.record({
              memberId: name,
              instanceId: nullableName,
              rackId: nullableName,
              memberEpoch: int32,
              clientId: name,
              clientHost: name,
              subscribedTopicNames: few(name),
              subscribedTopicRegex: nullableName,
              assignment: describedAssignment,
              targetAssignment: describedAssignment,
              memberType: fc.constant(1),
            }),
          ),
          authorizedOperations: int32,
        }),
      ),
    }),
  },
);
