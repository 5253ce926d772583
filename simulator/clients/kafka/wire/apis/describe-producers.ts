/** DescribeProducers (61): the producers that a partition remembers. */
import { array, defineApi, type Field, int16, int32, int64, nullableString, string, struct } from "../schema.ts";

export interface DescribeProducersRequest {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

export interface DescribeProducersResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly DescribedPartition[] }[];
}

export interface DescribedPartition {
  readonly p: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly producers: readonly DescribedProducer[];
}

export interface DescribedProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: none in this epoch. */
  readonly lastSequence: number;
  readonly lastTimestampMs: number;
  readonly coordinatorEpoch: number;
  /** The first offset of its open transaction; -1: it has none here. */
  readonly transactionStartOffset: number;
}

const request: Field<DescribeProducersRequest> = struct({
  topics: array(struct({ name: string, partitions: array(int32) })),
});

const producer: Field<DescribedProducer> = struct({
  producerId: int64,
  producerEpoch: int32,
  lastSequence: int32,
  lastTimestampMs: int64,
  coordinatorEpoch: int32,
  transactionStartOffset: int64,
});

const response: Field<DescribeProducersResponse> = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct<DescribedPartition>({
          p: int32,
          errorCode: int16,
          errorMessage: nullableString,
          producers: array(producer),
        }),
      ),
    }),
  ),
});

export const describeProducersApi = defineApi({
  key: 61,
  name: "DescribeProducers",
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  request,
  response,
});
