/** Why nothing is committed for a partition: what the run's metrics say, among lines of other kinds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readGroupOffsets } from "../../../../scripts/validate/group-offsets.ts";
import type { TopicClient } from "../../../../scripts/validate/topic-client.ts";
import { runFolder } from "../../../../simulator/common/contract/files/run-folder.ts";
import { makeRun } from "./synthetic-run.ts";

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "group-offsets-"));
});
afterEach(() => rmSync(runDir, { recursive: true }));

const USAGE = '{"atUs":3,"type":"usage","processes":[],"machine":{"cpuPercent":1,"memoryPercent":2}}';
const metricsOf = (tm: string, incarnation: string, more: object) => JSON.stringify({ tm, incarnation, ...more });

/** The group has nothing of partition 1, though a checkpoint completed. */
async function readExcuses(lines: readonly string[]) {
  const { config, task, checkpoint } = makeRun([100]);
  const folder = join(runFolder.checkpoints(runDir), "chk-1000001");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "_metadata"), JSON.stringify(checkpoint));
  writeFileSync(runFolder.metrics(runDir), lines.map((line) => `${line}\n`).join(""));
  const client = { cluster: { fetchCommittedOffsets: async () => [34, -1, 33] } } as unknown as TopicClient;
  const { signal } = new AbortController();
  return await readGroupOffsets(client, { config, task, runDir, settleMs: 0, signal });
}

it("finds no excuse in what processes use", async () => {
  const ended = metricsOf("taskmanager-01", "1", { final: true });
  const none = { failedCommits: 0, replaced: 0, unended: 0 };
  expect(await readExcuses([USAGE, ended, USAGE])).toMatchObject({ kind: "read", excuses: none });
});

it("counts failed commits and lives that were replaced or did not end, by the newest word of each", async () => {
  const lines = [
    metricsOf("taskmanager-01", "1", { final: false, offsetCommitsFailed: 1 }),
    USAGE,
    metricsOf("taskmanager-01", "1", { final: false, offsetCommitsFailed: 3 }),
    metricsOf("taskmanager-01", "2", { final: true }),
    metricsOf("taskmanager-02", "1", { final: true }),
  ];
  expect(await readExcuses(lines)).toMatchObject({ excuses: { failedCommits: 3, replaced: 1, unended: 1 } });
});
