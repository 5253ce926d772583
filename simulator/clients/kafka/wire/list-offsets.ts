/** ListOffsets (2): the earliest or latest offset of a partition, or the first at or after a time. */
import type { Api } from "./frame.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Special values of `timestampMs`. With isolation level 1, latest is the last stable offset. */
export const LATEST_TIMESTAMP = -1;
export const EARLIEST_TIMESTAMP = -2;

export interface ListOffsetsRequest {
  /** 0 read uncommitted, 1 read committed. Version 1 has only 0. */
  readonly isolationLevel: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly p: number; readonly timestampMs: number }[];
  }[];
}

export interface ListOffsetsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly ListedOffset[] }[];
}

export interface ListedOffset {
  readonly p: number;
  readonly errorCode: number;
  /** -1 for the earliest and the latest. */
  readonly timestampMs: number;
  /** -1 when no record is as young as the time asked for. */
  readonly offset: number;
}

export const listOffsetsApi: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: "ListOffsets",
  minVersion: 1,
  maxVersion: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** ListOffsets Request v1-3 => replica_id:int32 (v2+ isolation_level:int8) [name:string [p:int32 timestamp_ms:int64]] */
function encodeRequest(w: Writer, version: number, request: ListOffsetsRequest): void {
  w.int32(-1);
  if (version >= 2) w.int8(request.isolationLevel);
  w.array(request.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int64(partition.timestampMs);
    });
  });
}

function decodeRequest(r: Reader, version: number): ListOffsetsRequest {
  r.int32();
  return {
    isolationLevel: version >= 2 ? r.int8() : 0,
    topics: r.array(() => ({
      name: r.string(),
      partitions: r.array(() => ({ p: r.int32(), timestampMs: r.int64() })),
    })),
  };
}

/**
 * ListOffsets Response v1-3 => (v2+ throttle_time_ms:int32)
 *                              [name:string [p:int32 error_code:int16 timestamp_ms:int64 offset:int64]]
 */
function encodeResponse(w: Writer, version: number, response: ListOffsetsResponse): void {
  if (version >= 2) w.int32(response.throttleTimeMs);
  w.array(response.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int16(partition.errorCode);
      w.int64(partition.timestampMs);
      w.int64(partition.offset);
    });
  });
}

function decodeResponse(r: Reader, version: number): ListOffsetsResponse {
  return {
    throttleTimeMs: version >= 2 ? r.int32() : 0,
    topics: r.array(() => ({
      name: r.string(),
      partitions: r.array(() => ({
        p: r.int32(),
        errorCode: r.int16(),
        timestampMs: r.int64(),
        offset: r.int64(),
      })),
    })),
  };
}
