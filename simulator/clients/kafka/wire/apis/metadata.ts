/** Metadata (3): brokers, topics, and who leads which partition. */
import {
  array,
  beforeUnused,
  between,
  boolean,
  converted,
  defineApi,
  type Field,
  int16,
  int32,
  nullableArray,
  nullableString,
  reshaped,
  since,
  single,
  string,
  struct,
  uuid,
} from "../schema.ts";
import { OPERATIONS_NOT_LISTED } from "./describe-groups.ts";
import { NO_TOPIC_ID, type TopicReference, topicReference } from "./topic-reference.ts";

export interface MetadataRequest {
  /** Null: all topics. Ids from v10 on. */
  readonly topics: readonly TopicReference[] | null;
  readonly allowAutoTopicCreation: boolean;
}

export interface MetadataResponse {
  readonly throttleTimeMs: number;
  readonly brokers: readonly MetadataBroker[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly MetadataTopic[];
}

export interface MetadataBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface MetadataTopic {
  readonly errorCode: number;
  /** "": asked for by an id that no topic has. */
  readonly name: string;
  /** From v10 on. */
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly MetadataPartition[];
}

export interface MetadataPartition {
  readonly errorCode: number;
  readonly p: number;
  /** -1 while none is elected. */
  readonly leader: number;
  /** Rises with each election. -1 before v7. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}

const askedTopic = topicReference(10, single(string), struct({ topicId: uuid, name: nullableString }));

/** Version 0 asks for all topics with an empty list, all others with null. */
const askedTopics: Field<MetadataRequest["topics"]> = reshaped(
  1,
  converted(
    array(askedTopic),
    (asked): MetadataRequest["topics"] => (asked.length === 0 ? null : asked),
    (asked) => asked ?? [],
  ),
  nullableArray(askedTopic),
);

const request: Field<MetadataRequest> = struct({
  topics: askedTopics,
  // The operations that somebody may do are never listed, asked for or not: there is no authoriser.
  allowAutoTopicCreation: beforeUnused(
    beforeUnused(since(4, boolean, true), between(8, 10, boolean, false), false),
    since(8, boolean, false),
    false,
  ),
});

const partition: Field<MetadataPartition> = struct({
  errorCode: int16,
  p: int32,
  leader: int32,
  leaderEpoch: since(7, int32, -1),
  replicas: array(int32),
  inSyncReplicas: array(int32),
  offlineReplicas: since(5, array(int32), []),
});

/** Null only from v12 on. */
const topicName: Field<string> = reshaped(
  12,
  string,
  converted(
    nullableString,
    (name) => name ?? "",
    (name) => (name === "" ? null : name),
  ),
);

const topic: Field<MetadataTopic> = struct({
  errorCode: int16,
  name: topicName,
  topicId: since(10, uuid, NO_TOPIC_ID),
  isInternal: since(1, boolean, false),
  partitions: beforeUnused(array(partition), since(8, int32, OPERATIONS_NOT_LISTED), OPERATIONS_NOT_LISTED),
});

const response: Field<MetadataResponse> = struct({
  throttleTimeMs: since(3, int32, 0),
  brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: since(1, nullableString, null) })),
  clusterId: since(2, nullableString, null),
  controllerId: since(1, int32, -1),
  // The error of the whole answer, from v13 on, is one of clusters that are not bootstrapped.
  topics: beforeUnused(
    beforeUnused(array(topic), between(8, 10, int32, OPERATIONS_NOT_LISTED), OPERATIONS_NOT_LISTED),
    since(13, int16, 0),
    0,
  ),
});

export const metadataApi = defineApi({
  key: 3,
  name: "Metadata",
  minVersion: 0,
  maxVersion: 13,
  flexibleFrom: 9,
  request,
  response,
});
