/** Which batches can be read, and the one place where a codec for compressed ones would go. */
import { createError } from "../../../common/foundation/errors.ts";
import { batchCompression, isControlBatch, isTransactionalBatch } from "./record-batch.ts";

const CODECS = ["no", "gzip", "snappy", "lz4", "zstd"] as const;

/** Where a batch was found, for messages. */
export interface BatchPlace {
  readonly topic: string;
  readonly p: number;
  readonly offset: number;
}

/** The records of a compressed batch. Every codec but none is refused by name. */
export function decompress(codec: number, place: BatchPlace): never {
  throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: `${CODECS[codec] ?? `codec ${codec}`} compression` });
}

/** Throws KAFKA_BATCH_UNSUPPORTED unless the batch at `at` holds plain records that count at once. */
export function requireReadable(buffer: Buffer, at: number, place: BatchPlace): void {
  if (isControlBatch(buffer, at)) {
    throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: "a transaction marker" });
  }
  if (isTransactionalBatch(buffer, at)) {
    throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: "a transactional batch" });
  }
  const codec = batchCompression(buffer, at);
  if (codec !== 0) decompress(codec, place);
}
