/**
 * Snappy batches have one of two forms: a raw snappy block (librdkafka and others), or the stream of snappy-java, which
 * Kafka's own clients write:
 *
 *   Stream => magic:8 bytes version:int32 compatibleVersion:int32 (length:int32 block)*
 *
 * A block begins with its decompressed size, as a varint.
 */
import { createError } from "../../../common/foundation/errors.ts";
import type { ByteRange } from "./reader.ts";

const STREAM_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const STREAM_HEADER_BYTES = 16;
const SIZE_BYTES_MAX = 5;

/** The raw blocks of either form. Throws KAFKA_MALFORMED. */
export function listSnappyBlocks(bytes: Buffer): ByteRange[] {
  if (!bytes.subarray(0, STREAM_MAGIC.length).equals(STREAM_MAGIC)) return [{ start: 0, end: bytes.length }];
  const blocks: ByteRange[] = [];
  for (let at = STREAM_HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : -1;
    const start = at + 4;
    if (length < 0 || length > bytes.length - start) throw malformed(`a snappy block of ${length} bytes`, at);
    blocks.push({ start, end: start + length });
    at = start + length;
  }
  return blocks;
}

/** How many bytes the block says that it has when decompressed. Throws KAFKA_MALFORMED. */
export function readSnappySize(bytes: Buffer, { start, end }: ByteRange): number {
  let size = 0;
  for (let i = 0; i < SIZE_BYTES_MAX && start + i < end; i += 1) {
    const byte = bytes[start + i] as number;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return size;
  }
  throw malformed("a snappy block without its size", start);
}

const malformed = (what: string, position: number) => createError("KAFKA_MALFORMED", { what, position });
