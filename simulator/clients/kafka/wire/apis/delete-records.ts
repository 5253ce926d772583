/** DeleteRecords (21): moves the beginning of a partition's log forward. */
import { array, defineApi, type Field, int16, int32, int64, string, struct } from "../schema.ts";

/** As an offset: everything that is in the log. */
export const HIGH_WATERMARK = -1;

export interface DeleteRecordsRequest {
  readonly topics: readonly {
    readonly name: string;
    /** Each partition is to begin at this offset. */
    readonly partitions: readonly { readonly p: number; readonly offset: number }[];
  }[];
  readonly timeoutMs: number;
}

export interface DeleteRecordsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly p: number;
      /** Where the log begins now; -1 with an error. */
      readonly lowWatermark: number;
      readonly errorCode: number;
    }[];
  }[];
}

const request: Field<DeleteRecordsRequest> = struct({
  topics: array(struct({ name: string, partitions: array(struct({ p: int32, offset: int64 })) })),
  timeoutMs: int32,
});

const response: Field<DeleteRecordsResponse> = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({ name: string, partitions: array(struct({ p: int32, lowWatermark: int64, errorCode: int16 })) }),
  ),
});

export const deleteRecordsApi = defineApi({
  key: 21,
  name: "DeleteRecords",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request,
  response,
});
