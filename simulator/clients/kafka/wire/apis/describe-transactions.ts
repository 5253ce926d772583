/** DescribeTransactions (65): the transactions of these transactional ids. */
import { array, defineApi, type Field, int16, int32, int64, string, struct } from "../schema.ts";

export interface DescribeTransactionsRequest {
  readonly transactionalIds: readonly string[];
}

export interface DescribeTransactionsResponse {
  readonly throttleTimeMs: number;
  readonly transactions: readonly DescribedTransaction[];
}

export interface DescribedTransaction {
  readonly errorCode: number;
  readonly transactionalId: string;
  readonly state: string;
  readonly timeoutMs: number;
  /** Since 1970; -1 when no transaction has begun. */
  readonly startTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

const request: Field<DescribeTransactionsRequest> = struct({ transactionalIds: array(string) });

const response: Field<DescribeTransactionsResponse> = struct({
  throttleTimeMs: int32,
  transactions: array(
    struct({
      errorCode: int16,
      transactionalId: string,
      state: string,
      timeoutMs: int32,
      startTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array(struct({ name: string, partitions: array(int32) })),
    }),
  ),
});

export const describeTransactionsApi = defineApi({
  key: 65,
  name: "DescribeTransactions",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request,
  response,
});
