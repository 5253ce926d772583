/** The result of a bench as JSON, replaced as a whole after each turn, and read back to be compared. */
import { existsSync, readdirSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { readJson, writeText } from "../../simulator/common/foundation/json-file.ts";
import { type BenchSide, readBenchResult } from "./comparison.ts";
import type { BenchOptions } from "./options.ts";
import { readVersions } from "./parts.ts";
import type { Outcome } from "./suite.ts";
import type { SuiteSummary } from "./summary.ts";

export class ResultFile {
  /** `20261122T183652Z.json`: sorts by time. */
  readonly path: string;
  readonly #head: object;

  constructor(folder: string, options: BenchOptions) {
    const startedAt = new Date();
    const name = startedAt.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
    this.path = resolve(join(folder, `${name}.json`));
    const processors = cpus();
    this.#head = {
      schema: 1,
      startedAt: startedAt.toISOString(),
      options,
      machine: {
        cores: processors.length,
        cpuModel: processors[0]?.model.trim() ?? "unknown",
        memoryBytes: totalmem(),
        // Above the number of cores, somebody else was at work.
        loadAtStart: loadavg(),
      },
      versions: readVersions(),
    };
  }

  async write(samples: readonly Outcome[], suites: readonly SuiteSummary[]): Promise<void> {
    const content = { ...this.#head, finishedAt: new Date().toISOString(), suites, samples };
    await writeText(this.path, `${JSON.stringify(content, null, 1)}\n`, { durable: false });
  }
}

export async function readBenchFile(path: string): Promise<BenchSide> {
  const result = await readJson(path, readBenchResult);
  if (result === undefined) throw createError("BENCH_RESULT_MISSING", { path });
  return { name: path, result };
}

/** Their names sort by time. */
export function findNewestResult(folder: string): string {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const newest = names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .at(-1);
  if (newest === undefined) throw createError("BENCH_RESULT_MISSING", { path: folder });
  return join(folder, newest);
}
