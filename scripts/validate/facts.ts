/**
 * Everything the checks look at, gathered before the first check runs. A fact that is missing is a value here, not an
 * exception: the check that needs it fails and says so.
 */
import type { RecoveriesFile } from "../../simulator/common/contract/checkpoint.ts";
import type { Ledger } from "../../simulator/common/contract/ledger.ts";
import type { ParsedJobState } from "../../simulator/common/contract/redis-state.ts";
import type { SampleMessage } from "../../simulator/common/contract/report.ts";
import type { RunConfig } from "../../simulator/common/contract/run-config.ts";
import type { ValidatorTask } from "../../simulator/common/contract/tasks.ts";
import type { AppliedLog, AppliedUnion } from "./applied-log-union.ts";
import type { IdBitmap } from "./id-bitmap.ts";
import type { PartitionTally } from "./topic-tally.ts";

export type LedgerFact =
  | { readonly kind: "read"; readonly round: number; readonly ledger: Ledger }
  | { readonly kind: "missing"; readonly round: number }
  | { readonly kind: "broken"; readonly round: number; readonly reason: string };

export interface TopicFacts {
  /** By partition. */
  readonly tallies: readonly PartitionTally[];
  /** First offset that Kafka still holds, by partition. */
  readonly earliest: readonly number[];
  /** Null on somebody else's topic: its ids may be any. */
  readonly bitmap: IdBitmap | null;
}

export interface Facts {
  readonly config: RunConfig;
  readonly task: ValidatorTask;
  readonly state: ParsedJobState;
  readonly published: { readonly counter: string | null; readonly sequence: string | null };
  /** Checkpoint 0 exists: the job's state was, or was about to be, created. */
  readonly jobBegan: boolean;
  /** producer.json exists: something may have been sent. */
  readonly producerBegan: boolean;
  readonly ledgers: readonly LedgerFact[];
  readonly log: AppliedLog;
  readonly union: AppliedUnion;
  readonly recoveries: RecoveriesFile["recoveries"];
  readonly topic: TopicFacts;
  readonly samples: { readonly first: readonly SampleMessage[]; readonly last: readonly SampleMessage[] };
}

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
