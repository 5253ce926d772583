/**
 * What a producer sent for one partition: exactly one whole, undamaged batch of magic 2, as Kafka requires. Pure. The
 * records inside are not looked at: the checksum says that they are what the producer made, and readers check the rest.
 */

import { ErrorCode } from "../../clients/kafka/wire/error-codes.ts";
import type { ByteRange } from "../../clients/kafka/wire/reader.ts";
import {
  BATCH,
  batchBaseSequence,
  batchCompression,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  isControlBatch,
  isTransactionalBatch,
  verifyBatchCrc,
} from "../../clients/kafka/wire/record-batch.ts";
import type { ProducedBatch } from "./producer-window.ts";

/** Bytes before the part that the batch's own length counts. */
const LENGTH_OVERHEAD = 12;
const MAGIC = 2;
const COMPRESSION_MAX = 4;
const ZSTD = 4;
/** Readers below it do not know zstd, so Kafka takes it only from here on. */
const ZSTD_PRODUCE_VERSION = 7;

export interface Refusal {
  readonly kind: "refused";
  readonly code: number;
  readonly message: string;
}

export type BatchVerdict =
  | Refusal
  /** `producer` is undefined for a producer that is not idempotent. */
  | { readonly kind: "valid"; readonly records: number; readonly producer: ProducedBatch | undefined }
  /** Of a transaction, which only a producer with an id has. */
  | { readonly kind: "transactional"; readonly records: number; readonly producer: ProducedBatch };

export function validateBatch(
  buffer: Buffer,
  range: ByteRange | undefined,
  limits: { messageBytesMax: number; produceVersion: number },
): BatchVerdict {
  if (range === undefined || range.end === range.start) return refuse(ErrorCode.INVALID_RECORD, "no record batch");
  return (
    checkFrame(buffer, range, limits.messageBytesMax) ??
    checkContent(buffer, range.start, limits.produceVersion) ??
    readBatch(buffer, range.start)
  );
}

function readBatch(buffer: Buffer, at: number): BatchVerdict {
  const records = batchRecordCount(buffer, at);
  const producer = readProducer(buffer, at);
  if (!isTransactionalBatch(buffer, at)) return { kind: "valid", records, producer };
  if (producer === undefined) return refuse(ErrorCode.INVALID_RECORD, "a transactional batch without a producer id");
  return { kind: "transactional", records, producer };
}

function refuse(code: number, message: string): Refusal {
  return { kind: "refused", code, message };
}

/** Size, magic, length, checksum: in this order, as each is believed only after the one before it. */
function checkFrame(buffer: Buffer, { start, end }: ByteRange, messageBytesMax: number): Refusal | undefined {
  const bytes = end - start;
  if (bytes <= BATCH.magic) return refuse(ErrorCode.CORRUPT_MESSAGE, `a record batch of only ${bytes} bytes`);
  const magic = buffer[start + BATCH.magic];
  if (magic !== MAGIC) return refuse(ErrorCode.INVALID_RECORD, `magic ${magic} where ${MAGIC} is required`);
  const length = buffer.readInt32BE(start + BATCH.length);
  if (length < BATCH.records - LENGTH_OVERHEAD || length + LENGTH_OVERHEAD > bytes) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, `a batch length of ${length} in ${bytes} bytes of records`);
  }
  if (length + LENGTH_OVERHEAD < bytes) {
    return refuse(ErrorCode.INVALID_RECORD, "more than one record batch for a partition");
  }
  if (bytes > messageBytesMax) {
    return refuse(ErrorCode.MESSAGE_TOO_LARGE, `a batch of ${bytes} bytes; max.message.bytes is ${messageBytesMax}`);
  }
  return verifyBatchCrc(buffer, start, end)
    ? undefined
    : refuse(ErrorCode.CORRUPT_MESSAGE, "the record batch does not match its checksum");
}

function checkContent(buffer: Buffer, at: number, produceVersion: number): Refusal | undefined {
  const records = batchRecordCount(buffer, at);
  const lastOffsetDelta = buffer.readInt32BE(at + BATCH.lastOffsetDelta);
  if (records <= 0 || lastOffsetDelta !== records - 1) {
    const message = `${records} records with a last offset delta of ${lastOffsetDelta}`;
    return refuse(ErrorCode.INVALID_RECORD, message);
  }
  if (isControlBatch(buffer, at)) return refuse(ErrorCode.INVALID_RECORD, "clients cannot write control records");
  const compression = batchCompression(buffer, at);
  if (compression > COMPRESSION_MAX) return refuse(ErrorCode.INVALID_RECORD, `unknown compression ${compression}`);
  if (compression === ZSTD && produceVersion < ZSTD_PRODUCE_VERSION) {
    return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `zstd needs Produce ${ZSTD_PRODUCE_VERSION} or above`);
  }
  const idempotent = batchProducerId(buffer, at) >= 0;
  if (idempotent && (batchBaseSequence(buffer, at) < 0 || batchProducerEpoch(buffer, at) < 0)) {
    return refuse(ErrorCode.INVALID_RECORD, "a producer id without an epoch or a sequence");
  }
  return undefined;
}

function readProducer(buffer: Buffer, at: number): ProducedBatch | undefined {
  const producerId = batchProducerId(buffer, at);
  if (producerId < 0) return undefined;
  return {
    producerId,
    producerEpoch: batchProducerEpoch(buffer, at),
    firstSequence: batchBaseSequence(buffer, at),
    records: batchRecordCount(buffer, at),
  };
}
