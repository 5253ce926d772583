/**
 * Fetch: views of the stored batches, within the limits of the request.
 *
 * K1 (KIP-74) The first partition that has anything gets at least one batch, whatever the limits; every other one only
 *    what still fits.
 * K2 Who reads only committed records is given batches below the last stable offset, and the aborted transactions that
 *    reach into them; their records are in the answer, and the client drops them.
 * K3 No fetch sessions: a client that begins one gets session id 0 and so knows that each request must name all.
 */

import type { AbortedTransaction } from "../../../clients/kafka/wire/aborted-transactions.ts";
import type {
  FetchedPartition,
  FetchPartition,
  FetchRequest,
  FetchResponse,
} from "../../../clients/kafka/wire/apis/fetch.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { batchNextOffset, findBatchEnd } from "../../../clients/kafka/wire/record-batch.ts";
import { type BrokerState, checkLeaderEpoch } from "../broker-state.ts";
import type { PartitionLog } from "../partition-log.ts";
import type { Partition, Topic } from "../topics.ts";

/** Kafka's fetch.max.bytes of a broker: what one answer holds at most, apart from K1. */
const FETCH_BYTES_MAX = 55 * 1024 * 1024;
export const READ_COMMITTED = 1;
const UNKNOWN_PARTITION = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;

export interface FetchRead {
  readonly response: FetchResponse<readonly Buffer[]>;
  /** How many bytes of records are in the response. */
  readonly bytes: number;
  /** True if some partition has an error, which the client must learn of without waiting. */
  readonly failed: boolean;
  /** The logs that were read: appends to them may complete the request. */
  readonly logs: readonly PartitionLog[];
  readonly committedOnly: boolean;
}

/** The bytes worth waiting for: a minimum above the request's own limits could never be reached. */
export function minBytesOf(request: FetchRequest): number {
  let limit = 0;
  for (const topic of request.topics) for (const partition of topic.partitions) limit += partition.maxBytes;
  return Math.min(request.minBytes, request.maxBytes, FETCH_BYTES_MAX, limit);
}

export function readFetch(state: BrokerState, request: FetchRequest): FetchRead {
  const committedOnly = request.isolationLevel === READ_COMMITTED;
  const sessionError = checkSession(request);
  if (sessionError !== ErrorCode.NONE) {
    return { response: respond(sessionError, []), bytes: 0, failed: true, logs: [], committedOnly };
  }
  const logs: PartitionLog[] = [];
  const bytesMax = Math.min(request.maxBytes, FETCH_BYTES_MAX);
  let bytes = 0;
  let failed = false;
  const readOne = (topic: Topic | undefined, unknown: number, asked: FetchPartition) => {
    const partition = topic?.partitions[asked.p];
    const errorCode = partition === undefined ? unknown : checkPartition(partition.log, asked);
    if (partition === undefined || errorCode !== ErrorCode.NONE) {
      failed = true;
      return failPartition(asked.p, errorCode);
    }
    const { log, transactions } = partition;
    logs.push(log);
    const endOffset = committedOnly ? transactions.lastStableOffset(log.endOffset) : log.endOffset;
    const records: Buffer[] = [];
    const limit = Math.max(0, Math.min(asked.maxBytes, bytesMax - bytes));
    bytes += log.read(asked.fetchOffset, { bytesMax: limit, atLeastOne: bytes === 0, endOffset }, records);
    const aborted = committedOnly ? listAborted(partition, asked.fetchOffset, records) : null;
    return answerPartition(asked.p, partition, records, aborted);
  };
  const topics = request.topics.map(({ name, topicId, partitions }) => {
    const topic = topicId === undefined ? state.topics.find(name) : state.topics.findById(topicId);
    const unknown = topicId === undefined || topic !== undefined ? UNKNOWN_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
    return { name, topicId, partitions: partitions.map((asked) => readOne(topic, unknown, asked)) };
  });
  return { response: respond(ErrorCode.NONE, topics), bytes, failed, logs, committedOnly };
}

/** Epoch -1 is a request without a session, 0 one that would like to begin one. We never gave out a session id. */
function checkSession({ sessionId, sessionEpoch }: FetchRequest): number {
  if (sessionId !== 0) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
  return sessionEpoch > 0 ? ErrorCode.INVALID_FETCH_SESSION_EPOCH : ErrorCode.NONE;
}

function checkPartition(log: PartitionLog, asked: FetchPartition): number {
  const badEpoch = checkLeaderEpoch(asked.currentLeaderEpoch);
  if (badEpoch !== ErrorCode.NONE) return badEpoch;
  const inRange = asked.fetchOffset >= log.startOffset && asked.fetchOffset <= log.endOffset;
  return inRange ? ErrorCode.NONE : ErrorCode.OFFSET_OUT_OF_RANGE;
}

function respond(errorCode: number, topics: FetchResponse<readonly Buffer[]>["topics"]) {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, topics };
}

/** The aborted transactions that reach into these records, which were read from `fetchOffset` on (K2). */
function listAborted({ transactions }: Partition, fetchOffset: number, records: readonly Buffer[]) {
  const last = records.at(-1);
  if (last === undefined || !transactions.anyAborted) return [];
  let at = 0;
  for (let next = findBatchEnd(last, 0, last.length); next < last.length; ) {
    at = next;
    next = findBatchEnd(last, at, last.length);
  }
  return transactions.listAborted(fetchOffset, batchNextOffset(last, at));
}

function answerPartition(
  p: number,
  { log, transactions }: Partition,
  records: readonly Buffer[],
  abortedTransactions: readonly AbortedTransaction[] | null,
): FetchedPartition<readonly Buffer[]> {
  return {
    p,
    errorCode: ErrorCode.NONE,
    highWatermark: log.endOffset,
    lastStableOffset: transactions.lastStableOffset(log.endOffset),
    logStartOffset: log.startOffset,
    // Who does not ask for committed records gets no list at all.
    abortedTransactions,
    records,
  };
}

function failPartition(p: number, errorCode: number): FetchedPartition<readonly Buffer[]> {
  return {
    p,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: [],
  };
}
