/**
 * Sends a round: fills prebuilt batches, keeps a bounded number in flight, and hands each acknowledgement to the ledger.
 *
 * States of a partition: idle → in flight (1 … IN_FLIGHT_PER_PARTITION batches) → done.
 *
 * S1 Memory is bounded: a batch lives in one of the pool's templates from `fill` until its outcome is known.
 * S2 Batches of a partition are sent in index order, each record once. Resending is the client's business.
 * S3 Acknowledgements are the backpressure: without a free template, or with enough in flight, nothing is filled.
 * S4 After the first send that fails nothing more is sent; `run` ends when every outcome is known.
 * S5 Where a batch ends follows from the index of its first record alone, never from the time: a restarted process fills
 *    the very batches that the lost one may still have on their way, and Kafka recognises the repeat.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { batchRecordsMax, recordsPerTurn } from "../simulator/common/contract/batch-size.ts";
import type { ProducerIdentity } from "../simulator/common/contract/files/ledger.ts";
import { type IdLayout, idOfIndex } from "../simulator/common/contract/message.ts";
import { present } from "../simulator/common/foundation/assert.ts";
import { BatchTemplate } from "./batch-template.ts";
import type { RoundLedger } from "./ledger.ts";
import { dueAtUs, lastIdDue, type Schedule, stepUs } from "./load-profile.ts";

const IN_FLIGHT_PER_PARTITION = 2;
const TEMPLATES_MAX = 24;
/** What is filled before the sockets get their turn. */
const TURN_BYTES = 64 * 1024;

/** What the loop needs of the Kafka client. */
export interface BatchSender {
  send(
    p: number,
    batch: { readonly batch: Buffer; readonly records: number; readonly firstSequence: number },
  ): Promise<{ readonly baseOffset: number }>;
}

export interface SendLoopOptions {
  readonly ledger: RoundLedger;
  readonly sender: BatchSender;
  readonly producer: ProducerIdentity;
  readonly messageSize: number;
  readonly layout: IdLayout;
  /** Of the round. */
  readonly firstId: number;
  readonly lastId: number;
  /** Null: batches are sent as they are filled. */
  readonly compress: ((batch: Buffer) => Buffer) | null;
  /** Messages per second; 0 = as fast as acknowledgements come. */
  readonly ratePerSecond: number;
  nowUs(): number;
}

interface PartitionSends {
  readonly p: number;
  readonly endIndex: number;
  nextIndex: number;
  inFlight: number;
}

export class SendLoop {
  sent = 0;
  /** The first one. */
  failure: unknown;
  private readonly options: SendLoopOptions;
  private readonly partitions: readonly PartitionSends[];
  private readonly recordsMax: number;
  /** Of a turn, whose last record ends a batch (S5). */
  private readonly turnRecords: number;
  /** From one record's id to the next one's, within a batch. */
  private readonly idStep: number;
  private readonly free: BatchTemplate[];
  private readonly pool: number;
  private unsent: number;
  private cursor = 0;
  private schedule: Schedule | null = null;
  /** With a rate: ids up to this one are due. */
  private dueId = 0;
  private wake: () => void = () => undefined;

  constructor(options: SendLoopOptions) {
    this.options = options;
    this.partitions = options.ledger.partitions.map(({ p, nextIndex, endIndex }) => ({
      p,
      nextIndex,
      endIndex,
      inFlight: 0,
    }));
    const shares = this.partitions.map(({ nextIndex, endIndex }) => endIndex - nextIndex);
    this.unsent = shares.reduce((sum, share) => sum + share, 0);
    const busy = shares.filter((share) => share > 0).length;
    const { layout } = options;
    const load = { messageSize: options.messageSize, rate: options.ratePerSecond, layout };
    this.turnRecords = recordsPerTurn(load);
    this.idStep = layout.stickyIds === 1 ? layout.partitions : 1;
    this.recordsMax = Math.max(1, Math.min(batchRecordsMax(load), Math.max(0, ...shares)));
    this.pool = Math.min(TEMPLATES_MAX, busy * IN_FLIGHT_PER_PARTITION);
    this.free = Array.from({ length: this.pool }, () => new BatchTemplate(options.messageSize, this.recordsMax));
  }

