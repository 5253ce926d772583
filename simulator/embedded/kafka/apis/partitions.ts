/** CreatePartitions, DeleteRecords, ElectLeaders, reassignments: what an administrator does to partitions. */
import type {
  CreatedPartitions,
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  PartitionsToCreate,
} from "../../../clients/kafka/wire/apis/create-partitions.ts";
import {
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
  HIGH_WATERMARK,
} from "../../../clients/kafka/wire/apis/delete-records.ts";
import type {
  ElectedLeader,
  ElectLeadersRequest,
  ElectLeadersResponse,
} from "../../../clients/kafka/wire/apis/elect-leaders.ts";
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  ListPartitionReassignmentsResponse,
  ReassignedPartition,
} from "../../../clients/kafka/wire/apis/partition-reassignments.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";
import { PARTITIONS_PER_TOPIC_MAX } from "../topics.ts";

interface Failure {
  readonly errorCode: number;
  readonly errorMessage: string;
}

export function answerCreatePartitions(state: BrokerState, request: CreatePartitionsRequest): CreatePartitionsResponse {
  const names = request.topics.map(({ name }) => name);
  const results = request.topics.map((asked): CreatedPartitions => {
    const { name, count } = asked;
    const twice = names.indexOf(name) !== names.lastIndexOf(name);
    const refused = twice
      ? { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `topic ${name} is in the request twice` }
      : refusePartitions(state, asked);
    if (refused !== undefined) return { name, ...refused };
    if (!request.validateOnly) state.topics.addPartitions(name, count);
    return { name, errorCode: ErrorCode.NONE, errorMessage: null };
  });
  return { throttleTimeMs: 0, results };
}

function refusePartitions(state: BrokerState, { name, count, assignments }: PartitionsToCreate): Failure | undefined {
  const topic = state.topics.find(name);
  if (topic === undefined) {
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `there is no topic ${name}` };
  }
  const existing = topic.partitions.length;
  const more = count - existing;
  if (more <= 0) {
    const errorMessage = `topic ${name} has ${existing} partitions: expected more than that, not ${count}`;
    return { errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  if (count > PARTITIONS_PER_TOPIC_MAX || !state.topics.hasRoomFor(more)) {
    const errorMessage = `${count} partitions: at most ${PARTITIONS_PER_TOPIC_MAX} a topic, and the broker has its limit in all`;
    return { errorCode: ErrorCode.INVALID_PARTITIONS, errorMessage };
  }
  if (assignments === null || (assignments.length === more && assignments.every(isHere))) return undefined;
  const errorMessage = `expected ${more} new partitions, each on broker ${NODE_ID} alone`;
  return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
}

function isHere(brokers: readonly number[]): boolean {
  return brokers.length === 1 && brokers[0] === NODE_ID;
}

export function answerDeleteRecords(state: BrokerState, request: DeleteRecordsRequest): DeleteRecordsResponse {
  const deleteOne = (name: string, p: number, asked: number) => {
    const partition = state.topics.findPartition(name, p);
    if (partition === undefined) return { p, lowWatermark: -1, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    const { log } = partition;
    const offset = asked === HIGH_WATERMARK ? log.endOffset : asked;
    if (offset < 0 || offset > log.endOffset) return { p, lowWatermark: -1, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
    state.topics.deleteRecords(partition, offset);
    return { p, lowWatermark: log.startOffset, errorCode: ErrorCode.NONE };
  };
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ p, offset }) => deleteOne(name, p, offset)),
  }));
  return { throttleTimeMs: 0, topics };
}

/** Every partition has its one replica as its leader already. */
export function answerElectLeaders(state: BrokerState, request: ElectLeadersRequest): ElectLeadersResponse {
  const elect = (name: string, p: number): ElectedLeader => {
    if (state.topics.findPartition(name, p) === undefined) return { p, ...unknownPartition(name, p) };
    return { p, errorCode: ErrorCode.ELECTION_NOT_NEEDED, errorMessage: `broker ${NODE_ID} leads ${name}-${p}` };
  };
  // Who asks for all is told, as by Kafka, only of those that have got another leader.
  const topics = (request.topics ?? []).map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((p) => elect(name, p)),
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics };
}

export function answerAlterPartitionReassignments(
  state: BrokerState,
  request: AlterPartitionReassignmentsRequest,
): AlterPartitionReassignmentsResponse {
  const reassign = (name: string, p: number, replicas: readonly number[] | null): ReassignedPartition => {
    if (state.topics.findPartition(name, p) === undefined) return { p, ...unknownPartition(name, p) };
    if (replicas === null) {
      return { p, errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: `${name}-${p} is not being moved` };
    }
    if (isHere(replicas)) return { p, errorCode: ErrorCode.NONE, errorMessage: null };
    const errorMessage = `${name}-${p} on ${replicas.join(", ")}: there is only broker ${NODE_ID}`;
    return { p, errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage };
  };
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ p, replicas }) => reassign(name, p, replicas)),
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics };
}

/** None is ever under way. */
export function answerListPartitionReassignments(): ListPartitionReassignmentsResponse {
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics: [] };
}

function unknownPartition(name: string, p: number): Failure {
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `there is no ${name}-${p}` };
}
