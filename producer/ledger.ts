/**
 * What this round's producer knows to be acknowledged, and its two files: `producer.json` (who writes) and
 * `ledger-<round>.json` (what was acknowledged).
 *
 * G1 A number enters the ledger only with an acknowledgement, or (after a restart) with an end offset read from Kafka.
 * G2 Batches of a partition are acknowledged in order, so what is acknowledged is always a prefix of its share.
 * G3 `shift` is how many foreign records lie before our next one: the expected offset of index k is k + shift. A change
 *    of it is a foreign entry; production goes on, and the verdict fails later.
 */
import {
  createLatencyCounts,
  latencyQuantileUs,
  recordLatency,
} from "../simulator/common/contract/latency-histogram.ts";
import type { Ledger, ProducerIdentity } from "../simulator/common/contract/ledger.ts";
import { type IdLayout, SUM_MODULUS } from "../simulator/common/contract/message.ts";
import { present } from "../simulator/common/foundation/assert.ts";
import { createError } from "../simulator/common/foundation/errors.ts";
import { type PartitionShare, sumIds } from "./load-profile.ts";

const FOREIGN_ENTRIES_MAX = 1_000;

interface PartitionProgress extends PartitionShare {
  /** Next index that is not yet acknowledged. */
  nextIndex: number;
  /** Of those before `nextIndex`: what only the topic says, after a restart (G1). */
  resumed: number;
  idSum: number;
  idMix: number;
  shift: number;
  endOffset: number | null;
}

export interface RoundIdentity {
  readonly round: number;
  readonly firstId: number;
  readonly messages: number;
  readonly messageSize: number;
  readonly producer: ProducerIdentity;
}

export class RoundLedger {
  readonly partitions: readonly PartitionProgress[];
  firstSendAtUs = 0;
  acknowledged = 0;
  unknown = 0;
  private lastAckAtUs = 0;
  private outcome: Ledger["outcome"] = "running";
  private reason: string | null = null;
  private readonly foreign: { p: number; expected: number; actual: number }[] = [];
  private foreignCount = 0;
  private restarts = 0;
  private readonly latency = createLatencyCounts();
  private readonly identity: RoundIdentity;
  private readonly layout: IdLayout;

  constructor(identity: RoundIdentity, layout: IdLayout, shares: readonly PartitionShare[]) {
    this.identity = identity;
    this.layout = layout;
    this.partitions = shares.map((share) => ({
      ...share,
      nextIndex: share.firstIndex,
      resumed: 0,
      idSum: 0,
      idMix: 0,
      shift: 0,
      endOffset: null,
    }));
  }

  /** A round that begins now. What lies in the topic before our first record, and is not ours, is foreign. */
  begin(endOffsets: readonly number[]): void {
    for (const partition of this.partitions) {
      this.noteOffset(partition, present(endOffsets[partition.p], `end offset of ${partition.p}`));
    }
  }

  /** The same round, after the producer's process was lost: everything up to the end offset is in Kafka. */
  resume(before: Ledger, endOffsets: readonly number[], nowUs: number): void {
    if (before.foreignCount > before.foreign.length) {
      const reason = `${before.foreignCount} foreign runs of records are more than the ledger names: positions are lost`;
      throw createError("PRODUCER_GAVE_UP", { round: before.round, unknown: 0, reason });
    }
    this.firstSendAtUs = before.firstSendAtUs;
    this.restarts = before.restarts + 1;
    this.foreign.push(...before.foreign);
    this.foreignCount = before.foreignCount;
    this.lastAckAtUs = before.lastAckAtUs;
    for (const entry of before.foreign) {
      const partition = this.partitions[entry.p];
      if (partition !== undefined) partition.shift += entry.actual - entry.expected;
    }
    for (const partition of this.partitions) {
      const endOffset = present(endOffsets[partition.p], `end offset of ${partition.p}`);
      const index = Math.min(endOffset - partition.shift, partition.endIndex);
      const told = before.partitions[partition.p];
      if (index > partition.nextIndex) this.acknowledge(partition, index, nowUs);
      const toldIndex = partition.firstIndex + (told?.acknowledged ?? 0);
      partition.resumed = (told?.resumed ?? 0) + Math.max(0, partition.nextIndex - toldIndex);
      this.noteOffset(partition, endOffset);
    }
  }

