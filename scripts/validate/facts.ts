/**
 * Everything the checks look at, gathered before the first check runs. A fact that is missing is a value here, not an
 * exception: the check that needs it fails, or does not know, and says so.
 */

import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import type { CheckpointFile, RecoveriesFile } from "../../simulator/common/contract/files/checkpoint.ts";
import type { Ledger } from "../../simulator/common/contract/files/ledger.ts";
import type { SampleMessage } from "../../simulator/common/contract/files/report.ts";
import type { JobState, ParsedJobState } from "../../simulator/common/contract/state/redis-state.ts";
import type { AppliedLog, AppliedUnion } from "./applied-log-union.ts";
import type { ExpectationFacts } from "./expectation/expectation-facts.ts";
import type { IdBitmap } from "./id-bitmap.ts";
import type { PlannedShare } from "./round-plan.ts";
import type { PartitionTally } from "./topic-tally.ts";

export type LedgerFact =
  | { readonly kind: "read"; readonly round: number; readonly ledger: Ledger }
  | { readonly kind: "missing"; readonly round: number }
  | { readonly kind: "broken"; readonly round: number; readonly reason: string };

/** One answer of the cluster. */
export interface TopicAnswer {
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** First offset that is still there, by partition. */
  readonly earliest: readonly number[];
  /** Last stable offset, by partition: what readers get ends there, before an open transaction of anybody. */
  readonly ends: readonly number[];
  /** High watermark, by partition: behind the last record that is committed. */
  readonly high: readonly number[];
}

/** An end offset that another fact asks for. */
export interface NeededEnd {
  readonly offset: number;
  /** Completes "…, though ". */
  readonly because: string;
}

export interface TopicRanges extends TopicAnswer {
  /** By partition of the run. */
  readonly needed: readonly NeededEnd[];
  /** How long a contradiction was asked about; 0 when there was none. */
  readonly askedForMs: number;
}

export interface TopicFacts {
  /** Of the run's partitions. */
  readonly tallies: readonly PartitionTally[];
  /** Of partitions that our topic has beyond those: nobody of this run reads them. Empty on somebody else's topic. */
  readonly added: readonly PartitionTally[];
  readonly ranges: TopicRanges;
  /** Null on somebody else's topic: its ids may be any. */
  readonly bitmap: IdBitmap | null;
  /** Whose batches are ours; null when that is not known, and on somebody else's topic. */
  readonly producerId: number | null;
}

export interface PublishedFacts {
  /** Under the job's own key. */
  readonly own: string | null;
  readonly counter: string | null;
  readonly sequence: string | null;
  /** On a Redis of this run, if the shared keys show something else: the published keys of other jobs there. */
  readonly otherJobs: readonly string[];
}

/** Why nothing may be committed for a partition though a checkpoint completed. */
export interface CommitExcuses {
  /** As TaskManagers say. */
  readonly failedCommits: number;
  /** TaskManagers that were replaced by a later life of theirs. */
  readonly replaced: number;
  /** Those that did not say that their job ended. */
  readonly unended: number;
}

/** What Kafka holds for the job's group. */
export type GroupFacts =
  | {
      readonly kind: "read";
      /** By partition; -1 = nothing. */
      readonly committed: readonly number[];
      /** Looked for only where something is missing. */
      readonly excuses: CommitExcuses | null;
    }
  | { readonly kind: "refused"; readonly reason: string };

export interface Facts {
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  readonly state: ParsedJobState;
  /** Why the state that was read is no fact of the job: Redis was restarted, and nobody recovered it. Null: it is one. */
  readonly unsettled: string | null;
  readonly published: PublishedFacts;
  readonly group: GroupFacts;
  /** The newest completed checkpoint; null when there is none. */
  readonly checkpoint: CheckpointFile | null;
  /** What the job's savepoint had counted before this run; null: it began with nothing. */
  readonly restored: JobState | null;
  /** Checkpoint 0 exists: the job's state was, or was about to be, created. */
  readonly jobBegan: boolean;
  /** producer.json exists: something may have been sent. */
  readonly producerBegan: boolean;
  readonly ledgers: readonly LedgerFact[];
  readonly log: AppliedLog;
  readonly union: AppliedUnion;
  readonly recoveries: RecoveriesFile["recoveries"];
  readonly topic: TopicFacts;
  /** By partition: behind the last record that a job of the user's own was to read in somebody else's topic; else absent. */
  readonly recordEnds?: readonly number[];
  /** Of a job of the user's own; absent: nobody expects anything of its output. */
  readonly expectation?: ExpectationFacts;
  /** By partition, summed over as many messages as the topic has records there; empty on somebody else's topic. */
  readonly plan: readonly PlannedShare[];
  readonly samples: { readonly first: readonly SampleMessage[]; readonly last: readonly SampleMessage[] };
}

/** What is known before the topic is read again. */
export type FactsBeforeTopic = Omit<Facts, "topic" | "recordEnds" | "expectation" | "plan" | "samples">;

/** The job's state, if it is complete and a fact. */
export const readState = ({ state, unsettled }: Pick<Facts, "state" | "unsettled">): JobState | null =>
  state.kind === "complete" && unsettled === null ? state.state : null;

/**
 * True while the state that was read may be behind what was read after it: the job runs, and has not reached an end that
 * nothing lies above. On somebody else's topic others may go on writing.
 */
export const isMoving = (facts: Pick<Facts, "config" | "task">, state: Pick<JobState, "phase">): boolean =>
  state.phase === "running" && (facts.task.mode === "prefix" || !facts.config.ownTopic);

/** Whether whoever counted made the second checksum, too: SQL has no operations on bits. */
export const hasIdMix = ({ config }: Pick<Facts, "config">): boolean => config.engine === "apphost";

/** Records of a partition, messages and rejected ones, from the start to the end of the re-read. */
export function countRecords(tally: PartitionTally): number {
  return countApplied(tally) + tally.above.messages + tally.above.rejected;
}

/** The records below the job's applied offset. */
export function countApplied(tally: PartitionTally): number {
  return tally.below.messages + tally.below.rejected;
}

export function sumOver<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

/** The ledgers that could be read. */
export function readLedgers(facts: Pick<Facts, "ledgers">): Ledger[] {
  return facts.ledgers.flatMap((fact) => (fact.kind === "read" ? [fact.ledger] : []));
}

/**
 * The ledgers that must be there. Each is written before the first send of its round (P1 of `producer/round.ts`): where the
 * topic ends with the round before, a run that was cut short may have ended before its last round began.
 */
export function listNeededLedgers({ task, ledgers, topic }: Pick<Facts, "task" | "ledgers" | "topic">): LedgerFact[] {
  const needed = [...ledgers];
  if (task.mode === "drained" || ledgers.at(-1)?.kind !== "missing") return needed;
  const before = ledgers.at(-2);
  const endsBefore = (p: number) => (before?.kind === "read" ? before.ledger.partitions[p]?.endOffset : undefined);
  const hasNothing = topic.ranges.high.every((high, p) => high === (before === undefined ? 0 : endsBefore(p)));
  if (hasNothing) needed.pop();
  return needed;
}
