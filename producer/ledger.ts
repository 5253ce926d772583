/**
 * What this round's producer knows to be acknowledged. Its file is `ledger-<round>.json`.
 *
 * G1 A number enters the ledger only with an acknowledgement, or (after a restart) with a batch of this producer that
 *    was found in the topic behind the last acknowledged one: those are counted as `resumed`, since only the topic says
 *    them.
 * G2 Batches of a partition are acknowledged in order, so what is acknowledged is always a prefix of its share.
 * G3 `shift` is how many foreign records lie before our next one: the expected offset of index k is k + shift. Another
 *    one is a foreign entry; production goes on, and the verdict fails later.
 * G4 No record of ours comes, and no log ends, below `nextOffset`, the offset after our last acknowledged record: that is
 *    PRODUCER_RECORDS_LOST.
 * G5 What was acknowledged stays in the ledger, also when Kafka lost it and when the round cannot be resumed.
 */

import type { Ledger, ProducerIdentity } from "../simulator/common/contract/files/ledger.ts";
import {
  createLatencyCounts,
  latencyQuantileUs,
  recordLatency,
} from "../simulator/common/contract/latency-histogram.ts";
import { type IdLayout, SUM_MODULUS } from "../simulator/common/contract/message.ts";
import { present } from "../simulator/common/foundation/assert.ts";
import { createError } from "../simulator/common/foundation/errors.ts";
import { type PartitionShare, sumIds } from "./load-profile.ts";
import type { Position } from "./positions-file.ts";

const FOREIGN_ENTRIES_MAX = 1_000;

interface PartitionProgress extends PartitionShare {
  /** Next index that is not yet acknowledged. */
  nextIndex: number;
  /** Of those before `nextIndex`: what only the topic says, after a restart (G1). */
  resumed: number;
  idSum: number;
  idMix: number;
  shift: number;
  nextOffset: number;
  endOffset: number | null;
}

export interface RoundIdentity {
  readonly round: number;
  readonly firstId: number;
  readonly messages: number;
  readonly messageSize: number;
  readonly producer: ProducerIdentity;
}

/** A batch of ours in the topic. */
interface TopicBatch {
  readonly firstIndex: number;
  readonly records: number;
  readonly baseOffset: number;
}

/** Records that went out and are not acknowledged. */
interface SendCounts {
  readonly unknown: number;
  readonly refused: number;
}

