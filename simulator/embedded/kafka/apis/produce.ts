/**
 * Produce: validates each partition's batch, sees to the idempotent producers' sequences, appends, wakes long polls.
 *
 * P1 A batch is appended whole or not at all, and answered with its offset or with an error that tells why.
 * P2 A repeat of one of a producer's last five batches is answered even when the memory is full.
 * P3 A batch of a transaction is appended only for the producer that has it, and to the partitions that are in it.
 */

import type { ProducedPartition, ProduceRequest, ProduceResponse } from "../../../clients/kafka/wire/apis/produce.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { ByteRange } from "../../../clients/kafka/wire/reader.ts";
import { stampLogAppendTime } from "../../../clients/kafka/wire/record-batch.ts";
import { unreachable } from "../../../common/foundation/assert.ts";
import { validateBatch } from "../batch-validation.ts";
import type { BrokerState } from "../broker-state.ts";
import type { ProducedBatch } from "../producer-window.ts";
import type { Partition, Topic } from "../topics.ts";

/** Kafka's INVALID_REQUIRED_ACKS; our client, which sends only -1, has no use for it. */
const INVALID_REQUIRED_ACKS = 21;
/** From here on a client knows TRANSACTION_ABORTABLE. */
const ABORTABLE_VERSION = 11;

export interface ProduceContext {
  readonly version: number;
  /** The frame in which the request's records lie. */
  readonly buffer: Buffer;
}

type DecodedProduce = ProduceRequest<ByteRange | undefined>;

