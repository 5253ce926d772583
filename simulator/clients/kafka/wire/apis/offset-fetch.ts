/** OffsetFetch (9): reads a group's committed positions. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface OffsetFetchRequest {
  readonly group: string;
  /** Null (from v2 on): every partition that the group has committed. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;
}

export interface OffsetFetchResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly CommittedOffset[] }[];
  readonly errorCode: number;
}

export interface CommittedOffset {
  readonly p: number;
  /** -1: nothing committed. */
  readonly offset: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

export const offsetFetchApi: Api<OffsetFetchRequest, OffsetFetchResponse> = {
  key: 9,
  name: "OffsetFetch",
  minVersion: 1,
  maxVersion: 4,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** OffsetFetch Request v1-4 => group:string (v2+ nullable) [name:string [p:int32]] */
function encodeRequest(w: Writer, version: number, request: OffsetFetchRequest): void {
  w.string(request.group);
  w.nullableArray(version === 1 ? (request.topics ?? []) : request.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (p) => w.int32(p));
  });
}

function decodeRequest(r: Reader): OffsetFetchRequest {
  return {
    group: r.string(),
    topics: r.nullableArray(() => ({ name: r.string(), partitions: r.array(() => r.int32()) })),
  };
}

/**
 * OffsetFetch Response v1-4 => (v3+ throttle_time_ms:int32)
 *                              [name:string [p:int32 offset:int64 metadata:nullable_string error_code:int16]]
 *                              (v2+ error_code:int16)
 */
function encodeResponse(w: Writer, version: number, response: OffsetFetchResponse): void {
  if (version >= 3) w.int32(response.throttleTimeMs);
  w.array(response.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int64(partition.offset);
      w.nullableString(partition.metadata);
      w.int16(partition.errorCode);
    });
  });
  if (version >= 2) w.int16(response.errorCode);
}

function decodeResponse(r: Reader, version: number): OffsetFetchResponse {
  return {
    throttleTimeMs: version >= 3 ? r.int32() : 0,
    topics: r.array(() => ({
      name: r.string(),
      partitions: r.array(() => ({
        p: r.int32(),
        offset: r.int64(),
        metadata: r.nullableString(),
        errorCode: r.int16(),
      })),
    })),
    errorCode: version >= 2 ? r.int16() : 0,
  };
}
