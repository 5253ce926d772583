/**
 * A Flink of others that gives no answer in the middle of a run. Nobody here can start it again, so it is waited for, but
 * not for ever.
 *
 *   answering ──> silent ──> answering     told at the first miss, and when it is back
 *                    └─────> given up      after SILENT_MS_MAX: the run ends
 *
 * S1 Silence is counted from the last answer, or from the first question where there was none.
 * S2 It is given up once. What it answers after that changes nothing: the run is ending.
 */
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { type AppError, createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import { formatMs } from "../../../simulator/common/foundation/figures.ts";

/** As long as a job's client waits for a JobManager that is away. */
export const SILENT_MS_MAX = 60_000;

type Silence = { readonly kind: "answering" } | { readonly kind: "silent" } | { readonly kind: "givenUp" };

/** Where it is told. */
export interface SilenceNews {
  warn(text: string): void;
  inform(text: string): void;
  giveUp(error: AppError): void;
}

export class FlinkSilence {
  readonly #restUrl: string;
  readonly #news: SilenceNews;
  #state: Silence = { kind: "answering" };
  #answeredAtMs: number | null = null;

  constructor(restUrl: string, news: SilenceNews) {
    this.#restUrl = restUrl;
    this.#news = news;
  }

  /** Settles as the answer does. One that was given up by the asker (`signal`) tells nothing. */
  async heed<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    this.#answeredAtMs ??= performance.now();
    try {
      const value = await answer;
      this.#noteAnswer(performance.now());
      return value;
    } catch (error) {
      if (!signal.aborted) this.#noteSilence(performance.now() - this.#answeredAtMs, error);
      throw error;
    }
  }

  #noteAnswer(nowMs: number): void {
    const silentMs = Math.round(nowMs - (this.#answeredAtMs ?? nowMs));
    this.#answeredAtMs = nowMs;
    if (this.#state.kind !== "silent") return;
    this.#state = { kind: "answering" };
    this.#news.inform(`Flink at ${this.#restUrl} answers again, after ${formatMs(silentMs)}`);
  }

  #noteSilence(silentMs: number, error: unknown): void {
    const { kind } = this.#state;
    switch (kind) {
      case "answering":
        this.#state = { kind: "silent" };
        this.#news.warn(
          `Flink at ${this.#restUrl} gives no answer (${describeError(error)}): it is asked on for ${formatMs(SILENT_MS_MAX)}, ` +
            "and then the run ends",
        );
        return;
      case "silent":
        if (silentMs < SILENT_MS_MAX) return;
        // S2.
        this.#state = { kind: "givenUp" };
        this.#news.giveUp(
          createError("FLINK_SILENT", {
            url: this.#restUrl,
            silentMs: Math.round(silentMs),
            last: describeError(error),
          }),
        );
        return;
      case "givenUp":
        return;
      default:
        unreachable(kind);
    }
  }
}
