/** AddOffsetsToTxn (25): a group whose positions a transaction is about to commit. */
import { defineApi, type Field, int16, int32, int64, string, struct } from "../schema.ts";

export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly group: string;
}

export interface AddOffsetsToTxnResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

const request: Field<AddOffsetsToTxnRequest> = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  group: string,
});

const response: Field<AddOffsetsToTxnResponse> = struct({ throttleTimeMs: int32, errorCode: int16 });

export const addOffsetsToTxnApi = defineApi({
  key: 25,
  name: "AddOffsetsToTxn",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request,
  response,
});
