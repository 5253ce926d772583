/**
 * ConsumerGroupHeartbeat (68): all that a member of a consumer group says, and what it is told to own (KIP-848).
 * From https://github.com/apache/kafka, ConsumerGroupHeartbeatRequest.json and ConsumerGroupHeartbeatResponse.json.
 */
import {
  array,
  defineApi,
  type Field,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStruct,
  since,
  string,
  struct,
  uuid,
} from "../schema.ts";

/** Epochs of a member that say what it does, and not where it is. */
export const MEMBER_EPOCH = { join: 0, leave: -1, leaveForNow: -2 } as const;

export interface PartitionsOfTopic {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** Null, and a time-out of -1: as the member said before. */
export interface ConsumerGroupHeartbeatRequest {
  readonly group: string;
  /** From v1 on the member makes it up itself. */
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  /** From v1 on. */
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What it owns at this time. */
  readonly topicPartitions: readonly PartitionsOfTopic[] | null;
}

export interface ConsumerGroupHeartbeatResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as it was told before. */
  readonly assignment: { readonly topicPartitions: readonly PartitionsOfTopic[] } | null;
}

const partitionsOfTopic: Field<PartitionsOfTopic> = struct({ topicId: uuid, partitions: array(int32) });

const request: Field<ConsumerGroupHeartbeatRequest> = struct({
  group: string,
  memberId: string,
  memberEpoch: int32,
  instanceId: nullableString,
  rackId: nullableString,
  rebalanceTimeoutMs: int32,
  subscribedTopicNames: nullableArray(string),
  subscribedTopicRegex: since(1, nullableString, null),
  serverAssignor: nullableString,
  topicPartitions: nullableArray(partitionsOfTopic),
});

const response: Field<ConsumerGroupHeartbeatResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  memberId: nullableString,
  memberEpoch: int32,
  heartbeatIntervalMs: int32,
  assignment: nullableStruct({ topicPartitions: array(partitionsOfTopic) }),
});

export const consumerGroupHeartbeatApi = defineApi({
  key: 68,
  name: "ConsumerGroupHeartbeat",
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 0,
  request,
  response,
});
