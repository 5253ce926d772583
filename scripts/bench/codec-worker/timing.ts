/** Time of a piece of work on one batch, in ns a record. */

const REPETITIONS = 5;

/** Works on one batch; `records` were handled then. */
export type BatchWork = () => void | Promise<void>;

/** One value a repetition, after a warm-up as long as all of them. Only a promise that is there is awaited. */
export async function measureNs(work: BatchWork, records: number, budgetMs: number): Promise<number[]> {
  await repeat(work, budgetMs);
  const values: number[] = [];
  for (let i = 0; i < REPETITIONS; i += 1) {
    const { batches, ms } = await repeat(work, budgetMs / REPETITIONS);
    values.push((ms * 1_000_000) / (batches * records));
  }
  return values;
}

async function repeat(work: BatchWork, budgetMs: number): Promise<{ batches: number; ms: number }> {
  const startedMs = performance.now();
  let batches = 0;
  for (;;) {
    const pending = work();
    if (pending !== undefined) await pending;
    batches += 1;
    const ms = performance.now() - startedMs;
    if (ms >= budgetMs) return { batches, ms };
  }
}
