/**
 * PartitionReader: raw record batches of assigned partitions, at positions that the caller decides. No consumer group.
 *
 * R1 Records reach `onRecords` in offset order without gaps, each offset once: an answer counts only if the partition
 *    is still assigned, still led as it was when it was asked for, and still at that offset. Otherwise it is dropped.
 * R2 After `release` or `pause` of a partition, `onRecords` is not called for it. What was already on its way to a
 *    paused one is kept (one answer at most) and handed out on `resume`.
 * R3 What may pass by itself (no leader, a lost connection) is handled here, with backoff; `onError` gets what the
 *    caller must decide. A partition named in an error is not fetched any more until it is assigned again; after an
 *    error without a partition nothing is.
 * R4 `onRecords` must not keep the buffer. It may call any method of the reader.
 * R5 Nobody looks into a batch here, beyond its length and its offsets: who decodes the records checks the checksum
 *    (`verifyBatchCrc`) and decides what may be read (`judgeBatch`), once a batch.
 * R6 A partition moves as soon as metadata names a new leader, whatever its old one still owes. When a leader is silent
 *    the other brokers are asked, so that this does not wait for a deadline.
 * R7 That an offset is out of range is believed when the leader of the highest epoch confirms it: one that was replaced
 *    does not hold what came after.
 */
import { setTimeout as delay } from "node:timers/promises";
import { unreachable } from "../../common/foundation/assert.ts";
import { createBackoff } from "../../common/foundation/backoff.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import {
  type AssignedPartition,
  createAssignedPartition,
  type FetchedRecords,
  judgeFailure,
  noteFailure,
  noteMissing,
} from "./assigned-partition.ts";
import { type KafkaCluster, TOPIC_MISSING_AFTER_MS } from "./cluster.ts";
import { type Accepted, type FetchQuestion, LeaderFetcher } from "./leader-fetcher.ts";
import { BACKOFF_CAP_MS, BACKOFF_INITIAL_MS, brokerError, isConnectionFailure } from "./retry.ts";
import type { PartitionLeader } from "./topic-leaders.ts";
import type { FetchedPartition } from "./wire/apis/fetch.ts";
import { describeBrokerError, ErrorCode } from "./wire/error-codes.ts";
import type { ByteRange } from "./wire/reader.ts";
import { walkRecordSet } from "./wire/record-batch.ts";

export interface PartitionReaderOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  /** Default 4 MiB. A batch that is larger comes whole all the same. */
  readonly maxBytesPerPartition?: number;
  /** The broker answers at this many bytes (default 1) or after this time (default 500 ms; while nothing comes, 4 s). */
  readonly minBytes?: number;
  readonly maxWaitMs?: number;
  /** How long Kafka may stay away, or a partition without a leader, before `onError`. Default 60 s. */
  readonly unreachableAfterMs?: number;
  readonly onRecords: (records: FetchedRecords) => void;
  readonly onError: (p: number | null, error: AppError) => void;
}

/** With a backlog four batches of a producer at full speed: an answer, and what follows from it, costs the same for one. */
const MAX_BYTES_PER_PARTITION = 4 * 1024 * 1024;
/**
 * Whatever is there, and no answer while nothing is. Records are collected by the producer, once for all readers: to
 * collect here too costs an empty answer for each wait that ends before the bytes are there.
 */
const MIN_BYTES = 1;
const MAX_WAIT_MS = 500;
const UNREACHABLE_AFTER_MS = 60_000;
const NONE_ABORTED: FetchedRecords["abortedTransactions"] = [];