  /** The clock of a new round starts; a resumed one keeps its first send. */
  startClock(nowUs: number): void {
    if (this.firstSendAtUs === 0) this.firstSendAtUs = nowUs;
  }

  /** The answer to a batch of `records` records of partition p. */
  acknowledgeBatch(p: number, batch: { records: number; baseOffset: number; sentAtUs: number; nowUs: number }): void {
    const partition = present(this.partitions[p], `partition ${p}`);
    // A repeat of an old batch: Kafka has it, but no longer knows where. The next known offset is compared all the same.
    if (batch.baseOffset !== -1) this.noteOffset(partition, batch.baseOffset);
    this.acknowledge(partition, partition.nextIndex + batch.records, batch.nowUs);
    recordLatency(this.latency, batch.nowUs - batch.sentAtUs, 1);
  }

  /** The offsets after the last acknowledgement; the round is complete. */
  finish(endOffsets: readonly number[]): void {
    for (const partition of this.partitions) {
      partition.endOffset = present(endOffsets[partition.p], `end offset of ${partition.p}`);
      this.noteOffset(partition, partition.endOffset);
    }
    this.outcome = "finished";
  }

  giveUp(reason: string, unknown: number): void {
    this.outcome = "gaveUp";
    this.reason = reason;
    this.unknown = unknown;
  }

  get lastAck(): number {
    return this.lastAckAtUs;
  }

  toFile(): Ledger {
    const { producer, ...round } = this.identity;
    const toMs = (us: number | null) => (us === null ? null : us / 1000);
    const quantile = (share: number) => toMs(latencyQuantileUs(this.latency, share));
    return {
      schema: 1,
      ...producer,
      ...round,
      outcome: this.outcome,
      reason: this.reason,
      firstSendAtUs: this.firstSendAtUs,
      lastAckAtUs: this.lastAckAtUs,
      acknowledged: this.acknowledged,
      unknown: this.unknown,
      partitions: this.partitions.map(({ p, firstIndex, nextIndex, resumed, idSum, idMix, endOffset }) => ({
        p,
        firstIndex,
        acknowledged: nextIndex - firstIndex,
        resumed,
        idSum,
        idMix,
        endOffset,
      })),
      foreign: this.foreign,
      foreignCount: this.foreignCount,
      restarts: this.restarts,
      acknowledgeMs: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    };
  }

  private acknowledge(partition: PartitionProgress, toIndex: number, nowUs: number): void {
    const sums = sumIds(partition.p, partition.nextIndex, toIndex, this.layout);
    this.acknowledged += toIndex - partition.nextIndex;
    partition.nextIndex = toIndex;
    partition.idSum = (partition.idSum + sums.idSum) % SUM_MODULUS;
    partition.idMix = (partition.idMix + sums.idMix) % SUM_MODULUS;
    if (nowUs > this.lastAckAtUs) this.lastAckAtUs = nowUs;
  }

  /** Compares the offset that Kafka gives to our next record with the one it should have (G3). */
  private noteOffset(partition: PartitionProgress, actual: number): void {
    const expected = partition.nextIndex + partition.shift;
    if (actual === expected) return;
    if (actual < expected) {
      const { topic } = this.identity.producer;
      throw createError("PRODUCER_RECORDS_LOST", { topic, p: partition.p, expected, actual });
    }
    this.foreignCount += 1;
    if (this.foreign.length < FOREIGN_ENTRIES_MAX) this.foreign.push({ p: partition.p, expected, actual });
    partition.shift += actual - expected;
  }
}
