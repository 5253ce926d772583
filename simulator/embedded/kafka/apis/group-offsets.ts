/** OffsetCommit, OffsetFetch, OffsetDelete: the positions of a group. */
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetToCommit,
} from "../../../clients/kafka/wire/apis/offset-commit.ts";
import type { OffsetDeleteRequest, OffsetDeleteResponse } from "../../../clients/kafka/wire/apis/offset-delete.ts";
import type {
  AskedGroup,
  CommittedOffset,
  FetchedGroup,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from "../../../clients/kafka/wire/apis/offset-fetch.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { BrokerState } from "../broker-state.ts";
import { keyOf } from "../groups/assignors.ts";
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from "../groups/subscription.ts";

/** Kafka's offset.metadata.max.bytes. */
const METADATA_BYTES_MAX = 4096;

export function answerOffsetCommit(state: BrokerState, request: OffsetCommitRequest): OffsetCommitResponse {
  const consumers = state.consumerGroups.findInUse(request.group);
  const refused = consumers === undefined ? state.groups.checkCommit(request.group, request) : ErrorCode.NONE;
  const refuseOne = (name: string, p: number) => {
    const id = state.topics.find(name)?.id ?? "";
    return consumers?.checkCommit(request.memberId, request.generation, keyOf(id, p)) ?? refused;
  };
  const commitOne = (name: string, unknown: number, partition: OffsetToCommit) => {
    const refusedHere = refuseOne(name, partition.p);
    const errorCode = refusedHere === ErrorCode.NONE ? refuseOffset(state, name, partition, unknown) : refusedHere;
    if (errorCode !== ErrorCode.NONE) return { p: partition.p, errorCode };
    const stored = state.groups.offsets.commit(request.group, name, partition.p, partition);
    return { p: partition.p, errorCode: stored ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION };
  };
  const topics = request.topics.map((topic) => {
    const { name, unknown } = nameOf(state, topic);
    return { ...topic, partitions: topic.partitions.map((partition) => commitOne(name, unknown, partition)) };
  });
  return { throttleTimeMs: 0, topics };
}

/** The name of a topic that may be known by its id only, and the error for a partition that it does not have. */
function nameOf(state: BrokerState, topic: { readonly name: string; readonly topicId?: string | undefined }) {
  if (topic.topicId === undefined) return { name: topic.name, unknown: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const found = state.topics.findById(topic.topicId);
  return found === undefined
    ? { name: "", unknown: ErrorCode.UNKNOWN_TOPIC_ID }
    : { name: found.name, unknown: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
}

export function refuseOffset(
  state: BrokerState,
  name: string,
  { p, metadata }: OffsetToCommit,
  unknown: number = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
): number {
  if (state.topics.findPartition(name, p) === undefined) return unknown;
  const tooLarge = metadata !== null && Buffer.byteLength(metadata) > METADATA_BYTES_MAX;
  return tooLarge ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE;
}

export function answerOffsetFetch(state: BrokerState, request: OffsetFetchRequest): OffsetFetchResponse {
  return { throttleTimeMs: 0, groups: request.groups.map((asked) => fetchGroup(state, asked, request.requireStable)) };
}

function fetchGroup(state: BrokerState, asked: AskedGroup, requireStable: boolean): FetchedGroup {
  const { group, topics, memberId, generation } = asked;
  const { offsets } = state.groups;
  const consumers = memberId === null ? undefined : state.consumerGroups.findInUse(group);
  const refused = consumers?.checkClaim(memberId ?? "", generation) ?? ErrorCode.NONE;
  if (refused !== ErrorCode.NONE) return { group, topics: [], errorCode: refused };
  // Which form names the topics of the answer, only the version knows: here are both.
  const all = () => offsets.list(group).map((each) => ({ ...each, topicId: state.topics.find(each.name)?.id }));
  const fetched = (topics ?? all()).map((topic) => {
    const { name, unknown } = nameOf(state, topic);
    return {
      ...topic,
      partitions: topic.partitions.map((p) => {
        if (requireStable && state.transactions.isOffsetPending(group, name, p)) return unstableOffset(p);
        const committed = offsets.find(group, name, p);
        // Never committed is no error: offset -1 says it. Nor is a name that no topic has, in Kafka; an id is one.
        return {
          p,
          offset: committed?.offset ?? -1,
          leaderEpoch: committed?.leaderEpoch ?? -1,
          metadata: committed?.metadata ?? "",
          errorCode: unknown === ErrorCode.UNKNOWN_TOPIC_ID ? unknown : ErrorCode.NONE,
        };
      }),
    };
  });
  return { group, topics: fetched, errorCode: ErrorCode.NONE };
}

/** A transaction that may still change it is open: the client asks again. */
function unstableOffset(p: number): CommittedOffset {
  return { p, offset: -1, leaderEpoch: -1, metadata: "", errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT };
}

export function answerOffsetDelete(state: BrokerState, request: OffsetDeleteRequest): OffsetDeleteResponse {
  const { groups } = state;
  const throttleTimeMs = 0;
  const consumers = state.consumerGroups.findInUse(request.group);
  if (consumers === undefined && !groups.exists(request.group))
    return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, throttleTimeMs, topics: [] };
  const group = groups.find(request.group);
  const inUse = group !== undefined && group.members.size > 0;
  // What members of another protocol type read, nobody here can tell.
  if (inUse && group.protocolType !== CONSUMER_PROTOCOL_TYPE) {
    return { errorCode: ErrorCode.NON_EMPTY_GROUP, throttleTimeMs, topics: [] };
  }
  const subscribed = inUse ? subscribedTopics(group) : new Set<string>();
  const deleteOne = (name: string, p: number) => {
    if (subscribed.has(name) || consumers?.subscribes(name) === true)
      return { p, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC };
    if (state.topics.findPartition(name, p) === undefined) {
      return { p, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    }
    groups.offsets.delete(request.group, name, p);
    return { p, errorCode: ErrorCode.NONE };
  };
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((p) => deleteOne(name, p)),
  }));
  return { errorCode: ErrorCode.NONE, throttleTimeMs, topics };
}
