/** AddPartitionsToTxn (24): partitions that a transaction is about to write to. From v4 on for several transactions. */
import {
  array,
  boolean,
  converted,
  defineApi,
  type Field,
  int16,
  int32,
  int64,
  reshaped,
  string,
  struct,
} from "../schema.ts";

export interface AddPartitionsToTxnRequest {
  /** Below v4 exactly one, and it is not only verified. */
  readonly transactions: readonly TransactionToExtend[];
}

export interface TransactionToExtend {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Adds nothing, but asks whether the partitions are in the transaction. */
  readonly verifyOnly: boolean;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

export interface AddPartitionsToTxnResponse {
  readonly throttleTimeMs: number;
  /** From v4 on, of the request as a whole. */
  readonly errorCode: number;
  /** One per transaction asked for. Below v4 the answer does not name it: it is read as "". */
  readonly transactions: readonly ExtendedTransaction[];
}

export interface ExtendedTransaction {
  readonly transactionalId: string;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly p: number; readonly errorCode: number }[];
  }[];
}

const askedTopics = array(
  struct<{ readonly name: string; readonly partitions: readonly number[] }>({ name: string, partitions: array(int32) }),
);

const NO_TRANSACTION: TransactionToExtend = {
  transactionalId: "",
  producerId: -1,
  producerEpoch: -1,
  verifyOnly: false,
  topics: [],
};

const request: Field<AddPartitionsToTxnRequest> = reshaped(
  4,
  converted(
    struct({ transactionalId: string, producerId: int64, producerEpoch: int16, topics: askedTopics }),
    (transaction): AddPartitionsToTxnRequest => ({ transactions: [{ ...transaction, verifyOnly: false }] }),
    ({ transactions }) => transactions[0] ?? NO_TRANSACTION,
  ),
  struct({
    transactions: array(
      struct<TransactionToExtend>({
        transactionalId: string,
        producerId: int64,
        producerEpoch: int16,
        verifyOnly: boolean,
        topics: askedTopics,
      }),
    ),
  }),
);

const answeredTopics: Field<ExtendedTransaction["topics"]> = array(
  struct({ name: string, partitions: array(struct({ p: int32, errorCode: int16 })) }),
);

const response: Field<AddPartitionsToTxnResponse> = reshaped(
  4,
  converted(
    struct({ throttleTimeMs: int32, topics: answeredTopics }),
    ({ throttleTimeMs, topics }): AddPartitionsToTxnResponse => ({
      throttleTimeMs,
      errorCode: 0,
      transactions: [{ transactionalId: "", topics }],
    }),
    ({ throttleTimeMs, transactions }) => ({ throttleTimeMs, topics: transactions[0]?.topics ?? [] }),
  ),
  struct({
    throttleTimeMs: int32,
    errorCode: int16,
    transactions: array(struct({ transactionalId: string, topics: answeredTopics })),
  }),
);

export const addPartitionsToTxnApi = defineApi({
  key: 24,
  name: "AddPartitionsToTxn",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  request,
  response,
});
