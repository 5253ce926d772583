/** DescribeTransactions and ListTransactions: transactions as an administrator sees them. */
import type {
  DescribedTransaction,
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from "../../../clients/kafka/wire/apis/describe-transactions.ts";
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from "../../../clients/kafka/wire/apis/list-transactions.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { BrokerState } from "../broker-state.ts";
import type { Transaction, TransactionState } from "../transactions/transaction.ts";

/** All of Kafka's: clients may ask for each, though here none is ever seen in some of them. */
const STATES: ReadonlySet<string> = new Set([
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
]);
const NOT_STARTED_MS = -1;

export function answerDescribeTransactions(
  state: BrokerState,
  request: DescribeTransactionsRequest,
): DescribeTransactionsResponse {
  const transactions = request.transactionalIds.map((transactionalId) => {
    const transaction = state.transactions.find(transactionalId);
    return transaction === undefined ? describeMissing(transactionalId) : describe(transaction);
  });
  return { throttleTimeMs: 0, transactions };
}

function describe(transaction: Transaction): DescribedTransaction {
  const { transactionalId, timeoutMs, producerId, producerEpoch, state } = transaction;
  return {
    errorCode: ErrorCode.NONE,
    transactionalId,
    state: state.kind,
    timeoutMs,
    startTimeMs: startTimeOf(state),
    producerId,
    producerEpoch,
    topics: state.kind === "Ongoing" ? partitionsByTopic([...state.partitions.values()]) : [],
  };
}

function describeMissing(transactionalId: string): DescribedTransaction {
  const errorCode = transactionalId === "" ? ErrorCode.INVALID_REQUEST : ErrorCode.TRANSACTIONAL_ID_NOT_FOUND;
  return {
    errorCode,
    transactionalId,
    state: "",
    timeoutMs: 0,
    startTimeMs: NOT_STARTED_MS,
    producerId: -1,
    producerEpoch: -1,
    topics: [],
  };
}

function startTimeOf(state: TransactionState): number {
  return state.kind === "Empty" ? NOT_STARTED_MS : state.startTimeMs;
}

function partitionsByTopic(places: readonly { readonly topic: string; readonly p: number }[]) {
  const byTopic = Map.groupBy(places, ({ topic }) => topic);
  return [...byTopic].map(([name, inTopic]) => ({ name, partitions: inTopic.map(({ p }) => p) }));
}

export function answerListTransactions(state: BrokerState, request: ListTransactionsRequest): ListTransactionsResponse {
  const { states, producerIds, durationMs } = request;
  const unknownStates = states.filter((name) => !STATES.has(name));
  const transactions = state.transactions
    .list()
    .filter((each) => states.length === 0 || states.includes(each.state.kind))
    .filter((each) => producerIds.length === 0 || producerIds.includes(each.producerId))
    .filter((each) => durationMs < 0 || state.transactions.openForMs(each) > durationMs)
    .map((each) => ({
      transactionalId: each.transactionalId,
      producerId: each.producerId,
      state: each.state.kind,
    }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, unknownStates, transactions };
}
