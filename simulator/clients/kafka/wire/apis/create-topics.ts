/** CreateTopics (19). */
import {
  array,
  boolean,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  uuid,
} from "../schema.ts";
import { NO_TOPIC_ID } from "./topic-reference.ts";

export interface CreateTopicsRequest {
  readonly topics: readonly TopicToCreate[];
  readonly timeoutMs: number;
  readonly validateOnly: boolean;
}

export interface TopicToCreate {
  readonly name: string;
  /** -1 with assignments, and from v4 on for the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly p: number; readonly brokers: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreateTopicsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly CreatedTopic[];
}

export interface CreatedTopic {
  readonly name: string;
  /** From v7 on. */
  readonly topicId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** From v5 on, as the following ones: -1 and null with an error. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly CreatedConfig[] | null;
}

interface CreatedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly source: number;
  readonly isSensitive: boolean;
}

const request: Field<CreateTopicsRequest> = struct({
  topics: array(
    struct({
      name: string,
      partitions: int32,
      replicationFactor: int16,
      assignments: array(struct({ p: int32, brokers: array(int32) })),
      configs: array(struct({ name: string, value: nullableString })),
    }),
  ),
  timeoutMs: int32,
  validateOnly: since(1, boolean, false),
});

const response: Field<CreateTopicsResponse> = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      topicId: since(7, uuid, NO_TOPIC_ID),
      errorCode: int16,
      errorMessage: since(1, nullableString, null),
      partitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(
        5,
        nullableArray(
          struct<CreatedConfig>({
            name: string,
            value: nullableString,
            readOnly: boolean,
            source: int8,
            isSensitive: boolean,
          }),
        ),
        null,
      ),
    }),
  ),
});

export const createTopicsApi = defineApi({
  key: 19,
  name: "CreateTopics",
  minVersion: 0,
  maxVersion: 7,
  flexibleFrom: 5,
  // Only from v5 on the answer tells what the topic would be like.
  clientAsksFlexible: true,
  request,
  response,
});
