/** CreatePartitions (37): more partitions for topics that exist. */
import {
  array,
  boolean,
  defineApi,
  type Field,
  int16,
  int32,
  nullableArray,
  nullableString,
  single,
  string,
  struct,
} from "../schema.ts";

export interface CreatePartitionsRequest {
  readonly topics: readonly PartitionsToCreate[];
  readonly timeoutMs: number;
  readonly validateOnly: boolean;
}

export interface PartitionsToCreate {
  readonly name: string;
  /** How many there shall be in all. */
  readonly count: number;
  /** The brokers of each new partition; null: the broker decides. */
  readonly assignments: readonly (readonly number[])[] | null;
}

export interface CreatePartitionsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly CreatedPartitions[];
}

export interface CreatedPartitions {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

const request: Field<CreatePartitionsRequest> = struct({
  topics: array(struct({ name: string, count: int32, assignments: nullableArray(single(array(int32))) })),
  timeoutMs: int32,
  validateOnly: boolean,
});

const response: Field<CreatePartitionsResponse> = struct({
  throttleTimeMs: int32,
  results: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
});

export const createPartitionsApi = defineApi({
  key: 37,
  name: "CreatePartitions",
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request,
  response,
});
