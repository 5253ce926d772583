/** OffsetDelete (47): forgets what a group has committed for some partitions. */
import { array, defineApi, type Field, int16, int32, string, struct } from "../schema.ts";

export interface OffsetDeleteRequest {
  readonly group: string;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

export interface OffsetDeleteResponse {
  readonly errorCode: number;
  readonly throttleTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly p: number; readonly errorCode: number }[];
  }[];
}

const request: Field<OffsetDeleteRequest> = struct({
  group: string,
  topics: array(struct({ name: string, partitions: array(int32) })),
});
const response: Field<OffsetDeleteResponse> = struct({
  errorCode: int16,
  throttleTimeMs: int32,
  topics: array(struct({ name: string, partitions: array(struct({ p: int32, errorCode: int16 })) })),
});

export const offsetDeleteApi = defineApi({
  key: 47,
  name: "OffsetDelete",
  minVersion: 0,
  maxVersion: 0,
  request,
  response,
});
