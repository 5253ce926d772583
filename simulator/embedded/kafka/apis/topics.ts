/** Metadata, DescribeTopicPartitions, CreateTopics, DeleteTopics: which topics there are. */
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
  TopicToCreate,
} from "../../../clients/kafka/wire/apis/create-topics.ts";
import type {
  DeletedTopic,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
} from "../../../clients/kafka/wire/apis/delete-topics.ts";
import type {
  DescribedTopic,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "../../../clients/kafka/wire/apis/describe-topic-partitions.ts";
import type {
  MetadataPartition,
  MetadataRequest,
  MetadataResponse,
  MetadataTopic,
} from "../../../clients/kafka/wire/apis/metadata.ts";
import { NO_TOPIC_ID, nameAndIdOf, type TopicReference } from "../../../clients/kafka/wire/apis/topic-reference.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, LEADER_EPOCH, NODE_ID } from "../broker-state.ts";
import { refuseSetting, TopicConfig } from "../topic-config.ts";
import { PARTITIONS_PER_TOPIC_MAX, refuseTopicName, type Topic } from "../topics.ts";

/** Kafka's num.partitions: for a topic that is created with -1. */
export const PARTITIONS_DEFAULT = 1;
/** "The broker's own", as a number of partitions or replicas. */
const BROKER_DEFAULT = -1;
/** Kafka's max.request.partition.size.limit: what one page holds at most. */
const PARTITIONS_PER_PAGE_MAX = 2_000;

export function answerMetadata(state: BrokerState, request: MetadataRequest): MetadataResponse {
  const { host, port, clusterId } = state.identity;
  const topics = request.topics?.map((reference) => {
    if (typeof reference === "string") {
      return describeTopic(reference, state.topics.find(reference) ?? createByTheWay(state, reference, request));
    }
    const topic = state.topics.findById(reference.topicId);
    return topic === undefined ? describeUnknownId(reference.topicId) : describeTopic(topic.name, topic);
  });
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: NODE_ID, host, port, rack: null }],
    clusterId,
    controllerId: NODE_ID,
    topics: topics ?? state.topics.list().map((topic) => describeTopic(topic.name, topic)),
  };
}

function describeTopic(name: string, topic: Topic | undefined): MetadataTopic {
  if (topic === undefined) {
    const errorCode =
      refuseTopicName(name) === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
    return { errorCode, name, topicId: NO_TOPIC_ID, isInternal: false, partitions: [] };
  }
  const partitions = topic.partitions.map((_, p) => describePartition(p));
  return { errorCode: ErrorCode.NONE, name, topicId: topic.id, isInternal: false, partitions };
}

function describePartition(p: number): MetadataPartition {
  return {
    errorCode: ErrorCode.NONE,
    p,
    leader: NODE_ID,
    leaderEpoch: LEADER_EPOCH,
    replicas: [NODE_ID],
    inSyncReplicas: [NODE_ID],
    offlineReplicas: [],
  };
}

/** With auto.create.topics.enable, asking for a topic creates it; undefined where that is not so. */
function createByTheWay(state: BrokerState, name: string, request: MetadataRequest): Topic | undefined {
  const wanted = state.settings.autoCreateTopics && request.allowAutoTopicCreation;
  if (!wanted || refuseTopicName(name) !== undefined || !state.topics.hasRoomFor(PARTITIONS_DEFAULT)) return undefined;
  return state.topics.create(name, PARTITIONS_DEFAULT, new TopicConfig(new Map()));
}

/** In the order of their names, from the cursor on, as many partitions as fit the page. */
export function answerDescribeTopicPartitions(
  state: BrokerState,
  { topics, partitionsMax, cursor }: DescribeTopicPartitionsRequest,
): DescribeTopicPartitionsResponse {
  const all = topics.length > 0 ? topics : state.topics.list().map(({ name }) => name);
  const names = [...new Set(all)].sort().filter((name) => cursor === null || name >= cursor.topic);
  let room = Math.min(Math.max(1, partitionsMax), PARTITIONS_PER_PAGE_MAX);
  const described: DescribedTopic[] = [];
  for (const name of names) {
    const { partitions, ...topic } = describeTopic(name, state.topics.find(name));
    const first = cursor !== null && name === cursor.topic ? Math.max(0, cursor.p) : 0;
    if (room === 0) return { throttleTimeMs: 0, topics: described, nextCursor: { topic: name, p: first } };
    const page = partitions.slice(first, first + room);
    described.push({
      ...topic,
      partitions: page.map((partition) => ({ ...partition, eligibleLeaderReplicas: [], lastKnownEligible: [] })),
    });
    room -= page.length;
    const next = first + page.length;
    if (next < partitions.length) return { throttleTimeMs: 0, topics: described, nextCursor: { topic: name, p: next } };
  }
  return { throttleTimeMs: 0, topics: described, nextCursor: null };
}

