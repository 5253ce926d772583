/** InitProducerId (22): an id and an epoch under which a broker recognises a producer's repeats and transactions. */
import { defineApi, type Field, int16, int32, int64, nullableString, since, struct } from "../schema.ts";

export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** From v3 on: the id and epoch that the producer has, or -1. It asks for the next epoch. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

const request: Field<InitProducerIdRequest> = struct({
  transactionalId: nullableString,
  transactionTimeoutMs: int32,
  producerId: since(3, int64, -1),
  producerEpoch: since(3, int16, -1),
});

const response: Field<InitProducerIdResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: int64,
  producerEpoch: int16,
});

export const initProducerIdApi = defineApi({
  key: 22,
  name: "InitProducerId",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 2,
  request,
  response,
});
