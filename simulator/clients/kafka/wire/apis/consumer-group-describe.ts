/**
 * ConsumerGroupDescribe (69): state and members of groups whose partitions the broker assigns (KIP-848).
 * From https://github.com/apache/kafka, ConsumerGroupDescribeRequest.json and ConsumerGroupDescribeResponse.json.
 */
import {
  array,
  boolean,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
  uuid,
} from "../schema.ts";

export interface ConsumerGroupDescribeRequest {
  readonly groups: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

export interface ConsumerGroupDescribeResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly DescribedConsumerGroup[];
}

export interface DescribedConsumerGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly group: string;
  readonly state: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly DescribedConsumer[];
  readonly authorizedOperations: number;
}

export interface DescribedAssignment {
  readonly topicPartitions: readonly {
    readonly topicId: string;
    readonly topicName: string;
    readonly partitions: readonly number[];
  }[];
}

/** From v1 on: whether it speaks this protocol or the classic one. */
export const MEMBER_TYPE_CONSUMER = 1;

export interface DescribedConsumer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly memberEpoch: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[];
  readonly subscribedTopicRegex: string | null;
  readonly assignment: DescribedAssignment;
  readonly targetAssignment: DescribedAssignment;
  readonly memberType: number;
}

const assignment: Field<DescribedAssignment> = struct({
  topicPartitions: array(struct({ topicId: uuid, topicName: string, partitions: array(int32) })),
});

const member: Field<DescribedConsumer> = struct({
  memberId: string,
  instanceId: nullableString,
  rackId: nullableString,
  memberEpoch: int32,
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: nullableString,
  assignment,
  targetAssignment: assignment,
  memberType: since(1, int8, MEMBER_TYPE_CONSUMER),
});

const request: Field<ConsumerGroupDescribeRequest> = struct({
  groups: array(string),
  includeAuthorizedOperations: boolean,
});

const response: Field<ConsumerGroupDescribeResponse> = struct({
  throttleTimeMs: int32,
  groups: array(
    struct({
      errorCode: int16,
      errorMessage: nullableString,
      group: string,
      state: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array(member),
      authorizedOperations: int32,
    }),
  ),
});

export const consumerGroupDescribeApi = defineApi({
  key: 69,
  name: "ConsumerGroupDescribe",
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 0,
  request,
  response,
});