function describeUnknownId(topicId: string): MetadataTopic {
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: "", topicId, isInternal: false, partitions: [] };
}

export function answerCreateTopics(state: BrokerState, request: CreateTopicsRequest): CreateTopicsResponse {
  const names = request.topics.map((topic) => topic.name);
  const topics = request.topics.map((topic) => {
    const twice = names.indexOf(topic.name) !== names.lastIndexOf(topic.name);
    const refused = twice
      ? { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `topic ${topic.name} is in the request twice` }
      : refuseTopic(state, topic);
    if (refused !== undefined) return { ...NOT_CREATED, name: topic.name, ...refused };
    const config = new TopicConfig(new Map(topic.configs.map(({ name, value }) => [name, value ?? ""])));
    const created = request.validateOnly ? undefined : state.topics.create(topic.name, partitionsOf(topic), config);
    return {
      name: topic.name,
      topicId: created?.id ?? NO_TOPIC_ID,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      partitions: partitionsOf(topic),
      replicationFactor: 1,
      configs: config.entries(null).map(({ name, value, source }) => ({
        name,
        value,
        readOnly: false,
        source,
        isSensitive: false,
      })),
    };
  });
  return { throttleTimeMs: 0, topics };
}

const NOT_CREATED = { topicId: NO_TOPIC_ID, partitions: -1, replicationFactor: -1, configs: null };

interface TopicRefusal {
  readonly errorCode: number;
  readonly errorMessage: string;
}

function refuseTopic(state: BrokerState, topic: TopicToCreate): TopicRefusal | undefined {
  const badName = refuseTopicName(topic.name);
  if (badName !== undefined) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: badName };
  if (state.topics.find(topic.name) !== undefined) {
    return { errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: `topic ${topic.name} exists already` };
  }
  const badPlacement = topic.assignments.length > 0 ? refuseAssignments(topic) : refuseCounts(topic);
  if (badPlacement !== undefined) return badPlacement;
  if (!state.topics.hasRoomFor(partitionsOf(topic))) {
    const errorMessage = `${partitionsOf(topic)} partitions: at most ${PARTITIONS_PER_TOPIC_MAX} a topic, and the broker has its limit in all`;
    return { errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  for (const { name, value } of topic.configs) {
    const errorMessage = refuseSetting(name, value);
    if (errorMessage !== undefined) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage };
  }
  return undefined;
}

function refuseCounts({ partitions, replicationFactor }: TopicToCreate): TopicRefusal | undefined {
  if (partitions < 1 && partitions !== BROKER_DEFAULT) {
    const errorMessage = `${partitions} partitions: expected at least 1, or ${BROKER_DEFAULT} for the broker's default`;
    return { errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  if (replicationFactor !== 1 && replicationFactor !== BROKER_DEFAULT) {
    const errorMessage = `replication factor ${replicationFactor}: there is one broker, so only 1 is possible`;
    return { errorCode: ErrorCode.INVALID_REPLICATION_FACTOR, errorMessage };
  }
  return undefined;
}

function refuseAssignments({ partitions, replicationFactor, assignments }: TopicToCreate): TopicRefusal | undefined {
  if (partitions !== BROKER_DEFAULT || replicationFactor !== BROKER_DEFAULT) {
    const errorMessage = "with replica assignments, the numbers of partitions and replicas must be -1";
    return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
  }
  const ids = new Set(assignments.map(({ p }) => p));
  const gapless = ids.size === assignments.length && assignments.every((_, i) => ids.has(i));
  const here = assignments.every(({ brokers }) => brokers.length === 1 && brokers[0] === NODE_ID);
  if (gapless && here) return undefined;
  const errorMessage = `expected partitions 0 to ${assignments.length - 1}, each on broker ${NODE_ID} alone`;
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
}

function partitionsOf({ partitions, assignments }: TopicToCreate): number {
  if (assignments.length > 0) return assignments.length;
  return partitions === BROKER_DEFAULT ? PARTITIONS_DEFAULT : partitions;
}

export function answerDeleteTopics(state: BrokerState, request: DeleteTopicsRequest): DeleteTopicsResponse {
  return { throttleTimeMs: 0, topics: request.names.map((reference) => deleteTopic(state, reference)) };
}

function deleteTopic(state: BrokerState, reference: TopicReference): DeletedTopic {
  const byName = typeof reference === "string";
  const topic = byName ? state.topics.find(reference) : state.topics.findById(reference.topicId);
  if (topic === undefined) {
    const errorMessage = byName ? `there is no topic ${reference}` : `no topic has the id ${reference.topicId}`;
    const errorCode = byName ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
    const { name, topicId } = nameAndIdOf(reference);
    return { name, topicId, errorCode, errorMessage };
  }
  state.topics.delete(topic.name);
  state.transactions.forgetTopic(topic.name);
  state.groups.offsets.deleteTopic(topic.name);
  return { name: topic.name, topicId: topic.id, errorCode: ErrorCode.NONE, errorMessage: null };
}
