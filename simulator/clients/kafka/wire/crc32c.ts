/**
 * CRC-32C (Castagnoli), the checksum of record batches. The native implementation is 5 times faster, and an optional
 * dependency; the portable one (slicing by 16) gives the same value at 1 ns per byte.
 */
import { createRequire } from "node:module";

type NativeCrc32c = (input: Buffer, initialState?: number) => number;

const POLYNOMIAL = 0x82f63b78;
const SLICES = 16;
const tables = buildTables();
const native = loadNative();

/** The checksum of bytes start to end, as an unsigned 32-bit number. */
export function crc32c(buffer: Buffer, start: number, end: number): number {
  if (native === undefined) return crc32cPortable(buffer, start, end);
  return native(buffer.subarray(start, end)) >>> 0;
}

export function crc32cPortable(buffer: Buffer, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (; at + SLICES <= end; at += SLICES) {
    let next = 0;
    // The first four bytes meet the running checksum; byte i of a slice uses the table for 15 - i bytes that follow it.
    for (let i = 0; i < SLICES; i += 1) {
      const byte = i < 4 ? (buffer[at + i] as number) ^ ((crc >>> (8 * i)) & 0xff) : (buffer[at + i] as number);
      next ^= tables[(SLICES - 1 - i) * 256 + byte] as number;
    }
    crc = next;
  }
  for (; at < end; at += 1) crc = (tables[(crc ^ (buffer[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function buildTables(): Int32Array {
  const built = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    built[byte] = crc;
  }
  for (let i = 256; i < built.length; i += 1) {
    const before = built[i - 256] as number;
    built[i] = (before >>> 8) ^ (built[before & 0xff] as number);
  }
  return built;
}

function loadNative(): NativeCrc32c | undefined {
  try {
    const module = createRequire(import.meta.url)("@node-rs/crc32") as { crc32c: NativeCrc32c };
    return module.crc32c;
  } catch {
    // Not installed for this platform: the portable one takes its place, with the same results.
    return undefined;
  }
}
