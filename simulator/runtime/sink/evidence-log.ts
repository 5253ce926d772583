/**
 * The two files that a TaskManager process writes into the run's folder. Each row or line is one append, and an error of
 * the disk fails the task: evidence that is missing would look like a loss.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type AppliedLogRow, formatAppliedLogRow } from "../../common/contract/files/applied-log.ts";
import type { RejectReason } from "../../common/contract/message.ts";
import { createError } from "../../common/foundation/errors.ts";

/** Lines of the rejected file by partition; what comes after is only counted, in `rejected:<p>`. */
const REJECTED_LINES_MAX = 1_000;
/** So that 1,000 lines per partition cannot fill the disk; `size` tells what a value really had. */
const REJECTED_BYTES_MAX = 65_536;

/** Appends to one file, opened at the first write. */
class AppendFile {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Appends the text. A nearly full disk takes a part of the bytes without an error: the rest is written then, so that the
   * row is whole after all, or the disk says what is wrong. Throws EVIDENCE_NOT_WRITTEN.
   */
  append(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    let written = 0;
    try {
      this.#descriptor ??= this.#open();
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      throw createError("EVIDENCE_NOT_WRITTEN", { path: this.#path, bytes: bytes.length, written }, error);
    }
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    return openSync(this.#path, "a", 0o600);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** The applied log of this process: see `contract/applied-log.ts`. */
export class AppliedLog {
  readonly #file: AppendFile;

  constructor(path: string) {
    this.#file = new AppendFile(path);
  }

  append(...rows: readonly AppliedLogRow[]): void {
    this.#file.append(rows.map(formatAppliedLogRow).join(""));
  }

  close(): void {
    this.#file.close();
  }
}

export interface RejectedLine {
  readonly p: number;
  readonly offset: number;
  readonly reason: RejectReason;
  /** Base64 of the value, at most its first 65,536 bytes. */
  readonly bytes: string;
  /** Bytes that the value has in Kafka. */
  readonly size: number;
}

/** Values that are no message. Lines of several TaskManagers may name the same offset: readers deduplicate. */
export class RejectedLog {
  readonly #file: AppendFile;
  readonly #written = new Map<number, { lines: number; newest: number }>();

  constructor(path: string) {
    this.#file = new AppendFile(path);
  }

  /** Called before the APPLY that counts the value, while `value` is still valid. */
  append(p: number, offset: number, reason: RejectReason, value: Buffer): void {
    const state = this.#written.get(p) ?? { lines: 0, newest: -1 };
    // A batch that is decoded again, after a SEEK, must not use up the lines.
    if (state.lines >= REJECTED_LINES_MAX || offset <= state.newest) return;
    const bytes = value.subarray(0, REJECTED_BYTES_MAX).toString("base64");
    const line: RejectedLine = { p, offset, reason, bytes, size: value.length };
    this.#file.append(`${JSON.stringify(line)}\n`);
    this.#written.set(p, { lines: state.lines + 1, newest: offset });
  }

  close(): void {
    this.#file.close();
  }
}
