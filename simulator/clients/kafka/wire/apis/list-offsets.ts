/** ListOffsets (2): the earliest or latest offset of a partition, or the first at or after a time. */
import {
  afterUnused,
  array,
  beforeUnused,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  int64,
  since,
  string,
  struct,
} from "../schema.ts";

/** The replica id of who is none. */
const CONSUMER = -1;

/** Special values of `timestampMs`. With isolation level 1, latest is the last stable offset. */
export const LATEST_TIMESTAMP = -1;
export const EARLIEST_TIMESTAMP = -2;
/** The record with the highest time. From v7 on. */
export const MAX_TIMESTAMP = -3;
/** The earliest offset on the broker's own disk. From v8 on. */
export const EARLIEST_LOCAL_TIMESTAMP = -4;
/** The last offset in remote storage. From v9 on. */
export const LATEST_TIERED_TIMESTAMP = -5;

/** The earliest offset that is not yet in remote storage. From v11 on. */
export const EARLIEST_PENDING_UPLOAD_TIMESTAMP = -6;

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

const request: Field<ListOffsetsRequest> = struct({
  isolationLevel: afterUnused(int32, CONSUMER, since(2, int8, 0)),
  // From v10 on a time-out for remote storage.
  topics: beforeUnused(
    array(
      struct({
        name: string,
        partitions: array(struct({ p: int32, currentLeaderEpoch: since(4, int32, -1), timestampMs: int64 })),
      }),
    ),
    since(10, int32, 0),
    0,
  ),
});

/** In v5 nothing changes but that a leader whose end is not certain yet answers OFFSET_NOT_AVAILABLE. */
const response: Field<ListOffsetsResponse> = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          p: int32,
          errorCode: int16,
          timestampMs: int64,
          offset: int64,
          leaderEpoch: since(4, int32, -1),
        }),
      ),
    }),
  ),
});

export const listOffsetsApi = defineApi({
  key: 2,
  name: "ListOffsets",
  minVersion: 1,
  maxVersion: 11,
  flexibleFrom: 6,
  request,
  response,
});
