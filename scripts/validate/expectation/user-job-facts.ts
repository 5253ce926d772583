/**
 * What a job of the user's own was to read, and what came of it.
 *
 * J1 Of somebody else's topic the job was to read what was there when the run began. Others may go on writing to it, and the
 *    job reads on: what came of that cannot be told from the rest, so an expectation is then not answered.
 * J2 It begins where the topic began then: what retention took meanwhile could not be read again, which is said.
 * J3 Such a topic ends, for whoever reads records, behind its last record (`record-ends.ts`).
 */
import { findRecordEnds } from "../../../simulator/clients/kafka/record-ends.ts";
import type { ValidationProgress } from "../../../simulator/common/contract/child/child-messages.ts";
import type { ChildEnvironment } from "../../../simulator/common/contract/child/environment.ts";
import type { ValidatorTask } from "../../../simulator/common/contract/child/tasks.ts";
import type { KafkaAccess } from "../../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../../simulator/common/foundation/log.ts";
import type { Facts, TopicFacts } from "../facts.ts";
import type { TopicClient } from "../topic-client.ts";
import { readExpectation } from "./read-expectation.ts";

export interface UserJobQuestion {
  readonly environment: ChildEnvironment;
  readonly task: ValidatorTask;
  readonly kafka: KafkaAccess;
  readonly settleMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ValidationProgress) => void;
}

export async function gatherUserJob(
  client: TopicClient,
  question: UserJobQuestion,
  { tallies, ranges }: TopicFacts,
): Promise<Pick<Facts, "recordEnds" | "expectation">> {
  const { environment, task, signal, onProgress } = question;
  const { config, resource } = environment;
  const { topic, ownTopic, userJob } = config;
  const asked = tallies.map(({ p }) => Math.min(ranges.ends[p] ?? 0, task.endOffsets?.[p] ?? Number.MAX_SAFE_INTEGER));
  const ends = ownTopic ? ranges.ends : asked;
  const readable = asked.map((to, p) => {
    const start = Math.max(ranges.earliest[p] ?? 0, task.startOffsets?.[p] ?? 0);
    return { p, from: Math.min(start, to), to };
  });
  const recordEnds = ownTopic ? {} : { recordEnds: await findRecordEnds(client.cluster, topic, readable, signal) };
  const path = userJob?.expectPath ?? null;
  if (userJob === undefined || path === null) return recordEnds;
  const expectation = await readExpectation({
    ...question,
    path,
    inputTopic: topic,
    outputTopic: userJob.outputTopic,
    input: { ...ranges, ends },
    inputStarts: task.startOffsets,
    unread: ownTopic ? [] : listGrown(topic, ranges.ends, asked),
    mode: task.mode,
    clientId: resource,
    onProgress: (step, done, total) => onProgress({ step, done, total }),
  });
  return { ...recordEnds, expectation };
}

/** J1. Pure. */
export const listGrown = (topic: string, now: readonly number[], asked: readonly number[]): string[] =>
  asked.flatMap((end, p) => {
    const newest = now[p] ?? end;
    return newest === end ? [] : [`partition ${p} of ${topic} grew from offset ${end} to ${newest} while the job ran`];
  });
