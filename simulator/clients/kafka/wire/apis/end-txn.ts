/** EndTxn (26): commits or aborts a transaction. From v5 on it would also begin the producer's next epoch (KIP-890). */
import { boolean, defineApi, type Field, int16, int32, int64, string, struct } from "../schema.ts";

export interface EndTxnRequest {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** False: abort. */
  readonly committed: boolean;
}

export interface EndTxnResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

const request: Field<EndTxnRequest> = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  committed: boolean,
});

const response: Field<EndTxnResponse> = struct({ throttleTimeMs: int32, errorCode: int16 });

export const endTxnApi = defineApi({
  key: 26,
  name: "EndTxn",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  request,
  response,
});
