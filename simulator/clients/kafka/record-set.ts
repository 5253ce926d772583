/**
 * Walks the batch headers of a fetched record set: how far it goes, without looking at a record.
 *
 * The checksum is not checked here but by whoever decodes the records (`verifyBatchCrc`), once a batch. A wrong length
 * or offset is noticed here, because offsets must rise from batch to batch.
 */
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import { type BatchPlace, requireReadable } from "./wire/compression.ts";
import type { ByteRange } from "./wire/reader.ts";
import { batchBaseOffset, batchNextOffset, findBatchEnd } from "./wire/record-batch.ts";

export interface RecordSetWalk {
  /** End of the last whole, readable batch; equal to the start when there is none. */
  readonly end: number;
  /** The offset after it; the fetch offset when there is none. */
  readonly nextOffset: number;
  /** Why the walk ended before the bytes did, unless they ended in the middle of a batch. */
  readonly refused: AppError | undefined;
}

/** `place.offset` is the offset that was asked for. */
export function walkRecordSet(buffer: Buffer, records: ByteRange, place: BatchPlace): RecordSetWalk {
  let at = records.start;
  let nextOffset = place.offset;
  try {
    for (;;) {
      const end = findBatchEnd(buffer, at, records.end);
      if (end < 0) return { end: at, nextOffset, refused: undefined };
      const next = batchNextOffset(buffer, at);
      // The first batch may begin below what was asked for, but must reach it; later ones begin above the one before.
      const begins = at === records.start ? nextOffset : batchBaseOffset(buffer, at);
      if (begins < nextOffset || next <= nextOffset) {
        const what = `it covers ${batchBaseOffset(buffer, at)} to ${next - 1} where ${nextOffset} was due`;
        return {
          end: at,
          nextOffset,
          refused: createError("KAFKA_BATCH_CORRUPT", { ...place, offset: nextOffset, what }),
        };
      }
      requireReadable(buffer, at, { ...place, offset: nextOffset });
      at = end;
      nextOffset = next;
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    const refused =
      error.code === "KAFKA_MALFORMED"
        ? createError("KAFKA_BATCH_CORRUPT", { ...place, offset: nextOffset, what: error.message }, error)
        : error;
    return { end: at, nextOffset, refused };
  }
}