export class RoundLedger {
  readonly partitions: readonly PartitionProgress[];
  firstSendAtUs = 0;
  acknowledged = 0;
  private lastAckAtUs = 0;
  private outcome: Ledger["outcome"] = "running";
  private reason: string | null = null;
  private foreign: Ledger["foreign"][number][] = [];
  private foreignCount = 0;
  private restarts = 0;
  private readonly latency = createLatencyCounts();
  private readonly identity: RoundIdentity;
  private readonly layout: IdLayout;
  private note: (p: number, position: Position) => void = () => undefined;

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
      // Each earlier record of ours has an offset of its own.
      nextOffset: share.firstIndex,
      endOffset: null,
    }));
  }

  get lastAck(): number {
    return this.lastAckAtUs;
  }

  /** The round follows this one, which is finished. */
  follow(earlier: Ledger): void {
    for (const partition of this.partitions) {
      const told = present(earlier.partitions[partition.p], `the ledger of partition ${partition.p}`);
      partition.nextOffset = told.nextOffset;
      partition.shift = (told.endOffset ?? told.nextOffset) - partition.firstIndex;
    }
  }

  /** A round that begins now. What lies in the topic before our first record, and is not ours, is foreign. */
  begin(endOffsets: readonly number[]): void {
    this.noteEnds(endOffsets);
  }

  /** From now on each acknowledgement is told, before anything follows from it. */
  noteInto(note: (p: number, position: Position) => void): void {
    this.note = note;
  }

  /**
   * The same round, after the producer's process was lost: what was acknowledged to it, by its last ledger and by the
   * positions, which are newer.
   */
  restore(before: Ledger, positions: readonly Position[], nowUs: number): void {
    this.firstSendAtUs = before.firstSendAtUs;
    this.lastAckAtUs = before.lastAckAtUs;
    this.restarts = before.restarts + 1;
    this.foreign = [...before.foreign];
    this.foreignCount = before.foreignCount;
    this.acknowledged = before.acknowledged;
    for (const partition of this.partitions) {
      const told = present(before.partitions[partition.p], `the ledger of partition ${partition.p}`);
      partition.nextIndex = partition.firstIndex + told.acknowledged;
      partition.resumed = told.resumed;
      partition.idSum = told.idSum;
      partition.idMix = told.idMix;
      partition.shift = told.shift;
      partition.nextOffset = told.nextOffset;
      const { nextIndex, nextOffset } = present(positions[partition.p], `the position of partition ${partition.p}`);
      if (nextIndex <= partition.nextIndex) continue;
      this.acknowledge(partition, nextIndex, nowUs);
      this.settle(partition, nextIndex, nextOffset);
    }
  }

  /** A batch of ours that a restarted producer found in the topic. What was acknowledged before is no news. */
  resumeBatch(p: number, batch: TopicBatch, nowUs: number): void {
    const partition = present(this.partitions[p], `partition ${p}`);
    const toIndex = Math.min(batch.firstIndex + batch.records, partition.endIndex);
    const fromIndex = partition.nextIndex;
    if (toIndex <= fromIndex) return;
    partition.resumed += toIndex - fromIndex;
    this.acknowledge(partition, toIndex, nowUs);
    this.settle(partition, fromIndex, batch.baseOffset + (fromIndex - batch.firstIndex));
  }

  /** The clock of a new round starts; a resumed one keeps its first send. */
  startClock(nowUs: number): void {
    if (this.firstSendAtUs === 0) this.firstSendAtUs = nowUs;
  }

  /** The answer to a batch of `records` records of partition p. */
  acknowledgeBatch(p: number, batch: { records: number; baseOffset: number; sentAtUs: number; nowUs: number }): void {
    const partition = present(this.partitions[p], `partition ${p}`);
    const fromIndex = partition.nextIndex;
    this.acknowledge(partition, fromIndex + batch.records, batch.nowUs);
    recordLatency(this.latency, batch.nowUs - batch.sentAtUs, batch.records);
    // A repeat of an old batch: Kafka has it, but no longer knows where. The next known offset is compared all the same.
    this.settle(partition, fromIndex, batch.baseOffset === -1 ? fromIndex + partition.shift : batch.baseOffset);
  }

  /** The offsets after the last acknowledgement; the round is complete. */
  finish(endOffsets: readonly number[]): void {
    this.noteEnds(endOffsets);
    for (const partition of this.partitions) partition.endOffset = endOffsets[partition.p] ?? null;
    this.outcome = "finished";
  }

  giveUp(reason: string): void {
    this.outcome = "gaveUp";
    this.reason = reason;
  }

  stop(): void {
    this.outcome = "stopped";
  }

  toFile(sends: SendCounts): Ledger {
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
      unknown: sends.unknown,
      refused: sends.refused,
      unsent: round.messages - this.acknowledged - sends.unknown - sends.refused,
      partitions: this.partitions.map((partition) => ({
        p: partition.p,
        firstIndex: partition.firstIndex,
        acknowledged: partition.nextIndex - partition.firstIndex,
        resumed: partition.resumed,
        nextOffset: partition.nextOffset,
        shift: partition.shift,
        idSum: partition.idSum,
        idMix: partition.idMix,
        endOffset: partition.endOffset,
      })),
      foreign: this.foreign,
      foreignCount: this.foreignCount,
      restarts: this.restarts,
      acknowledgeMs: {
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: quantile(1),
      },
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

  /** What is acknowledged up to `nextIndex` stands in the topic: the record at this index at this offset. */
  private settle(partition: PartitionProgress, index: number, offset: number): void {
    this.noteOffset(partition, index, offset);
    partition.nextOffset = partition.nextIndex + partition.shift;
    this.note(partition.p, partition);
  }

  /** The end of a log is the offset that our next record would get. */
  private noteEnds(endOffsets: readonly number[]): void {
    for (const partition of this.partitions) {
      const endOffset = present(endOffsets[partition.p], `end offset of ${partition.p}`);
      this.noteOffset(partition, partition.nextIndex, endOffset);
    }
  }

  /** Compares the offset that Kafka gives to the record at this index with the one it should have (G3, G4). */
  private noteOffset(partition: PartitionProgress, index: number, actual: number): void {
    const expected = index + partition.shift;
    if (actual === expected) return;
    if (actual < partition.nextOffset) {
      const { topic } = this.identity.producer;
      const loss = { topic, p: partition.p, acknowledged: partition.nextOffset, endOffset: actual };
      throw createError("PRODUCER_RECORDS_LOST", loss);
    }
    this.foreignCount += 1;
    if (this.foreign.length < FOREIGN_ENTRIES_MAX) this.foreign.push({ p: partition.p, expected, actual });
    partition.shift += actual - expected;
  }
}
