/** What the codec suite asks of its worker, and what that answers. */

export interface CodecTask {
  readonly codec: "own" | "kafkajs" | "platformatic";
  readonly records: number;
  readonly messageSize: number;
  /** For each figure, after a warm-up of the same length. */
  readonly budgetMs: number;
}

/** ns a record, a value a repetition, by figure; null when the codec is not installed. */
export type CodecAnswer = Readonly<Record<string, readonly number[]>> | null;
