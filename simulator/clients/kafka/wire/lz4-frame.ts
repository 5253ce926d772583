/**
 * The LZ4 frame format, in which Kafka stores lz4 batches: how large a frame can become, and a portable decoder.
 *
 *   Frame => magic:uint32 flags:int8 blockSize:int8 (contentSize:int64) headerChecksum:int8
 *            block* endMark:uint32 (contentChecksum:uint32)
 *   Block => size:uint32 bytes (checksum:uint32)          all little-endian; the size's high bit: not compressed
 *
 * The checksums are not looked at, since a batch has one of its own over all of this.
 */
import { createError } from "../../../common/foundation/errors.ts";

const MAGIC = 0x184d2204;
const HEADER_BYTES_MIN = 7;
const FLAG = { blockChecksum: 0x10, contentSize: 0x08, dictionary: 0x01, version: 0xc0 } as const;
const VERSION_1 = 0x40;
const NOT_COMPRESSED = 0x80000000;
/** A byte of a long match's length stands for at most so many bytes. */
const RATIO_MAX = 255;
/** A match has at least four bytes, and lengths of 15 go on in the bytes that follow. */
const MATCH_BYTES_MIN = 4;
const LENGTH_GOES_ON = 15;

interface Block {
  readonly start: number;
  readonly end: number;
  readonly isCompressed: boolean;
  /** It has at most so many bytes when decompressed. */
  readonly bytesMax: number;
}

/** At most so many bytes come out of the frame: no block exceeds its frame's block size, and none LZ4's best ratio. */
export function lz4BytesMax(frame: Buffer): number {
  return listBlocks(frame).reduce((sum, { bytesMax }) => sum + bytesMax, 0);
}

/** Throws KAFKA_MALFORMED. `lz4BytesMax` says beforehand what it may take. */
export function decompressLz4Portable(frame: Buffer): Buffer {
  const blocks = listBlocks(frame);
  const into = Buffer.allocUnsafe(blocks.reduce((sum, { bytesMax }) => sum + bytesMax, 0));
  let at = 0;
  for (const block of blocks) {
    at = block.isCompressed
      ? decompressBlock(frame, block, into, at)
      : at + frame.copy(into, at, block.start, block.end);
  }
  return into.subarray(0, at);
}

function listBlocks(frame: Buffer): Block[] {
  if (frame.length < HEADER_BYTES_MIN || frame.readUInt32LE(0) !== MAGIC) throw malformed("no LZ4 frame", 0);
  const flags = frame[4] as number;
  const sizeCode = ((frame[5] as number) >>> 4) & 7;
  if ((flags & FLAG.version) !== VERSION_1 || sizeCode < 4) throw malformed("an unknown kind of LZ4 frame", 4);
  if ((flags & FLAG.dictionary) !== 0) throw malformed("an LZ4 frame with a dictionary", 4);
  const blockBytesMax = 1 << (8 + 2 * sizeCode);
  const checksumBytes = (flags & FLAG.blockChecksum) === 0 ? 0 : 4;
  const blocks: Block[] = [];
  let at = (flags & FLAG.contentSize) === 0 ? HEADER_BYTES_MIN : HEADER_BYTES_MIN + 8;
  for (;;) {
    if (at + 4 > frame.length) throw malformed("an LZ4 frame without an end", at);
    const word = frame.readUInt32LE(at);
    if (word === 0) return blocks;
    const start = at + 4;
    const isCompressed = word < NOT_COMPRESSED;
    const size = isCompressed ? word : word - NOT_COMPRESSED;
    const end = start + size;
    if (size > blockBytesMax || end + checksumBytes > frame.length)
      throw malformed(`an LZ4 block of ${size} bytes`, at);
    const bytesMax = isCompressed ? Math.min(blockBytesMax, size * RATIO_MAX) : size;
    blocks.push({ start, end, isCompressed, bytesMax });
    at = end + checksumBytes;
  }
}

/** Returns where its bytes end in `into`. Matches may reach back into the blocks before it. */
function decompressBlock(frame: Buffer, { start, end, bytesMax }: Block, into: Buffer, from: number): number {
  const limit = from + bytesMax;
  let at = start;
  let out = from;
  const readLength = (short: number): number => {
    let length = short;
    if (short !== LENGTH_GOES_ON) return length;
    for (let byte = 255; byte === 255; at += 1) {
      if (at >= end) throw malformed("an LZ4 length cut short", at);
      byte = frame[at] as number;
      length += byte;
    }
    return length;
  };
  while (at < end) {
    const token = frame[at] as number;
    at += 1;
    const literals = readLength(token >>> 4);
    if (literals > end - at || literals > limit - out) throw malformed(`${literals} LZ4 literals`, at);
    frame.copy(into, out, at, at + literals);
    at += literals;
    out += literals;
    // The last sequence has no match.
    if (at === end) return out;
    if (at + 2 > end) throw malformed("an LZ4 match cut short", at);
    const distance = frame.readUInt16LE(at);
    at += 2;
    const length = readLength(token & 0x0f) + MATCH_BYTES_MIN;
    if (distance === 0 || distance > out || length > limit - out)
      throw malformed(`an LZ4 match of ${length} bytes`, at);
    copyMatch(into, out, distance, length);
    out += length;
  }
  throw malformed("an LZ4 block without its last literals", at);
}

/** What it copies may be what it has just written. */
function copyMatch(into: Buffer, out: number, distance: number, length: number): void {
  if (distance >= length) into.copyWithin(out, out - distance, out - distance + length);
  else for (let i = out; i < out + length; i += 1) into[i] = into[i - distance] as number;
}

const malformed = (what: string, position: number) => createError("KAFKA_MALFORMED", { what, position });
