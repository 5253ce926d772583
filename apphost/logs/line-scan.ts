/**
 * Which lines of several logs have a pattern: each log is read once from its beginning to its end, and then only what it
 * grew by. One bit a line.
 *
 * L1 One step reads at most BLOCK_BYTES (one line may be longer) or BLOCK_LINES lines.
 * L2 An open line is tried again when its log has changed; a log that began anew is tried from its beginning.
 * L3 An expression that takes too long ends the scan for good: `isTooSlow`. What was found until then stays.
 */
import { GrowingBits } from "./growing-array.ts";
import type { LinePattern } from "./line-pattern.ts";
import { LINE_BYTES_MAX, type LogIndex } from "./log-index.ts";

const BLOCK_BYTES = 262_144;
const BLOCK_LINES = 4_096;

interface ScannedLog {
  readonly bits: GrowingBits;
  revision: number;
  generation: number;
  /** Lines that were tried. */
  tried: number;
  /** Of these, the ones that do not change any more. */
  settled: number;
}

export class LineScan {
  readonly pattern: LinePattern;
  readonly #listLogs: () => readonly LogIndex[];
  readonly #scanned: ScannedLog[] = [];
  #isTooSlow = false;

  /** `listLogs`: there may be more of them at each step, behind those that were there. */
  constructor(listLogs: () => readonly LogIndex[], pattern: LinePattern) {
    this.#listLogs = listLogs;
    this.pattern = pattern;
  }

  get isTooSlow(): boolean {
    return this.#isTooSlow;
  }

  get isUpToDate(): boolean {
    return this.#isTooSlow || this.#listLogs().every((log, index) => this.#keepUpWith(log, index).tried >= log.lines);
  }

  /** From 0 to 1. */
  get progress(): number {
    const logs = this.#listLogs();
    const lines = logs.reduce((sum, log) => sum + log.lines, 0);
    const tried = logs.reduce((sum, log, index) => sum + Math.min(log.lines, this.#scanned[index]?.tried ?? 0), 0);
    return lines === 0 ? 1 : tried / lines;
  }

  has(log: number, line: number): boolean {
    return this.isTried(log, line) && (this.#scanned[log] as ScannedLog).bits.get(line);
  }

  isTried(log: number, line: number): boolean {
    return line < (this.#scanned[log]?.tried ?? 0);
  }

  /** Some milliseconds of work; true when there is nothing more to try. */
  async advance(budgetMs: number): Promise<boolean> {
    const endMs = performance.now() + budgetMs;
    do {
      if (this.#isTooSlow) return true;
      const logs = this.#listLogs();
      const index = logs.findIndex((log, at) => this.#keepUpWith(log, at).tried < log.lines);
      if (index < 0) return true;
      await this.#tryBlock(logs[index] as LogIndex, index);
    } while (performance.now() < endMs);
    return false;
  }

  /** L2 */
  #keepUpWith(log: LogIndex, index: number): ScannedLog {
    const { revision, generation } = log;
    this.#scanned[index] ??= { bits: new GrowingBits(), revision, generation, tried: 0, settled: 0 };
    const scanned = this.#scanned[index];
    if (scanned.generation !== generation) scanned.settled = 0;
    if (scanned.revision !== revision) scanned.tried = scanned.settled;
    scanned.generation = generation;
    scanned.revision = revision;
    return scanned;
  }

  async #tryBlock(log: LogIndex, index: number): Promise<void> {
    const scanned = this.#keepUpWith(log, index);
    const from = scanned.tried;
    const count = log.countWithin(from, BLOCK_BYTES, BLOCK_LINES);
    const lines = await log.readLines(from, from + count, LINE_BYTES_MAX);
    const found = this.pattern.testAll(lines);
    if (found === null) {
      this.#isTooSlow = true;
      return;
    }
    for (const [at, isFound] of found.entries()) scanned.bits.set(from + at, isFound);
    // Lines that could not be read are gone; the next look at the file finds that out.
    scanned.tried = from + count;
    scanned.settled = Math.min(scanned.tried, log.settledLines);
  }
}
