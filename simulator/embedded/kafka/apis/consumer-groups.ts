/** ConsumerGroupHeartbeat, ConsumerGroupDescribe: groups whose partitions the broker assigns (KIP-848). */
import { randomUUID } from "node:crypto";
import {
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
  type DescribedAssignment,
  type DescribedConsumerGroup,
  MEMBER_TYPE_CONSUMER,
} from "../../../clients/kafka/wire/apis/consumer-group-describe.ts";
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  PartitionsOfTopic,
} from "../../../clients/kafka/wire/apis/consumer-group-heartbeat.ts";
import { OPERATIONS_NOT_LISTED } from "../../../clients/kafka/wire/apis/describe-groups.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { RequestHeader } from "../../../clients/kafka/wire/frame.ts";
import type { BrokerState } from "../broker-state.ts";
import { keyOf, partitionOf } from "../groups/assignors.ts";
import { type BeatAnswer, type Consumer, HEARTBEAT_INTERVAL_MS } from "../groups/consumer-group.ts";

/** From here on, a member makes its id up itself. */
const OWN_ID_VERSION = 1;

export function answerConsumerGroupHeartbeat(
  state: BrokerState,
  request: ConsumerGroupHeartbeatRequest,
  header: RequestHeader,
): ConsumerGroupHeartbeatResponse {
  const answer = beat(state, request, header);
  const fixed = { throttleTimeMs: 0, heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS };
  if (answer.kind === "refused") {
    const { errorCode, errorMessage } = answer;
    return { ...fixed, errorCode, errorMessage, memberId: null, memberEpoch: 0, assignment: null };
  }
  const { memberId, memberEpoch, assigned } = answer;
  const assignment = assigned === null ? null : { topicPartitions: groupByTopic(assigned) };
  return { ...fixed, errorCode: ErrorCode.NONE, errorMessage: null, memberId, memberEpoch, assignment };
}

function beat(
  { groups, consumerGroups }: BrokerState,
  request: ConsumerGroupHeartbeatRequest,
  { apiVersion, clientId }: RequestHeader,
): BeatAnswer {
  const { group, memberId, memberEpoch, topicPartitions } = request;
  if (group === "") return invalid("the group has no name");
  const classic = groups.find(group);
  if (classic !== undefined && !classic.isVacant) {
    const errorMessage = `the group ${group} has members of the classic protocol`;
    return { kind: "refused", errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage };
  }
  const isNew = memberId === "" && memberEpoch === 0 && apiVersion < OWN_ID_VERSION;
  if (memberId === "" && !isNew) return invalid("the member has no id");
  const owned = topicPartitions?.flatMap(({ topicId, partitions }) => partitions.map((p) => keyOf(topicId, p)));
  return consumerGroups.beat(group, {
    memberId: isNew ? randomUUID() : memberId,
    memberEpoch,
    instanceId: request.instanceId,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topics: request.subscribedTopicNames,
    pattern: request.subscribedTopicRegex,
    assignor: request.serverAssignor,
    owned: owned === undefined ? null : new Set(owned),
    clientId: clientId ?? "",
  });
}

const invalid = (errorMessage: string): BeatAnswer => ({
  kind: "refused",
  errorCode: ErrorCode.INVALID_REQUEST,
  errorMessage,
});

function groupByTopic(keys: ReadonlySet<string>): PartitionsOfTopic[] {
  const topics = new Map<string, number[]>();
  for (const key of keys) {
    const { topicId, p } = partitionOf(key);
    const partitions = topics.get(topicId);
    if (partitions === undefined) topics.set(topicId, [p]);
    else partitions.push(p);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions: partitions.toSorted((a, b) => a - b) }));
}

export function answerConsumerGroupDescribe(
  state: BrokerState,
  { groups }: ConsumerGroupDescribeRequest,
): ConsumerGroupDescribeResponse {
  return { throttleTimeMs: 0, groups: groups.map((name) => describeGroup(state, name)) };
}

function describeGroup(state: BrokerState, name: string): DescribedConsumerGroup {
  const group = state.consumerGroups.find(name);
  const authorizedOperations = OPERATIONS_NOT_LISTED;
  if (group === undefined) {
    return {
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: `there is no group ${name} of the consumer protocol`,
      group: name,
      state: "Dead",
      groupEpoch: 0,
      assignmentEpoch: 0,
      assignorName: "",
      members: [],
      authorizedOperations,
    };
  }
  const describe = (member: Consumer) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    // As Java prints an address without a name.
    clientHost: `/${state.identity.host}`,
    subscribedTopicNames: member.topics,
    subscribedTopicRegex: member.pattern,
    assignment: describeAssignment(state, member.assigned),
    targetAssignment: describeAssignment(state, member.target),
    memberType: MEMBER_TYPE_CONSUMER,
  });
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    group: name,
    state: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.epoch,
    assignorName: group.assignor,
    members: group.members.map(describe),
    authorizedOperations,
  };
}

/** A topic that was deleted meanwhile has no name any more. */
function describeAssignment(state: BrokerState, keys: ReadonlySet<string>): DescribedAssignment {
  const topicPartitions = groupByTopic(keys).flatMap(({ topicId, partitions }) => {
    const topic = state.topics.findById(topicId);
    return topic === undefined ? [] : [{ topicId, topicName: topic.name, partitions }];
  });
  return { topicPartitions };
}