export function answerProduce(state: BrokerState, request: DecodedProduce, context: ProduceContext): ProduceResponse {
  const topics = request.topics.map(({ name, topicId, partitions }) => {
    const topic = topicId === undefined ? state.topics.find(name) : state.topics.findById(topicId);
    return {
      name,
      topicId,
      partitions: partitions.map(({ p, records }) => {
        const refused = refuseAcks(request.acks);
        if (refused !== undefined) return refusePartition(p, INVALID_REQUIRED_ACKS, refused);
        const partition = topic?.partitions[p];
        if (topic !== undefined && partition !== undefined) {
          const { transactionalId } = request;
          return appendRecords(state, { topic, partition, p, records, transactionalId }, context);
        }
        return topic === undefined && topicId !== undefined
          ? refusePartition(p, ErrorCode.UNKNOWN_TOPIC_ID, `no topic has the id ${topicId}`)
          : refusePartition(p, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no ${topic?.name ?? name}-${p}`);
      }),
    };
  });
  return { topics, throttleTimeMs: 0 };
}

function refuseAcks(acks: number): string | undefined {
  return acks < -1 || acks > 1 ? `acks is ${acks}: expected -1, 0 or 1` : undefined;
}

interface Target {
  readonly topic: Topic;
  readonly partition: Partition;
  readonly p: number;
  readonly records: ByteRange | undefined;
  /** Of the request: who it says has the transaction. */
  readonly transactionalId: string | null;
}

function appendRecords(state: BrokerState, target: Target, { buffer, version }: ProduceContext): ProducedPartition {
  const { topic, partition, p, records } = target;
  const limits = { messageBytesMax: topic.config.messageBytesMax, produceVersion: version };
  const verdict = validateBatch(buffer, records, limits);
  if (verdict.kind === "refused" || records === undefined) {
    return verdict.kind === "refused"
      ? refusePartition(p, verdict.code, verdict.message)
      : refusePartition(p, ErrorCode.INVALID_RECORD, "no record batch");
  }
  const { producer } = verdict;
  const isTransactional = verdict.kind === "transactional";
  const answered = producer === undefined ? undefined : answerSequence(partition, p, producer);
  if (answered !== undefined) return answered;
  if (producer !== undefined && (isTransactional || partition.transactions.anyOpen)) {
    const refused = isTransactional
      ? refuseTransactional(state, target, producer, version)
      : refusePlain(target, producer);
    if (refused !== undefined) return refused;
  }
  const bytes = records.end - records.start;
  if (!state.topics.budget.reserve(bytes)) return refuseForMemory(state, p, bytes);
  const logAppendTimeMs = topic.config.stampsAppends ? state.settings.nowMs() : -1;
  // In the frame, which is read no more: the log copies it from there.
  if (topic.config.stampsAppends) stampLogAppendTime(buffer, records.start, records.end, logAppendTimeMs);
  const baseOffset = partition.log.append(buffer, records.start, records.end, verdict.records);
  if (producer !== undefined) partition.producers.record(producer, baseOffset);
  if (verdict.kind === "transactional") partition.transactions.recordBatch(verdict.producer.producerId, baseOffset);
  state.topics.waiters.appended(partition.log, bytes, partition.transactions.anyOpen);
  return acceptPartition(p, partition, { baseOffset, logAppendTimeMs });
}

/** The answer to an idempotent producer's batch that is not to be appended; undefined for one that is. */
function answerSequence(partition: Partition, p: number, producer: ProducedBatch): ProducedPartition | undefined {
  const verdict = partition.producers.check(producer);
  const who = `producer ${producer.producerId}`;
  switch (verdict.kind) {
    case "append":
      return undefined;
    case "duplicate":
      return acceptPartition(p, partition, { baseOffset: verdict.baseOffset, logAppendTimeMs: -1 });
    case "outOfOrder": {
      const message = `${who} sent sequence ${producer.firstSequence}: expected ${verdict.expected}`;
      return refusePartition(p, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message);
    }
    case "staleEpoch": {
      const message = `${who} sent epoch ${producer.producerEpoch}: the newest is ${verdict.current}`;
      return refusePartition(p, ErrorCode.INVALID_PRODUCER_EPOCH, message);
    }
    default:
      return unreachable(verdict);
  }
}

/** The answer to a batch of a transaction that is not this producer's, or not for this partition (P3). */
function refuseTransactional(
  state: BrokerState,
  { topic, partition, p, transactionalId }: Target,
  producer: ProducedBatch,
  produceVersion: number,
): ProducedPartition | undefined {
  const verdict = state.transactions.checkWrite(transactionalId, producer, partition);
  const who = `producer ${producer.producerId} of epoch ${producer.producerEpoch}`;
  switch (verdict) {
    case "allowed":
      return undefined;
    case "unknownProducer":
      return refusePartition(p, ErrorCode.INVALID_PRODUCER_ID_MAPPING, `${who} has not the id ${transactionalId}`);
    case "fenced":
      return refusePartition(p, ErrorCode.INVALID_PRODUCER_EPOCH, `${who} is fenced: ${transactionalId} is another's`);
    case "notInTransaction": {
      const code = produceVersion >= ABORTABLE_VERSION ? ErrorCode.TRANSACTION_ABORTABLE : ErrorCode.INVALID_TXN_STATE;
      return refusePartition(p, code, `${topic.name}-${p} is in no open transaction of ${who}`);
    }
    default:
      return unreachable(verdict);
  }
}

/** A producer with an open transaction writes nothing beside it. */
function refusePlain({ partition, p }: Target, { producerId }: ProducedBatch): ProducedPartition | undefined {
  if (partition.transactions.firstOffsetOf(producerId) === undefined) return undefined;
  const message = `producer ${producerId} has an open transaction, and the batch is not of it`;
  return refusePartition(p, ErrorCode.INVALID_TXN_STATE, message);
}

/** A policy violation, since stock clients would retry a storage error for ever. */
function refuseForMemory(state: BrokerState, p: number, bytes: number): ProducedPartition {
  const { bytesUsed, bytesMax } = state.topics.budget;
  const message =
    `a batch of ${bytes} bytes does not fit: ${bytesUsed} of ${bytesMax} bytes of memory for records are used; ` +
    "delete topics, or start with a larger --embedded-memory";
  state.reportFull(message);
  return refusePartition(p, ErrorCode.POLICY_VIOLATION, message);
}

function acceptPartition(
  p: number,
  { log }: Partition,
  appended: { baseOffset: number; logAppendTimeMs: number },
): ProducedPartition {
  return { p, errorCode: ErrorCode.NONE, ...appended, logStartOffset: log.startOffset, errorMessage: null };
}

function refusePartition(p: number, errorCode: number, errorMessage: string): ProducedPartition {
  return { p, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, errorMessage };
}
