/** `checks.json`: what the validator found by reading Kafka, Redis, the ledgers and the applied log. */
import type { Check, PartitionReport, SampleMessage, TopicMessages } from "./report.ts";

export interface ChecksFile {
  readonly schema: 1;
  readonly mode: "drained" | "prefix";
  readonly checks: readonly Check[];
  readonly messages: { readonly requested: number; readonly acknowledged: number } & TopicMessages;
  readonly partitions: readonly PartitionReport[];
  readonly samples: { readonly first: readonly SampleMessage[]; readonly last: readonly SampleMessage[] };
  /** Records applied by each TaskManager in this run, from `by:<tm>`. */
  readonly byTaskManager: Readonly<Record<string, number>>;
  /** Of the processed messages, those that were counted before, in the savepoint that the job started from. */
  readonly restored?: number;
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
