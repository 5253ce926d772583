/**
 * What Kafka holds for the job's group. TaskManagers commit after a checkpoint, and nobody waits for them, so what is
 * missing is waited for here, for a while; and if it stays away, the run's metrics may say why.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { isTaskManagerMetrics, type TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { sleep, withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { readNewestCheckpoint } from "./checkpoint-files.ts";
import type { CommitExcuses, GroupFacts } from "./facts.ts";
import type { TopicClient } from "./topic-client.ts";

const ASK_INTERVAL_MS = 200;
const ANSWER_MS_MAX = 15_000;
const COMMITS_AWAITED_MS = 10_000;

export interface GroupReadOptions {
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  readonly runDir: string;
  readonly settleMs: number;
  readonly signal: AbortSignal;
}

export async function readGroupOffsets(client: TopicClient, options: GroupReadOptions): Promise<GroupFacts> {
  const { task, runDir, settleMs, signal } = options;
  const endsAtMs = performance.now() + Math.min(settleMs, COMMITS_AWAITED_MS);
  let isFirst = true;
  for (;;) {
    const group = await askGroup(client, options);
    if (group.kind === "refused" || !group.committed.includes(-1) || task.mode === "prefix") return group;
    if (!(await hasCompleted(runDir))) return group;
    const isLast = performance.now() >= endsAtMs;
    // The metrics of a long run are a large file: looked into before the wait, and after it.
    const excuses = isFirst || isLast ? await readExcuses(runFolder.metrics(runDir)) : null;
    const isExcused = excuses !== null && excuses.failedCommits + excuses.replaced > 0;
    if (isExcused || isLast) return { ...group, excuses };
    isFirst = false;
    await sleep(ASK_INTERVAL_MS, signal);
  }
}

/** A group that we may not ask about, or whose coordinator is away, is nothing that the job needs. */
async function askGroup({ cluster }: TopicClient, { config }: GroupReadOptions): Promise<GroupFacts> {
  const all = Array.from({ length: config.partitions }, (_, p) => p);
  try {
    const asked = cluster.fetchCommittedOffsets(config.group, config.topic, all);
    const what = `the committed offsets of group ${config.group}`;
    return { kind: "read", committed: await withDeadline(asked, { what, deadlineMs: ANSWER_MS_MAX }), excuses: null };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { kind: "refused", reason: describeError(error) };
  }
}

async function hasCompleted(runDir: string): Promise<boolean> {
  const newest = await readNewestCheckpoint(runDir);
  return newest !== null && newest.kind !== "initial";
}

async function readExcuses(path: string): Promise<CommitExcuses> {
  const newest = new Map<string, TaskManagerMetrics>();
  for await (const metrics of readMetrics(path)) newest.set(`${metrics.tm} ${metrics.incarnation}`, metrics);
  const lives = [...newest.values()];
  return {
    failedCommits: lives.reduce((sum, { offsetCommitsFailed }) => sum + (offsetCommitsFailed ?? 0), 0),
    replaced: lives.length - new Set(lives.map(({ tm }) => tm)).size,
    unended: lives.filter(({ final }) => !final).length,
  };
}

async function* readMetrics(path: string): AsyncGenerator<TaskManagerMetrics> {
  try {
    for await (const line of createInterface({ input: createReadStream(path, "utf8") })) {
      // The host may be in the middle of the last line.
      if (!line.startsWith("{") || !line.endsWith("}")) continue;
      const parsed = JSON.parse(line) as object;
      if (isTaskManagerMetrics(parsed)) yield parsed;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
