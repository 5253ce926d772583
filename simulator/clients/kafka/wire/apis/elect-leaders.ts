/** ElectLeaders (43): a new leader for partitions, the preferred one or any. */
import {
  array,
  beforeUnused,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from "../schema.ts";

const TIMEOUT_MS_DEFAULT = 60_000;

export interface ElectLeadersRequest {
  /** From v1 on: 0 the preferred replica, 1 any. */
  readonly electionType: number;
  /** Null: all. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;
}

export interface ElectLeadersResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly ElectedLeader[];
  }[];
}

export interface ElectedLeader {
  readonly p: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const request: Field<ElectLeadersRequest> = struct({
  electionType: since(1, int8, 0),
  topics: beforeUnused(nullableArray(struct({ name: string, partitions: array(int32) })), int32, TIMEOUT_MS_DEFAULT),
});

const response: Field<ElectLeadersResponse> = struct({
  throttleTimeMs: int32,
  errorCode: since(1, int16, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(struct<ElectedLeader>({ p: int32, errorCode: int16, errorMessage: nullableString })),
    }),
  ),
});

export const electLeadersApi = defineApi({
  key: 43,
  name: "ElectLeaders",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request,
  response,
});
