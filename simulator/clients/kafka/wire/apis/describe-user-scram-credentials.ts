/** DescribeUserScramCredentials (50): which users have a password at the broker. */
import {
  array,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  single,
  string,
  struct,
} from "../schema.ts";

export interface DescribeUserScramCredentialsRequest {
  /** Null: all. */
  readonly users: readonly string[] | null;
}

export interface DescribeUserScramCredentialsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly results: readonly {
    readonly user: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
    readonly credentials: readonly { readonly mechanism: number; readonly iterations: number }[];
  }[];
}

const request: Field<DescribeUserScramCredentialsRequest> = struct({ users: nullableArray(single(string)) });

const response: Field<DescribeUserScramCredentialsResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  results: array(
    struct({
      user: string,
      errorCode: int16,
      errorMessage: nullableString,
      credentials: array(struct({ mechanism: int8, iterations: int32 })),
    }),
  ),
});

export const describeUserScramCredentialsApi = defineApi({
  key: 50,
  name: "DescribeUserScramCredentials",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request,
  response,
});
