/** AlterPartitionReassignments (45) and ListPartitionReassignments (46): moving partitions between brokers. */
import {
  afterUnused,
  array,
  defineApi,
  type Field,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  struct,
} from "../schema.ts";

const TIMEOUT_MS_DEFAULT = 60_000;

export interface AlterPartitionReassignmentsRequest {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly p: number;
      /** Null: cancels the one that is under way. */
      readonly replicas: readonly number[] | null;
    }[];
  }[];
}

export interface AlterPartitionReassignmentsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly ReassignedPartition[];
  }[];
}

export interface ReassignedPartition {
  readonly p: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface ListPartitionReassignmentsRequest {
  /** Null: all. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[] | null;
}

export interface ListPartitionReassignmentsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly p: number;
      readonly replicas: readonly number[];
      readonly addingReplicas: readonly number[];
      readonly removingReplicas: readonly number[];
    }[];
  }[];
}

const alterRequest: Field<AlterPartitionReassignmentsRequest> = struct({
  topics: afterUnused(
    int32,
    TIMEOUT_MS_DEFAULT,
    array(struct({ name: string, partitions: array(struct({ p: int32, replicas: nullableArray(int32) })) })),
  ),
});

const alterResponse: Field<AlterPartitionReassignmentsResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  topics: array(
    struct({
      name: string,
      partitions: array(struct<ReassignedPartition>({ p: int32, errorCode: int16, errorMessage: nullableString })),
    }),
  ),
});

const listRequest: Field<ListPartitionReassignmentsRequest> = struct({
  topics: afterUnused(int32, TIMEOUT_MS_DEFAULT, nullableArray(struct({ name: string, partitions: array(int32) }))),
});

const replicas = array(int32);
const listResponse: Field<ListPartitionReassignmentsResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ p: int32, replicas, addingReplicas: replicas, removingReplicas: replicas })),
    }),
  ),
});

export const alterPartitionReassignmentsApi = defineApi({
  key: 45,
  name: "AlterPartitionReassignments",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request: alterRequest,
  response: alterResponse,
});

export const listPartitionReassignmentsApi = defineApi({
  key: 46,
  name: "ListPartitionReassignments",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request: listRequest,
  response: listResponse,
});
