/**
 * `positions-<round>.bin`: how far each partition is acknowledged, written with each acknowledgement. The ledger is too
 * large for that and is saved each second; without this file only the topic would know of the acknowledgements in between,
 * and what Kafka lost of them nobody.
 *
 *   file      = position*            one per partition, in order
 *   position  = nextIndex:float64 nextOffset:float64, in the byte order of this machine
 *
 * W1 One write of 16 bytes per acknowledgement, 2 µs per batch. A process that is killed leaves the old position or the new
 *    one, never a mixture; the kernel keeps the bytes for the next process.
 * W2 Every byte is there before the first send, so no later write needs room on the disk.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createError } from "../simulator/common/foundation/errors.ts";
import type { PartitionShare } from "./load-profile.ts";

const POSITION_BYTES = 16;

export interface Position {
  /** Next index that is not yet acknowledged, and the offset after the last record that is. */
  readonly nextIndex: number;
  readonly nextOffset: number;
}

export class PositionsFile {
  readonly #file: number;
  readonly #pair = new Float64Array(2);

  /** A round that begins: at these positions. */
  static create(path: string, positions: readonly Position[]): PositionsFile {
    const file = new PositionsFile(openSync(path, "w", 0o600));
    positions.forEach((position, p) => void file.write(p, position));
    return file;
  }

  /** A round that goes on. */
  static open(path: string): PositionsFile {
    return new PositionsFile(openSync(path, "r+"));
  }

  private constructor(file: number) {
    this.#file = file;
  }

  write(p: number, { nextIndex, nextOffset }: Position): void {
    this.#pair[0] = nextIndex;
    this.#pair[1] = nextOffset;
    writeSync(this.#file, this.#pair, 0, POSITION_BYTES, p * POSITION_BYTES);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What the lost process of the round left. Throws RUN_FILE_INVALID. */
export function readPositions(path: string, shares: readonly PartitionShare[]): Position[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw createError("RUN_FILE_INVALID", { path, reason: "it does not exist, and the round's ledger does" });
  }
  if (bytes.length !== shares.length * POSITION_BYTES) {
    const reason = `it has ${bytes.length} bytes, and ${shares.length} partitions need ${shares.length * POSITION_BYTES}`;
    throw createError("RUN_FILE_INVALID", { path, reason });
  }
  const numbers = new Float64Array(2 * shares.length);
  bytes.copy(new Uint8Array(numbers.buffer));
  return shares.map(({ p, firstIndex, endIndex }) => {
    const nextIndex = numbers[2 * p] ?? 0;
    const nextOffset = numbers[2 * p + 1] ?? 0;
    const isSound = Number.isInteger(nextIndex) && nextIndex >= firstIndex && nextIndex <= endIndex;
    if (isSound && Number.isInteger(nextOffset) && nextOffset >= nextIndex) return { nextIndex, nextOffset };
    const reason = `partition ${p} stands at index ${nextIndex} and offset ${nextOffset}, and has indexes ${firstIndex} to ${endIndex}`;
    throw createError("RUN_FILE_INVALID", { path, reason });
  });
}
