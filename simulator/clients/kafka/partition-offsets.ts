/** Asks each leader for the earliest or latest offsets of its partitions. */
import type { AppError } from "../../common/foundation/errors.ts";
import type { Connection } from "./connection.ts";
import { type Attempt, brokerError, checkCode } from "./retry.ts";
import { ErrorCode } from "./wire/error-codes.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, listOffsetsApi } from "./wire/list-offsets.ts";

export interface LeaderDirectory {
  leaderOf(topic: string, p: number): number | undefined;
  refreshTopic(name: string): Promise<unknown>;
  sharedConnection(nodeId: number): Promise<Connection>;
}

export interface OffsetsQuestion {
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly which: "earliest" | "latest";
  readonly committed: boolean;
}

/**
 * One attempt: asks for what `found` does not hold yet. A partition that was answered keeps its answer over attempts.
 */
export async function listPartitionOffsets(
  directory: LeaderDirectory,
  question: OffsetsQuestion,
  found: Map<number, number>,
): Promise<Attempt<number[]>> {
  const missing = question.partitions.filter((p) => !found.has(p));
  if (missing.some((p) => directory.leaderOf(question.topic, p) === undefined)) {
    await directory.refreshTopic(question.topic);
  }
  const byLeader = Map.groupBy(missing, (p) => directory.leaderOf(question.topic, p));
  let failed = byLeader.has(undefined) ? leaderUnknown(question, byLeader.get(undefined)?.[0] ?? -1) : undefined;
  for (const [leader, partitions] of byLeader) {
    if (leader === undefined) continue;
    failed = (await askLeader(directory, leader, { ...question, partitions }, found)) ?? failed;
  }
  if (failed === undefined) return { kind: "done", value: question.partitions.map((p) => found.get(p) ?? -1) };
  await directory.refreshTopic(question.topic);
  return { kind: "again", error: failed };
}

async function askLeader(
  directory: LeaderDirectory,
  leader: number,
  question: OffsetsQuestion,
  found: Map<number, number>,
): Promise<AppError | undefined> {
  const connection = await directory.sharedConnection(leader);
  const timestampMs = question.which === "latest" ? LATEST_TIMESTAMP : EARLIEST_TIMESTAMP;
  const partitions = question.partitions.map((p) => ({ p, timestampMs }));
  const isolationLevel = question.committed ? 1 : 0;
  const answer = await connection.send(listOffsetsApi, {
    isolationLevel,
    topics: [{ name: question.topic, partitions }],
  });
  let failed: AppError | undefined;
  const answered = answer.topics[0]?.partitions ?? [];
  for (const p of question.partitions) {
    const partition = answered.find((candidate) => candidate.p === p);
    const what = `the ${question.which} offset of ${question.topic}-${p}`;
    const error = partition === undefined ? leaderUnknown(question, p) : checkCode(partition.errorCode, what);
    if (error !== undefined) failed = error;
    else if (partition !== undefined) found.set(p, partition.offset);
  }
  return failed;
}

function leaderUnknown(question: OffsetsQuestion, p: number): AppError {
  const what = `the ${question.which} offset of ${question.topic}-${p}`;
  return brokerError(what, ErrorCode.LEADER_NOT_AVAILABLE, "no leader is known");
}
