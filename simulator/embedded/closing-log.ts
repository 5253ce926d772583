/**
 * Warnings of closed clients, at most WARNINGS_MAX in WINDOW_MS: a client that fails ten thousand times must not fill
 * the disk. What was left out is told as one number when the window ends.
 */
import type { Log } from "../common/foundation/log.ts";

const WARNINGS_MAX = 10;
const WINDOW_MS = 10_000;

export class ClosingLog {
  readonly #log: Log;
  #told = 0;
  #untold = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  warn(reason: string): void {
    this.#window ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    if (this.#told < WARNINGS_MAX) {
      this.#told += 1;
      this.#log.warn(`closed a client: ${reason}`);
    } else this.#untold += 1;
  }

  close(): void {
    clearTimeout(this.#window);
    this.#endWindow();
  }

  #endWindow(): void {
    if (this.#untold > 0) this.#log.warn(`closed ${this.#untold} more clients within ${WINDOW_MS / 1_000} s`);
    this.#told = 0;
    this.#untold = 0;
    this.#window = undefined;
  }
}
