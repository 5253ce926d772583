/** DeleteTopics (20). */
import { array, defineApi, type Field, int16, int32, nullableString, since, string, struct, uuid } from "../schema.ts";
import { NO_TOPIC_ID, type TopicReference, topicReference } from "./topic-reference.ts";

export interface DeleteTopicsRequest {
  /** Ids from v6 on. */
  readonly names: readonly TopicReference[];
  readonly timeoutMs: number;
}

export interface DeleteTopicsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly DeletedTopic[];
}

export interface DeletedTopic {
  /** Null: asked for by an id that no topic has. */
  readonly name: string | null;
  /** From v6 on. */
  readonly topicId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const request: Field<DeleteTopicsRequest> = struct({
  names: array(topicReference(6, string, struct({ name: nullableString, topicId: uuid }))),
  timeoutMs: int32,
});

const response: Field<DeleteTopicsResponse> = struct({
  throttleTimeMs: since(1, int32, 0),
  topics: array(
    struct({
      name: nullableString,
      topicId: since(6, uuid, NO_TOPIC_ID),
      errorCode: int16,
      errorMessage: since(5, nullableString, null),
    }),
  ),
});

export const deleteTopicsApi = defineApi({
  key: 20,
  name: "DeleteTopics",
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 4,
  request,
  response,
});
