/** AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit, EndTxn: what a transactional producer does. */
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from "../../../clients/kafka/wire/apis/add-offsets-to-txn.ts";
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  ExtendedTransaction,
  TransactionToExtend,
} from "../../../clients/kafka/wire/apis/add-partitions-to-txn.ts";
import type { EndTxnRequest, EndTxnResponse } from "../../../clients/kafka/wire/apis/end-txn.ts";
import type { OffsetToCommit } from "../../../clients/kafka/wire/apis/offset-commit.ts";
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from "../../../clients/kafka/wire/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { RequestHeader } from "../../../clients/kafka/wire/frame.ts";
import type { BrokerState } from "../broker-state.ts";
import { refuseOffset } from "./group-offsets.ts";

/** Of AddPartitionsToTxn, AddOffsetsToTxn and EndTxn: from here on a client knows PRODUCER_FENCED. */
const PRODUCER_FENCED_VERSION = 2;
/** Of TxnOffsetCommit: from here on a client knows TRANSACTION_ABORTABLE. */
const ABORTABLE_VERSION = 4;

/** Who is fenced, in the words of a client that may not know the newer one. */
export function fencedCode(errorCode: number, knowsFenced: boolean): number {
  return errorCode === ErrorCode.PRODUCER_FENCED && !knowsFenced ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}

export function answerAddPartitionsToTxn(
  state: BrokerState,
  request: AddPartitionsToTxnRequest,
  { apiVersion }: RequestHeader,
): AddPartitionsToTxnResponse {
  const knowsFenced = apiVersion >= PRODUCER_FENCED_VERSION;
  const transactions = request.transactions.map((asked) => extendTransaction(state, asked, knowsFenced));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, transactions };
}

function extendTransaction(state: BrokerState, asked: TransactionToExtend, knowsFenced: boolean): ExtendedTransaction {
  const { transactionalId, verifyOnly, topics } = asked;
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((p) => ({ topic: name, p, partition: state.topics.findPartition(name, p) })),
  );
  const known = all.flatMap(({ partition, ...place }) => (partition === undefined ? [] : [{ partition, ...place }]));
  const complete = known.length === all.length;
  const added = complete && !verifyOnly ? state.transactions.addPartitions(asked, known) : ErrorCode.NONE;
  if (added === ErrorCode.POLICY_VIOLATION) state.reportFull("a transaction's partitions do not fit into the memory");
  const codeOf = (name: string, p: number) => {
    const partition = state.topics.findPartition(name, p);
    if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (!complete) return ErrorCode.OPERATION_NOT_ATTEMPTED;
    return fencedCode(verifyOnly ? state.transactions.verifyPartition(asked, partition) : added, knowsFenced);
  };
  const answered = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((p) => ({ p, errorCode: codeOf(name, p) })),
  }));
  return { transactionalId, topics: answered };
}

export function answerAddOffsetsToTxn(
  state: BrokerState,
  request: AddOffsetsToTxnRequest,
  { apiVersion }: RequestHeader,
): AddOffsetsToTxnResponse {
  const code = request.group === "" ? ErrorCode.INVALID_GROUP_ID : state.transactions.addGroup(request, request.group);
  return { throttleTimeMs: 0, errorCode: fencedCode(code, apiVersion >= PRODUCER_FENCED_VERSION) };
}

export function answerEndTxn(
  state: BrokerState,
  request: EndTxnRequest,
  { apiVersion }: RequestHeader,
): EndTxnResponse {
  const code = state.transactions.end(request, request.committed);
  return { throttleTimeMs: 0, errorCode: fencedCode(code, apiVersion >= PRODUCER_FENCED_VERSION) };
}

export function answerTxnOffsetCommit(
  state: BrokerState,
  request: TxnOffsetCommitRequest,
  { apiVersion }: RequestHeader,
): TxnOffsetCommitResponse {
  const { transactionalId, group } = request;
  const refused = refuseTxnOffsets(state, request, apiVersion);
  const holdOne = (topic: string, partition: OffsetToCommit) => {
    const errorCode = refused === ErrorCode.NONE ? refuseOffset(state, topic, partition) : refused;
    if (errorCode !== ErrorCode.NONE) return { p: partition.p, errorCode };
    const pending = { group, topic, p: partition.p, committed: partition };
    return { p: partition.p, errorCode: state.transactions.holdOffset(transactionalId, pending) };
  };
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => holdOne(name, partition)),
  }));
  return { throttleTimeMs: 0, topics };
}

function refuseTxnOffsets(state: BrokerState, request: TxnOffsetCommitRequest, apiVersion: number): number {
  const code = state.transactions.checkOffsets(request, request.group);
  if (code === ErrorCode.INVALID_TXN_STATE && apiVersion >= ABORTABLE_VERSION) return ErrorCode.TRANSACTION_ABORTABLE;
  // A group's coordinator, which answers here in Kafka, knows the epoch only.
  if (code !== ErrorCode.NONE) return fencedCode(code, false);
  // Clients before v3 do not say which member they are: the epoch alone has to fence them.
  const { generation, memberId, instanceId } = request;
  if (generation < 0 && memberId === "" && instanceId === null) return ErrorCode.NONE;
  const consumers = state.consumerGroups.findInUse(request.group);
  const claimed = consumers?.checkClaim(memberId, generation) ?? state.groups.checkCommit(request.group, request);
  // Unlike a plain commit it is taken between two generations: clients give up on this answer.
  return claimed === ErrorCode.REBALANCE_IN_PROGRESS ? ErrorCode.NONE : claimed;
}
