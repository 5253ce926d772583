/**
 * The codecs of record batches, by the number in a batch's attributes. What decompresses one is loaded when the first such
 * batch comes: gzip and zstd are Node's own; snappy and lz4 have a native package, which is optional, and a portable way
 * in its place that gives the same bytes.
 *
 * Z1 What comes out of a batch is bounded before memory is taken for it: a compressed batch of 1 MB may hold a gigabyte.
 */
import { createRequire } from "node:module";
import { unreachable } from "../../../common/foundation/assert.ts";
import { createError, describeError } from "../../../common/foundation/errors.ts";
import type { AbortedTransactions } from "./aborted-transactions.ts";
import { decompressLz4Portable, lz4BytesMax } from "./lz4-frame.ts";
import {
  ATTRIBUTE,
  BATCH,
  type BatchPlace,
  CODECS,
  type Codec,
  judgeBatch,
  LENGTH_OVERHEAD,
  sealBatch,
  verifyBatchCrc,
} from "./record-batch.ts";
import { listSnappyBlocks, readSnappySize } from "./snappy-blocks.ts";

/** Sixty times the largest batch that Kafka takes by default: what stock clients send stays below a few megabytes. */
export const DECOMPRESSED_BYTES_MAX = 64 * 1024 * 1024;
/** Of Node's own codecs, which would grow their result by 16 KiB a step. */
const CHUNK_BYTES = 128 * 1024;

const require = createRequire(import.meta.url);

export interface BatchBytes {
  readonly buffer: Buffer;
  readonly at: number;
  readonly end: number;
}

/**
 * A fetched batch, its checksum verified, as one of plain records; null: no application reads it. `aborted` is as of
 * `judgeBatch`. For readers of few batches: those of the hot path count what they leave out, and reuse their buffers.
 * Throws KAFKA_BATCH_CORRUPT, KAFKA_BATCH_TOO_LARGE or KAFKA_BATCH_UNSUPPORTED.
 */
export function openBatch(
  batch: BatchBytes,
  place: BatchPlace,
  aborted: AbortedTransactions | null,
): BatchBytes | null {
  const { buffer, at, end } = batch;
  if (!verifyBatchCrc(buffer, at, end)) throw createError("KAFKA_BATCH_CORRUPT", { ...place, what: "its checksum" });
  const content = judgeBatch(buffer, at, aborted);
  switch (content.kind) {
    case "records":
      return batch;
    case "compressed": {
      const plain = decompressBatch(batch, content.codec, place);
      return { buffer: plain, at: 0, end: plain.length };
    }
    case "skipped":
      return null;
    case "unsupported":
      throw createError("KAFKA_BATCH_UNSUPPORTED", { ...place, what: content.what });
    default:
      return unreachable(content);
  }
}

/**
 * The batch as it would be without compression, in a buffer of its own: its header, of which the compression is taken out,
 * and its records. It has no valid checksum. Throws KAFKA_BATCH_CORRUPT or KAFKA_BATCH_TOO_LARGE.
 */
export function decompressBatch(
  { buffer, at, end }: BatchBytes,
  codec: Codec,
  place: BatchPlace,
  limitBytes = DECOMPRESSED_BYTES_MAX,
): Buffer {
  const compressed = buffer.subarray(at + BATCH.records, end);
  let records: Buffer | "tooLarge";
  try {
    records = decompress(codec, compressed, limitBytes);
  } catch (error) {
    // Each codec has errors of its own for bytes that it did not write.
    const what = `its ${codec} records cannot be decompressed (${describeError(error)})`;
    throw createError("KAFKA_BATCH_CORRUPT", { ...place, what }, error);
  }
  if (records === "tooLarge") {
    throw createError("KAFKA_BATCH_TOO_LARGE", { ...place, codec, compressedBytes: compressed.length, limitBytes });
  }
  const plain = Buffer.concat([buffer.subarray(at, at + BATCH.records), records]);
  plain.writeInt16BE(plain.readInt16BE(BATCH.attributes) & ~ATTRIBUTE.compressionMask, BATCH.attributes);
  return plain;
}

/**
 * Compresses the records of sealed batches, each into a sealed batch in memory of its own. What it needs is loaded by this
 * call. Throws COMPRESSION_UNAVAILABLE.
 */
