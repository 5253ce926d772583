/** OffsetCommit (8): stores a group's positions. Generation -1 and an empty member id: a group without members. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface OffsetCommitRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly p: number; readonly offset: number; readonly metadata: string | null }[];
  }[];
}

export interface OffsetCommitResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly p: number; readonly errorCode: number }[];
  }[];
}

export const offsetCommitApi: Api<OffsetCommitRequest, OffsetCommitResponse> = {
  key: 8,
  name: "OffsetCommit",
  minVersion: 2,
  maxVersion: 5,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * OffsetCommit Request v2-5 => group:string generation:int32 member_id:string (v2-4 retention_ms:int64)
 *                              [name:string [p:int32 offset:int64 metadata:nullable_string]]
 */
function encodeRequest(w: Writer, version: number, request: OffsetCommitRequest): void {
  w.string(request.group);
  w.int32(request.generation);
  w.string(request.memberId);
  // -1: the broker's own retention.
  if (version <= 4) w.int64(-1);
  w.array(request.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int64(partition.offset);
      w.nullableString(partition.metadata);
    });
  });
}

function decodeRequest(r: Reader, version: number): OffsetCommitRequest {
  const group = r.string();
  const generation = r.int32();
  const memberId = r.string();
  if (version <= 4) r.int64();
  const topics = r.array(() => ({
    name: r.string(),
    partitions: r.array(() => ({ p: r.int32(), offset: r.int64(), metadata: r.nullableString() })),
  }));
  return { group, generation, memberId, topics };
}

/** OffsetCommit Response v2-5 => (v3+ throttle_time_ms:int32) [name:string [p:int32 error_code:int16]] */
function encodeResponse(w: Writer, version: number, response: OffsetCommitResponse): void {
  if (version >= 3) w.int32(response.throttleTimeMs);
  w.array(response.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int16(partition.errorCode);
    });
  });
}

function decodeResponse(r: Reader, version: number): OffsetCommitResponse {
  return {
    throttleTimeMs: version >= 3 ? r.int32() : 0,
    topics: r.array(() => ({
      name: r.string(),
      partitions: r.array(() => ({ p: r.int32(), errorCode: r.int16() })),
    })),
  };
}
