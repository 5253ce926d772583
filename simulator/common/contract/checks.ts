/** `checks.json`: what the validator found by reading Kafka, Redis, the ledgers and the applied log. */
import type { Check, PartitionReport, SampleMessage } from "./report.ts";

export interface ChecksFile {
  readonly schema: 1;
  readonly mode: "drained" | "prefix";
  readonly checks: readonly Check[];
  /** Null where the fact behind a number is missing: not known, never zero. */
  readonly messages: {
    readonly requested: number;
    readonly acknowledged: number;
    readonly inKafka: number;
    readonly processed: number | null;
    readonly rejected: number | null;
    readonly unprocessed: number | null;
    readonly lost: number | null;
    readonly duplicated: number | null;
    readonly outOfOrder: number | null;
  };
  readonly partitions: readonly PartitionReport[];
  readonly samples: { readonly first: readonly SampleMessage[]; readonly last: readonly SampleMessage[] };
  /** Records applied by each TaskManager, from `by:<tm>`. */
  readonly byTaskManager: Readonly<Record<string, number>>;
  readonly firstSendAtUs: number | null;
  readonly lastAckAtUs: number | null;
  /** The largest time in the applied log; by round, so that idle time between rounds does not count. */
  readonly lastEffectAtUs: number | null;
  readonly rounds: readonly {
    readonly round: number;
    readonly firstSendAtUs: number;
    readonly lastAckAtUs: number;
    readonly lastEffectAtUs: number | null;
  }[];
  readonly durationMs: number;
}
