/** 64-bit integers as numbers: exact up to ±2^53, which is enough for offsets, microseconds and producer ids. */
import { assert } from "../../../common/foundation/assert.ts";

const TWO_32 = 4_294_967_296;

export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * TWO_32 + buffer.readUInt32BE(at + 4);
}

export function writeInt64(buffer: Buffer, value: number, at: number): void {
  assert(Number.isSafeInteger(value), `${value} is a whole number within 2^53`);
  const high = Math.floor(value / TWO_32);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * TWO_32, at + 4);
}
