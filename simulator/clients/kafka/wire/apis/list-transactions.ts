/** ListTransactions (66): the transactional ids of this coordinator. */
import { array, defineApi, type Field, int16, int32, int64, since, string, struct } from "../schema.ts";

export interface ListTransactionsRequest {
  /** Empty: in any state. */
  readonly states: readonly string[];
  /** Empty: of any producer. */
  readonly producerIds: readonly number[];
  /** From v1 on: only transactions that have run longer; negative: any. */
  readonly durationMs: number;
}

export interface ListTransactionsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** States asked for that there are not. */
  readonly unknownStates: readonly string[];
  readonly transactions: readonly ListedTransaction[];
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: string;
}

const request: Field<ListTransactionsRequest> = struct({
  states: array(string),
  producerIds: array(int64),
  durationMs: since(1, int64, -1),
});

const response: Field<ListTransactionsResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  unknownStates: array(string),
  transactions: array(struct({ transactionalId: string, producerId: int64, state: string })),
});

export const listTransactionsApi = defineApi({
  key: 66,
  name: "ListTransactions",
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 0,
  request,
  response,
});