export function createBatchCompressor(codec: Codec): (batch: Buffer) => Buffer {
  const compress = loadCompressor(codec);
  const number = CODECS.indexOf(codec) + 1;
  return (plain) => {
    const batch = Buffer.concat([plain.subarray(0, BATCH.records), compress(plain.subarray(BATCH.records))]);
    batch.writeInt32BE(batch.length - LENGTH_OVERHEAD, BATCH.length);
    batch.writeInt16BE(batch.readInt16BE(BATCH.attributes) | number, BATCH.attributes);
    sealBatch(batch, 0, batch.length);
    return batch;
  };
}

function loadCompressor(codec: Codec): (bytes: Buffer) => Buffer {
  switch (codec) {
    case "gzip":
      return (bytes) => nodeZlib().gzipSync(bytes);
    case "zstd":
      return (bytes) => nodeZlib().zstdCompressSync(bytes);
    case "snappy":
      return loadSnappy()?.compressSync ?? loadPortableSnappy().compress;
    case "lz4": {
      const native = loadLz4();
      if (native === undefined) throw createError("COMPRESSION_UNAVAILABLE", { codec, package: "lz4-napi" });
      return native.compressFrameSync;
    }
    default:
      return unreachable(codec);
  }
}

/** Throws an error of the codec where the bytes are none of its. */
export function decompress(codec: Codec, bytes: Buffer, limitBytes: number): Buffer | "tooLarge" {
  switch (codec) {
    case "gzip":
    case "zstd":
      return decompressByNode(codec, bytes, limitBytes);
    case "snappy":
      return decompressSnappy(bytes, limitBytes, snappyDecoder());
    case "lz4":
      return decompressLz4(bytes, limitBytes, lz4Decoder());
    default:
      return unreachable(codec);
  }
}

function decompressByNode(codec: "gzip" | "zstd", bytes: Buffer, limitBytes: number): Buffer | "tooLarge" {
  const { gunzipSync, zstdDecompressSync } = nodeZlib();
  const options = { maxOutputLength: limitBytes, chunkSize: CHUNK_BYTES };
  try {
    return codec === "gzip" ? gunzipSync(bytes, options) : zstdDecompressSync(bytes, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return "tooLarge";
    throw error;
  }
}

type Coder = (bytes: Buffer) => Buffer;

export function decompressSnappy(bytes: Buffer, limitBytes: number, decode: Coder): Buffer | "tooLarge" {
  const blocks = listSnappyBlocks(bytes);
  const size = blocks.reduce((sum, block) => sum + readSnappySize(bytes, block), 0);
  if (size > limitBytes) return "tooLarge";
  const parts = blocks.map(({ start, end }) => decode(bytes.subarray(start, end)));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

export function decompressLz4(frame: Buffer, limitBytes: number, decode: Coder): Buffer | "tooLarge" {
  return lz4BytesMax(frame) > limitBytes ? "tooLarge" : decode(frame);
}

let knownSnappyDecoder: Coder | undefined;
function snappyDecoder(): Coder {
  knownSnappyDecoder ??= nativeSnappyDecoder() ?? portableSnappyDecoder();
  return knownSnappyDecoder;
}

let knownLz4Decoder: Coder | undefined;
function lz4Decoder(): Coder {
  knownLz4Decoder ??= nativeLz4Decoder() ?? decompressLz4Portable;
  return knownLz4Decoder;
}

/** Undefined where the package has no binary for this platform. */
export function nativeSnappyDecoder(): Coder | undefined {
  return loadSnappy()?.uncompressSync;
}

export function portableSnappyDecoder(): Coder {
  return loadPortableSnappy().uncompress;
}

/** Undefined where the package has no binary for this platform. */
export function nativeLz4Decoder(): Coder | undefined {
  return loadLz4()?.decompressFrameSync;
}

const nodeZlib = () => require("node:zlib") as typeof import("node:zlib");

const loadSnappy = () => loadOptional<Record<"compressSync" | "uncompressSync", Coder>>(() => require("snappy"));

const loadLz4 = () =>
  loadOptional<Record<"compressFrameSync" | "decompressFrameSync", Coder>>(() => require("lz4-napi"));

const loadPortableSnappy = () => require("snappyjs") as Record<"compress" | "uncompress", Coder>;

function loadOptional<Package>(loading: () => unknown): Package | undefined {
  try {
    return loading() as Package;
  } catch {
    // Not installed, or without a binary for this platform: what needs it goes another way, or says so.
    return undefined;
  }
}
