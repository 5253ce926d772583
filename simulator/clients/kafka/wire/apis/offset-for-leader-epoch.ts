/** OffsetForLeaderEpoch (23): where the records of a leader epoch end. Consumers ask after a change of leaders. */
import { afterUnused, array, defineApi, type Field, int16, int32, int64, since, string, struct } from "../schema.ts";

/** The replica id of a consumer here; brokers have others. */
const CONSUMER = -1;

export interface OffsetForLeaderEpochRequest {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly AskedEpoch[];
  }[];
}

export interface AskedEpoch {
  readonly p: number;
  /** From v2 on: a broker with another epoch refuses. -1: any will do. */
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

export interface OffsetForLeaderEpochResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly EpochEnd[];
  }[];
}

export interface EpochEnd {
  readonly errorCode: number;
  readonly p: number;
  /** The largest epoch that is not above the one asked for. -1: there is none. */
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

const request: Field<OffsetForLeaderEpochRequest> = struct({
  topics: afterUnused(
    since(3, int32, CONSUMER),
    CONSUMER,
    array(
      struct({
        name: string,
        partitions: array(struct({ p: int32, currentLeaderEpoch: since(2, int32, -1), leaderEpoch: int32 })),
      }),
    ),
  ),
});

const response: Field<OffsetForLeaderEpochResponse> = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct<EpochEnd>({ errorCode: int16, p: int32, leaderEpoch: since(1, int32, -1), endOffset: int64 }),
      ),
    }),
  ),
});

export const offsetForLeaderEpochApi = defineApi({
  key: 23,
  name: "OffsetForLeaderEpoch",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request,
  response,
});
