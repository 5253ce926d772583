/** CreateTopics (19). */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

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
  readonly topics: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

export const createTopicsApi: Api<CreateTopicsRequest, CreateTopicsResponse> = {
  key: 19,
  name: "CreateTopics",
  minVersion: 0,
  maxVersion: 4,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * CreateTopics Request v0-4 => [topic] timeout_ms:int32 (v1+ validate_only:boolean)
 *   topic => name:string partitions:int32 replication_factor:int16 [p:int32 [broker:int32]]
 *            [config_name:string value:nullable_string]
 */
function encodeRequest(w: Writer, version: number, request: CreateTopicsRequest): void {
  w.array(request.topics, (topic) => {
    w.string(topic.name);
    w.int32(topic.partitions);
    w.int16(topic.replicationFactor);
    w.array(topic.assignments, (assignment) => {
      w.int32(assignment.p);
      w.array(assignment.brokers, (id) => w.int32(id));
    });
    w.array(topic.configs, (config) => {
      w.string(config.name);
      w.nullableString(config.value);
    });
  });
  w.int32(request.timeoutMs);
  if (version >= 1) w.boolean(request.validateOnly);
}

function decodeRequest(r: Reader, version: number): CreateTopicsRequest {
  return {
    topics: r.array(() => ({
      name: r.string(),
      partitions: r.int32(),
      replicationFactor: r.int16(),
      assignments: r.array(() => ({ p: r.int32(), brokers: r.array(() => r.int32()) })),
      configs: r.array(() => ({ name: r.string(), value: r.nullableString() })),
    })),
    timeoutMs: r.int32(),
    validateOnly: version >= 1 ? r.boolean() : false,
  };
}

/**
 * CreateTopics Response v0-4 => (v2+ throttle_time_ms:int32)
 *                               [name:string error_code:int16 (v1+ error_message:nullable_string)]
 */
function encodeResponse(w: Writer, version: number, response: CreateTopicsResponse): void {
  if (version >= 2) w.int32(response.throttleTimeMs);
  w.array(response.topics, (topic) => {
    w.string(topic.name);
    w.int16(topic.errorCode);
    if (version >= 1) w.nullableString(topic.errorMessage);
  });
}

function decodeResponse(r: Reader, version: number): CreateTopicsResponse {
  return {
    throttleTimeMs: version >= 2 ? r.int32() : 0,
    topics: r.array(() => ({
      name: r.string(),
      errorCode: r.int16(),
      errorMessage: version >= 1 ? r.nullableString() : null,
    })),
  };
}
