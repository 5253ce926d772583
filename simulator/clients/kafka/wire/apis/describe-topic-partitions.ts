/** DescribeTopicPartitions (75): topics and who leads their partitions, a page at a time. */
import {
  array,
  beforeUnused,
  boolean,
  defineApi,
  type Field,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStruct,
  single,
  string,
  struct,
  uuid,
} from "../schema.ts";
import { OPERATIONS_NOT_LISTED } from "./describe-groups.ts";

/** The first partition of a page. */
export interface PageCursor {
  readonly topic: string;
  readonly p: number;
}

export interface DescribeTopicPartitionsRequest {
  /** Empty: all. */
  readonly topics: readonly string[];
  readonly partitionsMax: number;
  readonly cursor: PageCursor | null;
}

export interface DescribeTopicPartitionsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly DescribedTopic[];
  /** Where the next page begins; null: this was the last one. */
  readonly nextCursor: PageCursor | null;
}

export interface DescribedTopic {
  readonly errorCode: number;
  readonly name: string | null;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly DescribedPartition[];
}

export interface DescribedPartition {
  readonly errorCode: number;
  readonly p: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly eligibleLeaderReplicas: readonly number[] | null;
  readonly lastKnownEligible: readonly number[] | null;
  readonly offlineReplicas: readonly number[];
}

const cursor: Field<PageCursor | null> = nullableStruct({ topic: string, p: int32 });

const request: Field<DescribeTopicPartitionsRequest> = struct({
  topics: array(single(string)),
  partitionsMax: int32,
  cursor,
});

const replicas = array(int32);
const partition: Field<DescribedPartition> = struct({
  errorCode: int16,
  p: int32,
  leader: int32,
  leaderEpoch: int32,
  replicas,
  inSyncReplicas: replicas,
  eligibleLeaderReplicas: nullableArray(int32),
  lastKnownEligible: nullableArray(int32),
  offlineReplicas: replicas,
});

const response: Field<DescribeTopicPartitionsResponse> = struct({
  throttleTimeMs: int32,
  topics: array(
    struct<DescribedTopic>({
      errorCode: int16,
      name: nullableString,
      topicId: uuid,
      isInternal: boolean,
      partitions: beforeUnused(array(partition), int32, OPERATIONS_NOT_LISTED),
    }),
  ),
  nextCursor: cursor,
});

export const describeTopicPartitionsApi = defineApi({
  key: 75,
  name: "DescribeTopicPartitions",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request,
  response,
});
