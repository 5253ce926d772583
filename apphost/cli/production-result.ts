/** What `produce --kafka` tells of its end, from the ledger: rate, and latency to the acknowledgement. Pure. */
import type { Compression } from "../../simulator/common/contract/child/run-config.ts";
import type { AcknowledgeLatency, Ledger } from "../../simulator/common/contract/files/ledger.ts";
import { formatAmount, formatCount, formatMebibytes, formatMs, formatRate } from "../snapshot/format.ts";

export interface ProductionFacts {
  readonly topic: string;
  readonly partitions: number;
  readonly wasCreated: boolean;
  readonly usedBefore: number;
  readonly compression: Compression;
  /** Asked for; 0: as fast as possible. */
  readonly rate: number;
  readonly exitCode: number;
  readonly ledgerPath: string;
}

export interface ProductionResult extends ProductionFacts {
  readonly outcome: Ledger["outcome"];
  readonly reason: string | null;
  readonly messages: number;
  readonly messageSize: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  readonly unsent: number;
  /** Restarts of the producer's process. */
  readonly restarts: number;
  /** From the first send to the last acknowledgement; null when there was none. */
  readonly durationMs: number | null;
  readonly messagesPerSecond: number | null;
  /** Of message values, before compression. */
  readonly bytesPerSecond: number | null;
  /** Of the messages that the last process of the producer sent. */
  readonly acknowledgeMs: AcknowledgeLatency;
}

export function computeResult(ledger: Ledger, facts: ProductionFacts): ProductionResult {
  const { outcome, reason, messages, messageSize, acknowledged, unknown, refused, unsent, restarts } = ledger;
  const spentUs = ledger.lastAckAtUs - ledger.firstSendAtUs;
  const isMeasured = acknowledged > 0 && ledger.firstSendAtUs > 0 && spentUs > 0;
  const messagesPerSecond = isMeasured ? (acknowledged * 1e6) / spentUs : null;
  return {
    ...facts,
    outcome,
    reason,
    messages,
    messageSize,
    acknowledged,
    unknown,
    refused,
    unsent,
    restarts,
    durationMs: isMeasured ? spentUs / 1_000 : null,
    messagesPerSecond,
    bytesPerSecond: messagesPerSecond === null ? null : messagesPerSecond * messageSize,
    acknowledgeMs: ledger.acknowledgeMs,
  };
}

export function formatResult(result: ProductionResult): string[] {
  const { topic, partitions, wasCreated, usedBefore, messages, messageSize, acknowledged, compression } = result;
  const { p50, p95, p99, p999, max } = result.acknowledgeMs;
  const was = wasCreated ? "created" : `${formatAmount(usedBefore, "offset")} used before`;
  const bytes = result.bytesPerSecond === null ? "-" : `${formatMebibytes(result.bytesPerSecond)}/s`;
  const size = `${formatCount(messageSize)} bytes each, compression ${compression}`;
  const seconds = result.durationMs === null ? "" : ` within ${(result.durationMs / 1_000).toFixed(3)} s`;
  return [
    `Topic: ${topic}, ${formatAmount(partitions, "partition")}, ${was}`,
    `Messages: ${formatCount(messages)} requested, ${formatCount(acknowledged)} acknowledged${seconds}; ${size}`,
    ...formatMissing(result),
    `Rate: ${formatRate(result.messagesPerSecond)}, ${bytes}`,
    `Acknowledged after: p50 ${formatMs(p50)}, p95 ${formatMs(p95)}, p99 ${formatMs(p99)}, p99.9 ${formatMs(p999)}, max ${formatMs(max)}`,
    `Ledger: ${result.ledgerPath}`,
  ];
}

function formatMissing({ messages, acknowledged, unknown, refused, unsent, outcome, reason }: ProductionResult) {
  if (acknowledged === messages) return [];
  const counts = `${formatCount(unknown)} with an unknown outcome, ${formatCount(refused)} refused, ${formatCount(unsent)} not sent`;
  return [`Not acknowledged: ${counts}; it ${outcome === "gaveUp" ? `gave up: ${reason}` : "was stopped"}`];
}
