/**
 * FindCoordinator, OffsetCommit, OffsetFetch, DeleteGroups: groups without members, whose users commit by themselves.
 * Membership (JoinGroup and its kin) is not served, so a commit that names a member cannot be right.
 */
import type { DeleteGroupsRequest, DeleteGroupsResponse } from "../../../clients/kafka/wire/apis/delete-groups.ts";
import type {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from "../../../clients/kafka/wire/apis/find-coordinator.ts";
import type { OffsetCommitRequest, OffsetCommitResponse } from "../../../clients/kafka/wire/apis/offset-commit.ts";
import type { OffsetFetchRequest, OffsetFetchResponse } from "../../../clients/kafka/wire/apis/offset-fetch.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";
import { TRANSACTIONAL_ID_AUTHORIZATION_FAILED } from "./producers.ts";

/** Kafka's offset.metadata.max.bytes. */
const METADATA_BYTES_MAX = 4096;
const KEY_TYPE_GROUP = 0;
const KEY_TYPE_TRANSACTION = 1;

export function answerFindCoordinator(state: BrokerState, request: FindCoordinatorRequest): FindCoordinatorResponse {
  const { host, port } = state.identity;
  const throttleTimeMs = 0;
  if (request.keyType === KEY_TYPE_GROUP) {
    return { throttleTimeMs, errorCode: ErrorCode.NONE, errorMessage: null, nodeId: NODE_ID, host, port };
  }
  // "Not authorised" is the answer that every client takes as final; "not available" would be asked again for ever.
  const transactional = request.keyType === KEY_TYPE_TRANSACTION;
  const errorCode = transactional ? TRANSACTIONAL_ID_AUTHORIZATION_FAILED : ErrorCode.INVALID_REQUEST;
  const errorMessage = transactional ? "this broker has no transactions" : `unknown key type ${request.keyType}`;
  return { throttleTimeMs, errorCode, errorMessage, nodeId: -1, host: "", port: -1 };
}

export function answerOffsetCommit(state: BrokerState, request: OffsetCommitRequest): OffsetCommitResponse {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ p, offset, metadata }) => {
      const refused = refuseCommit(state, request, { name, p, metadata });
      if (refused !== ErrorCode.NONE) return { p, errorCode: refused };
      const stored = state.offsets.commit(request.group, name, p, { offset, metadata });
      return { p, errorCode: stored ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION };
    }),
  }));
  return { throttleTimeMs: 0, topics };
}

function refuseCommit(
  state: BrokerState,
  { memberId, generation }: OffsetCommitRequest,
  { name, p, metadata }: { name: string; p: number; metadata: string | null },
): number {
  if (memberId !== "") return ErrorCode.UNKNOWN_MEMBER_ID;
  if (generation >= 0) return ErrorCode.ILLEGAL_GENERATION;
  if (state.topics.findPartition(name, p) === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const tooLarge = metadata !== null && Buffer.byteLength(metadata) > METADATA_BYTES_MAX;
  return tooLarge ? ErrorCode.OFFSET_METADATA_TOO_LARGE : ErrorCode.NONE;
}

export function answerOffsetFetch(state: BrokerState, request: OffsetFetchRequest): OffsetFetchResponse {
  const asked = request.topics ?? state.offsets.list(request.group);
  const topics = asked.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((p) => {
      const committed = state.offsets.find(request.group, name, p);
      // Never committed is no error: offset -1 says it.
      return { p, offset: committed?.offset ?? -1, metadata: committed?.metadata ?? "", errorCode: ErrorCode.NONE };
    }),
  }));
  return { throttleTimeMs: 0, topics, errorCode: ErrorCode.NONE };
}

export function answerDeleteGroups(state: BrokerState, request: DeleteGroupsRequest): DeleteGroupsResponse {
  const groups = request.groups.map((group) => ({
    group,
    errorCode: state.offsets.deleteGroup(group) ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND,
  }));
  return { throttleTimeMs: 0, groups };
}
