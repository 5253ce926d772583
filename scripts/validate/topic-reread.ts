/**
 * Reads the whole topic once more, all partitions at a time, into a tally.
 *
 * States of a partition: open → done, or left: the rest of it is unread, with the reason.
 *
 * W1 A partition is released when its tally reached its end.
 * W2 The wait ends when nothing was read for stuckMs; what is still open then is left.
 * W3 What Kafka deleted while it was read is skipped, and known as unread. A broker that says "out of range" of an offset
 *    that the cluster holds is no longer the leader: the partition is asked for again, of whoever is.
 * W4 A partition that cannot be read on is left, and does not keep the others from being read. Only what ends all of them
 *    at once (Kafka is not reachable, a programmer's error) is thrown.
 * W5 Progress is told when the re-read begins and when it is over, and in between when a look finds something new.
 */
import type { FetchedRecords } from "../../simulator/clients/kafka/assigned-partition.ts";
import type { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { PartitionReader } from "../../simulator/clients/kafka/consumer.ts";
import { sleep } from "../../simulator/common/foundation/deadline.ts";
import { type AppError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { type PartitionTally, skipUnread, type TopicTally } from "./topic-tally.ts";

const STUCK_MS = 60_000;
const STUCK_LOOK_MS = 500;
const ASK_AGAIN_MS = 500;
const PROGRESS_INTERVAL_MS = 250;

export interface RereadOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly tally: Pick<TopicTally, "add">;
  readonly partitions: readonly PartitionTally[];
  readonly signal: AbortSignal;
  /** Default 60 s. */
  readonly stuckMs?: number;
  /** How many offsets are behind it, of all that were to read (W5). */
  readonly onProgress?: (done: number, total: number) => void;
}

export async function rereadTopic(options: RereadOptions): Promise<void> {
  const reread = new TopicReread(options);
  try {
    await reread.run();
  } finally {
    await reread.close();
  }
}

class TopicReread {
  readonly #options: RereadOptions;
  readonly #stuckMs: number;
  readonly #open: Map<number, PartitionTally>;
  readonly #done = Promise.withResolvers<void>();
  readonly #reader: PartitionReader;
  readonly #closing = new AbortController();
  #movedAtMs = performance.now();
  /** Of `partitions`: offsets that were open when the re-read began. */
  readonly #total: number;
  #told = -1;

  constructor(options: RereadOptions) {
    const { cluster, topic, partitions, stuckMs } = options;
    this.#options = options;
    this.#stuckMs = stuckMs ?? STUCK_MS;
    const unfinished = partitions.filter(({ position, end }) => position < end);
    this.#total = countOpen(partitions);
    this.#open = new Map(unfinished.map((partition) => [partition.p, partition]));
    this.#reader = new PartitionReader({
      cluster,
      topic,
      onRecords: (records) => this.#receive(records),
      onError: (p, error) => this.#receiveError(p, error),
    });
  }

  async run(): Promise<void> {
    if (this.#open.size === 0) return;
    const { signal } = this.#options;
    const watch = setInterval(() => this.#lookForStandstill(), STUCK_LOOK_MS);
    const progress = setInterval(() => this.#tellProgress(), PROGRESS_INTERVAL_MS);
    this.#tellProgress();
    const stop = () => this.#done.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      for (const { p, position } of this.#open.values()) this.#reader.assign(p, position);
      await this.#done.promise;
      this.#tellProgress();
    } finally {
      clearInterval(watch);
      clearInterval(progress);
      signal.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reader.close();
  }

  /** W5. */
  #tellProgress(): void {
    const done = this.#total - countOpen(this.#options.partitions);
    if (done === this.#told) return;
    this.#told = done;
    this.#options.onProgress?.(done, this.#total);
  }

  #receive(fetched: FetchedRecords): void {
    const partition = this.#open.get(fetched.p);
    if (partition === undefined) return;
    this.#movedAtMs = performance.now();
    try {
      this.#options.tally.add(partition, fetched);
    } catch (error) {
      // Thrown here it would end up in the client's loop; the wait is who must know.
      this.#giveUp(partition, error);
      return;
    }
    if (partition.position >= partition.end) this.#finish(partition);
  }

  #receiveError(p: number | null, error: AppError): void {
    const partition = p === null ? undefined : this.#open.get(p);
    if (partition === undefined) this.#done.reject(error);
    else if (error.code === "KAFKA_OFFSET_OUT_OF_RANGE") {
      this.#placeAnew(partition).catch((cause: unknown) => this.#giveUp(partition, cause));
    } else this.#giveUp(partition, error);
  }

  /** W3. */
  async #placeAnew(partition: PartitionTally): Promise<void> {
    const { cluster, topic } = this.#options;
    const { p } = partition;
    // Without this a broker that wakes up would be asked again at once, in a circle.
    await sleep(ASK_AGAIN_MS);
    if (this.#closing.signal.aborted || !this.#open.has(p)) return;
    await cluster.refreshTopic(topic);
    const [earliest] = await cluster.listOffsets(topic, [p], "earliest");
    if (this.#closing.signal.aborted || !this.#open.has(p)) return;
    if ((earliest ?? 0) > partition.position) this.#movedAtMs = performance.now();
    skipUnread(partition, earliest ?? 0, DELETED);
    if (partition.position >= partition.end) this.#finish(partition);
    else this.#reader.assign(p, partition.position);
  }

  #lookForStandstill(): void {
    const waitedMs = Math.round(performance.now() - this.#movedAtMs);
    if (waitedMs < this.#stuckMs) return;
    for (const partition of [...this.#open.values()]) this.#leave(partition, `no record came for ${waitedMs} ms`);
  }

  /** W4. */
  #giveUp(partition: PartitionTally, error: unknown): void {
    if (isAppError(error)) this.#leave(partition, describeError(error));
    else this.#done.reject(error);
  }

  #leave(partition: PartitionTally, why: string): void {
    skipUnread(partition, partition.end, why);
    this.#finish(partition);
  }

  #finish({ p }: PartitionTally): void {
    this.#open.delete(p);
    this.#reader.release(p);
    if (this.#open.size === 0) this.#done.resolve();
  }
}

const countOpen = (partitions: readonly PartitionTally[]): number =>
  partitions.reduce((sum, { position, end }) => sum + Math.max(0, end - position), 0);

/** Why offsets are unread that retention, compaction or somebody removed. */
export const DELETED = "Kafka does not hold them any more";
