/** DescribeClientQuotas (48): how much clients may send and fetch. */
import {
  array,
  boolean,
  defineApi,
  emptyArray,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  string,
  struct,
} from "../schema.ts";

export interface DescribeClientQuotasRequest {
  readonly components: readonly {
    readonly entityType: string;
    readonly matchType: number;
    readonly match: string | null;
  }[];
  readonly strict: boolean;
}

export interface DescribeClientQuotasResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly entries: readonly never[];
}

const request: Field<DescribeClientQuotasRequest> = struct({
  components: array(struct({ entityType: string, matchType: int8, match: nullableString })),
  strict: boolean,
});

const response: Field<DescribeClientQuotasResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  entries: emptyArray,
});

export const describeClientQuotasApi = defineApi({
  key: 48,
  name: "DescribeClientQuotas",
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 1,
  request,
  response,
});