  /** Ends when all is acknowledged, or after a failure or a stop as soon as nothing is in flight. */
  async run(stopping: AbortSignal): Promise<void> {
    const { firstId, ratePerSecond, ledger } = this.options;
    // A restarted producer keeps the round's first send, and so its schedule: the time it was away counts as latency.
    this.schedule = ratePerSecond === 0 ? null : { firstId, ratePerSecond, startUs: ledger.firstSendAtUs };
    stopping.addEventListener("abort", () => this.wake(), { once: true });
    let bytes = 0;
    while (this.unsent > 0 && this.failure === undefined && !stopping.aborted) {
      this.moveDueId();
      const partition = this.free.length === 0 ? undefined : this.choosePartition();
      if (partition === undefined) {
        await this.waitForChange();
      } else {
        bytes += this.dispatch(partition);
        // Lets the sockets write and read acknowledgements; small batches are sent together.
        if (bytes >= TURN_BYTES) {
          bytes = 0;
          await nextTurn();
        }
      }
    }
    while (this.free.length < this.pool) await this.waitForChange();
  }

  /** The next partition, in turn, that has something to send; those with nothing in flight come first. */
  private choosePartition(): PartitionSends | undefined {
    let chosen: PartitionSends | undefined;
    for (let i = 0; i < this.partitions.length; i += 1) {
      const partition = present(this.partitions[(this.cursor + i) % this.partitions.length], "a partition");
      if (partition.inFlight >= IN_FLIGHT_PER_PARTITION || this.countDue(partition) === 0) continue;
      if (partition.inFlight === 0) {
        chosen = partition;
        break;
      }
      chosen ??= partition;
    }
    if (chosen !== undefined) this.cursor = (chosen.p + 1) % this.partitions.length;
    return chosen;
  }

  /**
   * Records of the partition's next batch, or 0 while they are not due. With a rate a batch ends with the partition's turn,
   * so that its ids are equally far apart, and it is due as a whole (S5).
   */
  private countDue({ p, nextIndex, endIndex }: PartitionSends): number {
    const inTurn = this.turnRecords - (nextIndex % this.turnRecords);
    const records = Math.min(this.recordsMax, inTurn, endIndex - nextIndex);
    if (records === 0 || this.schedule === null) return records;
    return idOfIndex(p, nextIndex + records - 1, this.options.layout) <= this.dueId ? records : 0;
  }

  /** Returns the bytes of the batch, as they were filled. */
  private dispatch(partition: PartitionSends): number {
    const { ledger, sender, producer, layout, compress, nowUs } = this.options;
    const { schedule, idStep } = this;
    const template = present(this.free.pop(), "a free template");
    const { p, nextIndex } = partition;
    const records = this.countDue(partition);
    const firstId = idOfIndex(p, nextIndex, layout);
    const sentAtUs = nowUs();
    const filled = template.fill({
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      firstIndex: nextIndex,
      records,
      firstId,
      idStep,
      tsUs: schedule === null ? sentAtUs : dueAtUs(schedule, firstId),
      tsStepUs: schedule === null ? 0 : stepUs(schedule) * idStep,
    });
    const batch = compress === null ? filled : compress(filled);
    partition.nextIndex += records;
    partition.inFlight += 1;
    this.unsent -= records;
    this.sent += records;
    void sender
      .send(p, { batch, records, firstSequence: nextIndex })
      .then(({ baseOffset }) => ledger.acknowledgeBatch(p, { records, baseOffset, sentAtUs, nowUs: nowUs() }))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        partition.inFlight -= 1;
        this.free.push(template);
        this.wake();
      });
    return filled.length;
  }

  /** In whole turns of a partition: records are sent when the last one of their turn is due, or of the round. */
  private moveDueId(): void {
    if (this.schedule === null) return;
    const dueId = lastIdDue(this.schedule, this.options.nowUs());
    const { layout, lastId } = this.options;
    this.dueId = dueId >= lastId ? dueId : dueId - (dueId % layout.stickyIds);
  }

  private msToNextTurn(schedule: Schedule): number {
    const { layout, lastId, nowUs } = this.options;
    const nextId = Math.min(this.dueId + layout.stickyIds, lastId);
    return Math.max(1, Math.ceil((dueAtUs(schedule, nextId) - nowUs()) / 1000));
  }

  /** Until an outcome is known, a stop, or (with a rate) the next turn. The client bounds the wait for outcomes. */
  private waitForChange(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.schedule === null ? undefined : setTimeout(resolve, this.msToNextTurn(this.schedule));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