export class PartitionReader {
  readonly #options: PartitionReaderOptions;
  readonly #unreachableAfterMs: number;
  readonly #partitions = new Map<number, AssignedPartition>();
  readonly #fetchers = new Map<number, LeaderFetcher<AssignedPartition>>();
  readonly #closing = new AbortController();
  readonly #backoff = createBackoff({ initialMs: BACKOFF_INITIAL_MS, capMs: BACKOFF_CAP_MS });
  readonly #unwatchLeaders: () => void;
  #refreshing: Promise<void> | undefined;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionReaderOptions) {
    this.#options = options;
    this.#unreachableAfterMs = options.unreachableAfterMs ?? UNREACHABLE_AFTER_MS;
    this.#unwatchLeaders = options.cluster.watchLeaders(options.topic, () => this.#followLeaders());
  }

  /** Reads p from this offset on. An assigned partition is moved there: what is on its way is dropped. */
  assign(p: number, offset: number): void {
    if (this.#closing.signal.aborted) return;
    this.#partitions.set(p, createAssignedPartition(p, offset, this.#leaderOf(p)));
    this.#pump();
  }

  release(p: number): void {
    this.#partitions.delete(p);
  }

  pause(p: number): void {
    const partition = this.#partitions.get(p);
    if (partition !== undefined) partition.paused = true;
  }

  resume(p: number): void {
    const partition = this.#partitions.get(p);
    if (partition?.paused !== true) return;
    partition.paused = false;
    partition.failing = undefined;
    // Not from within the caller's call: it may be in the middle of the records before these.
    if (partition.held !== undefined) setImmediate(() => this.#handOutHeld(partition));
    else this.#pump();
  }

  /** Nothing is called back any more, from this call on. */
  async close(): Promise<void> {
    this.#closing.abort(createError("KAFKA_CLOSED", { what: "the partition reader" }));
    this.#unwatchLeaders();
    this.#partitions.clear();
    for (const fetcher of this.#fetchers.values()) fetcher.close();
    await this.#refreshing;
  }

  /** Starts whatever is due: fetches where a leader is known, a metadata refresh where it is not. */
  #pump(): void {
    for (const partition of this.#partitions.values()) {
      if (partition.leader === undefined) this.#refreshing ??= this.#refreshLeaders();
      else this.#fetcherOf(partition.leader.nodeId).pump();
    }
  }

  #fetcherOf(nodeId: number): LeaderFetcher<AssignedPartition> {
    const existing = this.#fetchers.get(nodeId);
    if (existing !== undefined) return existing;
    const { cluster, topic, maxBytesPerPartition, minBytes, maxWaitMs } = this.#options;
    const settings = {
      topic,
      maxBytesPerPartition: maxBytesPerPartition ?? MAX_BYTES_PER_PARTITION,
      minBytes: minBytes ?? MIN_BYTES,
      maxWaitMs: maxWaitMs ?? MAX_WAIT_MS,
    };
    const fetcher = new LeaderFetcher<AssignedPartition>(settings, {
      openConnection: (events) => cluster.openConnection(nodeId, events),
      wanted: () => this.#wantedFrom(nodeId),
      accept: (asked, buffer, partitions) => this.#accept(asked, buffer, partitions),
      handOut: (partition, records) => this.#handOut(partition, records),
      failed: (error) => this.#leaderFailed(nodeId, error),
      silent: () => this.#lookPastSilence(nodeId),
    });
    this.#fetchers.set(nodeId, fetcher);
    return fetcher;
  }

  #wantedFrom(nodeId: number): FetchQuestion<AssignedPartition>[] {
    const questions: FetchQuestion<AssignedPartition>[] = [];
    for (const partition of this.#partitions.values()) {
      const { p, offset, leader, paused, inQuestion, held } = partition;
      if (leader?.nodeId !== nodeId || paused || inQuestion || held !== undefined) continue;
      questions.push({ target: partition, p, offset, leader });
    }
    return questions;
  }

  #accept(
    asked: ReadonlyMap<number, FetchQuestion<AssignedPartition>>,
    buffer: Buffer,
    answered: readonly FetchedPartition<ByteRange | undefined>[],
  ): Accepted<AssignedPartition>[] {
    const accepted: Accepted<AssignedPartition>[] = [];
    let wellAnswered = true;
    for (const [index, answer] of answered.entries()) {
      const question = asked.get(answer.p);
      if (question === undefined) continue;
      const partition = question.target;
      if (!this.#isCurrent(partition) || partition.offset !== question.offset) continue;
      if (partition.leader !== question.leader) continue;
      if (answer.errorCode !== ErrorCode.NONE) {
        wellAnswered = false;
        this.#partitionFailed(partition, answer.errorCode);
        continue;
      }
      partition.failing = undefined;
      const records = this.#walk(partition, buffer, answer, index === 0);
      if (records !== undefined) accepted.push({ target: partition, records });
    }
    if (wellAnswered) this.#backoff.reset();
    return accepted;
  }

  /** Moves the partition to the offset after what was fetched. */
  #walk(
    partition: AssignedPartition,
    buffer: Buffer,
    answer: FetchedPartition<ByteRange | undefined>,
    isFirst: boolean,
  ): FetchedRecords | undefined {
    const range = answer.records;
    if (range === undefined || range.start === range.end) return undefined;
    const { p, offset: fetchOffset } = partition;
    const place = { topic: this.#options.topic, p, offset: fetchOffset };
    const { end, nextOffset, refused } = walkRecordSet(buffer, range, place);
    if (end === range.start) {
      // A cut batch is whole next time, when this partition comes first; the first one's is whole by the protocol.
      const what = "the broker cut the first batch of its answer";
      const cut = isFirst ? createError("KAFKA_BATCH_CORRUPT", { ...place, what }) : undefined;
      const error = refused ?? cut;
      if (error !== undefined) this.#report(partition, error);
      return undefined;
    }
    partition.offset = nextOffset;
    // To the end of the queue: the answer's size is limited, and who comes first is served first.
    this.#partitions.delete(p);
    this.#partitions.set(p, partition);
    const { lastStableOffset, highWatermark } = answer;
    const abortedTransactions = answer.abortedTransactions ?? NONE_ABORTED;
    const { start } = range;
    // One literal, as in the rehearsal: with another form of the object, what was compiled there is thrown away.
    return { p, buffer, start, end, fetchOffset, nextOffset, lastStableOffset, highWatermark, abortedTransactions };
  }

  #handOut(partition: AssignedPartition, records: FetchedRecords): void {
    if (!this.#isCurrent(partition)) return;
    if (partition.paused) {
      const copy = Buffer.from(records.buffer.subarray(records.start, records.end));
      partition.held = { ...records, buffer: copy, start: 0, end: copy.length };
      return;
    }
    this.#call(partition, records);
  }

  /** A caller that throws cannot go on with this partition; the others can. */
  #call(partition: AssignedPartition, records: FetchedRecords): void {
    try {
      this.#options.onRecords(records);
    } catch (error) {
      if (this.#isCurrent(partition)) this.#report(partition, toAppError(error));
    }
  }

  #handOutHeld(partition: AssignedPartition): void {
    const records = partition.held;
    if (records === undefined || partition.paused || !this.#isCurrent(partition)) return;
    partition.held = undefined;
    this.#pump();
    this.#call(partition, records);
  }

  #isCurrent(partition: AssignedPartition): boolean {
    return this.#partitions.get(partition.p) === partition;
  }

  #partitionFailed(partition: AssignedPartition, code: number): void {
    const error = brokerError(`fetching ${this.#options.topic}-${partition.p} at ${partition.offset}`, code);
    if (code === ErrorCode.OFFSET_OUT_OF_RANGE) void this.#checkRange(partition, error);
    else if (describeBrokerError(code).action === "fatal") this.#report(partition, error);
    else this.#retryLater(partition, error);
  }

  /** Asks what Kafka holds (R7), so that the error can say it. */
  async #checkRange(partition: AssignedPartition, refused: AppError): Promise<void> {
    const { cluster, topic } = this.#options;
    const { p, offset } = partition;
    partition.inQuestion = true;
    const asking = Promise.all([
      cluster.listOffsets(topic, [p], "earliest"),
      cluster.listOffsets(topic, [p], "latest"),
    ]);
    const held = await asking.catch(toAppError);
    // Assigned anew meanwhile: then this is old news.
    if (!this.#isCurrent(partition)) return;
    partition.inQuestion = false;
    if (held instanceof Error) {
      this.#report(partition, held);
      return;
    }
    const [[earliest = -1], [latest = -1]] = held;
    if (offset >= earliest && offset <= latest) this.#retryLater(partition, refused);
    else this.#report(partition, createError("KAFKA_OFFSET_OUT_OF_RANGE", { topic, p, offset, earliest, latest }));
  }

  #leaderFailed(nodeId: number, error: AppError): void {
    for (const partition of this.#partitions.values()) {
      if (partition.leader?.nodeId === nodeId) this.#retryLater(partition, error);
    }
  }

  /** The leader may be slow, or hung. If it was replaced, the others know: what they say comes by `#followLeaders`. */
  #lookPastSilence(nodeId: number): void {
    const isWanted = [...this.#partitions.values()].some(({ leader }) => leader?.nodeId === nodeId);
    if (!isWanted) return;
    this.#options.cluster.refreshTopic(this.#options.topic).catch((error: unknown) => {
      if (!isConnectionFailure(error) && !this.#closing.signal.aborted) this.#giveUp(error);
    });
  }

  /** Moves each partition that is led by another now (R6). Those without a leader are the refresh's business. */
  #followLeaders(): void {
    const { topic } = this.#options;
    for (const partition of this.#partitions.values()) {
      if (partition.leader === undefined) continue;
      const leader = this.#leaderOf(partition.p);
      if (leader !== undefined) partition.leader = leader;
      else this.#retryLater(partition, notElected(topic, partition.p));
    }
    this.#pump();
  }

  #leaderOf(p: number): PartitionLeader | undefined {
    return this.#options.cluster.leaderOf(this.#options.topic, p);
  }

  #retryLater(partition: AssignedPartition, error: AppError): void {
    noteFailure(partition, error, performance.now());
    this.#refreshing ??= this.#refreshLeaders();
  }

  #report(partition: AssignedPartition, error: AppError): void {
    this.#partitions.delete(partition.p);
    this.#options.onError(partition.p, error);
  }

  /** Asks for leaders, with backoff, until every partition has one or is given up. */
  async #refreshLeaders(): Promise<void> {
    try {
      // Begins in a later turn, so that `#refreshing` is set before it is cleared.
      await Promise.resolve();
      while (this.#leaderless().length > 0) {
        const dueAtMs = this.#refreshedAtMs + this.#backoff.nextMs();
        await delay(Math.max(0, dueAtMs - performance.now()), undefined, { signal: this.#closing.signal });
        this.#refreshedAtMs = performance.now();
        await this.#refreshOnce();
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#giveUp(error);
    } finally {
      this.#refreshing = undefined;
    }
    this.#pump();
  }

  async #refreshOnce(): Promise<void> {
    const { cluster, topic } = this.#options;
    for (const partition of this.#leaderless()) this.#dropIfHopeless(partition);
    try {
      const lookup = await cluster.refreshTopic(topic);
      const partitionCount = lookup.kind === "found" ? lookup.topic.partitions.length : 0;
      for (const partition of this.#leaderless()) {
        partition.leader = this.#leaderOf(partition.p);
        if (partition.leader !== undefined) continue;
        if (partition.p >= partitionCount) noteMissing(partition, performance.now());
        else noteFailure(partition, notElected(topic, partition.p), performance.now());
      }
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      for (const partition of this.#leaderless()) noteFailure(partition, error, performance.now());
    }
  }

  #leaderless(): AssignedPartition[] {
    return [...this.#partitions.values()].filter((partition) => partition.leader === undefined);
  }

  #dropIfHopeless(partition: AssignedPartition): void {
    if (partition.failing === undefined) return;
    const { cluster, topic } = this.#options;
    const patience = { unreachableAfterMs: this.#unreachableAfterMs, missingAfterMs: TOPIC_MISSING_AFTER_MS };
    const verdict = judgeFailure(partition.failing, topic, patience, performance.now());
    switch (verdict.kind) {
      case "mayPass":
        return;
      case "partitionLost":
        this.#report(partition, verdict.error);
        return;
      case "unreachable": {
        const { waitedMs, cause } = verdict;
        this.#giveUp(createError("KAFKA_UNREACHABLE", { endpoint: cluster.endpoint, waitedMs }, cause));
        return;
      }
      default:
        unreachable(verdict);
    }
  }

  /** Nothing is fetched after this (R3). */
  #giveUp(error: unknown): void {
    if (this.#partitions.size === 0) return;
    this.#partitions.clear();
    this.#options.onError(null, toAppError(error));
  }
}

function notElected(topic: string, p: number): AppError {
  return brokerError(`the leader of ${topic}-${p}`, ErrorCode.LEADER_NOT_AVAILABLE, "none is elected");
}

function toAppError(error: unknown): AppError {
  return isAppError(error) ? error : createError("ASSERTION_FAILED", { what: "the partition reader threw" }, error);
}
