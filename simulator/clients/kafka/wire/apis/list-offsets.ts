/** ListOffsets (2): the earliest or latest offset of a partition, or the first at or after a time. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

/** Special values of `timestampMs`. With isolation level 1, latest is the last stable offset. */
export const LATEST_TIMESTAMP = -1;
export const EARLIEST_TIMESTAMP = -2;

export interface ListOffsetsRequest {
  /** 0 read uncommitted, 1 read committed. Version 1 has only 0. */
  readonly isolationLevel: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly AskedOffset[];
  }[];
}

export interface AskedOffset {
  readonly p: number;
  /** From v4 on: a broker with another epoch refuses. -1: any will do. */
  readonly currentLeaderEpoch: number;
  readonly timestampMs: number;
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
  /** From v4 on: the leader's own for the latest offset, that of the record there for any other. -1: not known. */
  readonly leaderEpoch: number;
}

export const listOffsetsApi: Api<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: "ListOffsets",
  minVersion: 1,
  maxVersion: 5,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * ListOffsets Request v1-5 => replica_id:int32 (v2+ isolation_level:int8)
 *                             [name:string [p:int32 (v4+ current_leader_epoch:int32) timestamp_ms:int64]]
 */
function encodeRequest(w: Writer, version: number, request: ListOffsetsRequest): void {
  w.int32(-1);
  if (version >= 2) w.int8(request.isolationLevel);
  w.array(request.topics, (topic) => {
    w.string(topic.name);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      if (version >= 4) w.int32(partition.currentLeaderEpoch);
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
      partitions: r.array(() => ({
        p: r.int32(),
        currentLeaderEpoch: version >= 4 ? r.int32() : -1,
        timestampMs: r.int64(),
      })),
    })),
  };
}

/**
 * ListOffsets Response v1-5 => (v2+ throttle_time_ms:int32) [name:string [partition]]
 *   partition => p:int32 error_code:int16 timestamp_ms:int64 offset:int64 (v4+ leader_epoch:int32)
 *
 * In v5 nothing changes but that a leader whose end is not certain yet answers OFFSET_NOT_AVAILABLE.
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
      if (version >= 4) w.int32(partition.leaderEpoch);
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
        leaderEpoch: version >= 4 ? r.int32() : -1,
      })),
    })),
  };
}
