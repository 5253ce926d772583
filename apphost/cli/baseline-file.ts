/** The files that `report` writes where its user wants them, the baseline above all. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { extendBaseline } from "../../scripts/report/compare/baseline.ts";
import { findShapeDifferences, refuseUnlike } from "../../scripts/report/compare/figures.ts";
import type { RunMeasure } from "../../scripts/report/compare/run-measure.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { writeText } from "../../simulator/common/foundation/json-file.ts";
import { readRunsFile } from "./measured-runs.ts";
import type { Terminal } from "./terminal.ts";

/** A baseline is what later runs are held against, so only runs that passed get into it, and only ones of its shape. */
export async function saveBaseline(
  file: string,
  { runs: more, isForced }: { readonly runs: readonly RunMeasure[]; readonly isForced: boolean },
  terminal: Terminal,
): Promise<void> {
  const path = resolve(file);
  const failed = more.find(({ verdict }) => verdict !== "passed");
  if (failed !== undefined) throw createError("BASELINE_REFUSED", { run: failed.runId, verdict: failed.verdict });
  const known = existsSync(path) ? await readRunsFile(path) : [];
  if (!isForced && known.length > 0) {
    const shapesOf = (runs: readonly RunMeasure[]) => runs.map(({ shape }) => shape);
    refuseUnlike(findShapeDifferences(shapesOf(known), shapesOf(more)), `${path} and the run that is added`);
  }
  const { text, runs, added } = extendBaseline(known, more);
  await writeOutput(path, text);
  terminal.note(`${path}: ${added === 0 ? "has the run already" : `${added} added`}, ${runs} in all`);
}

export async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await writeText(resolve(path), text, { durable: false });
  } catch (error) {
    throw createError("OUTPUT_FILE_FAILED", { path: resolve(path) }, error);
  }
}
