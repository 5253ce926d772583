/**
 * Produce: validates each partition's batch, sees to the idempotent producers' sequences, appends, wakes long polls.
 *
 * P1 A batch is appended whole or not at all, and answered with its offset or with an error that tells why.
 * P2 A repeat of one of a producer's last five batches is answered even when the memory is full.
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
        const refused = refuseRequest(request);
        if (refused !== undefined) return refusePartition(p, refused.code, refused.message);
        const partition = topic?.partitions[p];
        if (topic !== undefined && partition !== undefined) {
          return appendRecords(state, { topic, partition, p, records }, context);
        }
        return topic === undefined && topicId !== undefined
          ? refusePartition(p, ErrorCode.UNKNOWN_TOPIC_ID, `no topic has the id ${topicId}`)
          : refusePartition(p, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no ${topic?.name ?? name}-${p}`);
      }),
    };
  });
  return { topics, throttleTimeMs: 0 };
}

/** What makes the whole request impossible. */
function refuseRequest({ acks, transactionalId }: DecodedProduce): { code: number; message: string } | undefined {
  if (transactionalId !== null)
    return { code: ErrorCode.INVALID_TXN_STATE, message: "this broker has no transactions" };
  if (acks < -1 || acks > 1) return { code: INVALID_REQUIRED_ACKS, message: `acks is ${acks}: expected -1, 0 or 1` };
  return undefined;
}

interface Target {
  readonly topic: Topic;
  readonly partition: Partition;
  readonly p: number;
  readonly records: ByteRange | undefined;
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
  const answered = verdict.producer === undefined ? undefined : answerSequence(partition, p, verdict.producer);
  if (answered !== undefined) return answered;
  const bytes = records.end - records.start;
  if (!state.topics.budget.reserve(bytes)) return refuseForMemory(state, p, bytes);
  const logAppendTimeMs = topic.config.stampsAppends ? state.settings.nowMs() : -1;
  // In the frame, which is read no more: the log copies it from there.
  if (topic.config.stampsAppends) stampLogAppendTime(buffer, records.start, records.end, logAppendTimeMs);
  const baseOffset = partition.log.append(buffer, records.start, records.end, verdict.records);
  if (verdict.producer !== undefined) partition.producers.record(verdict.producer, baseOffset);
  state.topics.waiters.appended(partition.log, bytes);
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
