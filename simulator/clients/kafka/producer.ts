/**
 * IdempotentProducer: sends complete, sealed record batches; each is appended once, in order, or the send rejects.
 *
 * The batches carry producer id, epoch and first sequence, so a repeat is recognised by the broker. What may be sent
 * when is decided by `PartitionSender`; here are the sockets, the clock and the meaning of the answers.
 *
 * I1 acks = all, and requests of one partition go over one connection at a time, in order: that of the partition's lane.
 * I2 After an unknown outcome the partition's requests in flight end first; then the same batches go out in order. So it
 *    is, too, when metadata names a new leader: to the old one nothing more is sent.
 * I3 A send rejects only when the partition is given up: by a fatal answer, by a log that has lost what was acknowledged,
 *    or after `giveUpAfterMs` without an acknowledgement. All later sends to it reject with the same error.
 * I4 A refusal as out of order is judged by the log alone. It may hold the batch, and its broker may have forgotten that
 *    (see `own-batches.ts`). It may lack acknowledged records: then it is asked again for `confirmLossMs`, since a broker
 *    that no longer leads, and does not know it yet, has an older log.
 * I5 A connection that is silent, and has requests of a partition which is led by another broker now, is abandoned: its
 *    requests end as unknown. While nobody names a new leader it is waited for, until the request's deadline.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, createBackoff } from "../../common/foundation/backoff.ts";
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import type { Connection } from "./connection.ts";
import { lookForBatch, type ProducerIdentity } from "./own-batches.ts";
import { type Fate, PartitionSender, type SendEntry } from "./partition-sender.ts";
import { BACKOFF_CAP_MS, BACKOFF_INITIAL_MS, brokerError, checkCode, isConnectionFailure } from "./retry.ts";
import { initProducerIdApi } from "./wire/apis/init-producer-id.ts";
import { type ProducedPartition, produceApi } from "./wire/apis/produce.ts";
import { describeBrokerError, ErrorCode, rulesOutAppend } from "./wire/error-codes.ts";
import type { Reader } from "./wire/reader.ts";

export interface IdempotentProducerOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  /** Null: a new one is asked for. Keep it, and give it again after a restart. */
  readonly identity: ProducerIdentity | null;
  /** Without an acknowledgement for a partition. Default 60 s. */
  readonly giveUpAfterMs?: number;
  /** How long one request may go unanswered before its connection counts as dead. Default 15 s. */
  readonly requestDeadlineMs?: number;
  /** How long a log must lack acknowledged records before they count as lost (I4). Default 30 s. */
  readonly confirmLossMs?: number;
  /** Told once a partition, when its log lacks acknowledged records for the first time. */
  readonly onDoubt?: (text: string) => void;
}

export interface BatchToSend {
  /** A sealed RecordBatch with the producer's identity and `firstSequence` inside; untouched until settled. */
  readonly batch: Buffer;
  readonly records: number;
  readonly firstSequence: number;
}

export interface SendResult {
  /** Of the batch's first record. -1: the broker has it, but no longer knows where (a repeat of an old batch). */
  readonly baseOffset: number;
}

interface PartitionState {
  readonly p: number;
  readonly sender: PartitionSender;
  readonly backoff: Backoff;
  /** Where its batches in flight are. */
  leader: number | undefined;
  recovering: Promise<void> | undefined;
  failingSinceMs: number | undefined;
  lastError: AppError | undefined;
  /** The oldest unsettled batch, when its last answer was that it is out of order, until the log was asked. */
  outOfOrder: SendEntry | undefined;
  /** What the log said then, while nothing was acknowledged since. */
  lastLook: { readonly endOffset: number; readonly lackingSinceMs: number | undefined } | undefined;
}

/** A batch that may go out, and what its partition must learn of its end. */
interface Departure {
  readonly partition: PartitionState;
  readonly entry: SendEntry;
}

type Link =
  | { readonly kind: "connecting" }
  /** Departures of this turn of the event loop go out at its end, together. */
  | { readonly kind: "open"; readonly connection: Connection; departures: Departure[] };

const GIVE_UP_AFTER_MS = 60_000;
const CONFIRM_LOSS_MS = 30_000;
const REQUEST_DEADLINE_MS = 15_000;
/** How long the broker may wait for its replicas. Less than the request's deadline, so that it says so itself. */
const REPLICATION_TIMEOUT_MS = 10_000;
const ACKS_ALL = -1;
/**
 * Connections to a leader. A broker takes the next request of a connection when it has answered the one before, so with
 * a single connection all appends would wait for each other. As many as a broker has network threads, unless configured.
 */
const LANES = 3;
const laneOf = ({ p }: { readonly p: number }): number => p % LANES;
/** Of one request with batches of several partitions. A larger batch goes alone. */
const REQUEST_BYTES_MAX = 512 * 1024;

export class IdempotentProducer {
  readonly identity: ProducerIdentity;
  readonly #options: IdempotentProducerOptions;
  readonly #giveUpAfterMs: number;
  readonly #partitions = new Map<number, PartitionState>();
  /** By leader, a lane each. */
  readonly #links = new Map<number, (Link | undefined)[]>();
  /** Records of rejected sends. */
  readonly #rejected: Record<Fate, number> = { unsent: 0, refused: 0, unknown: 0 };
  readonly #closing = new AbortController();
  readonly #unwatchLeaders: () => void;

  static async open(options: IdempotentProducerOptions): Promise<IdempotentProducer> {
    const identity = options.identity ?? (await initProducerId(options.cluster));
    await options.cluster.topic(options.topic);
    return new IdempotentProducer(options, identity);
  }

  private constructor(options: IdempotentProducerOptions, identity: ProducerIdentity) {
    this.#options = options;
    this.#giveUpAfterMs = options.giveUpAfterMs ?? GIVE_UP_AFTER_MS;
    this.identity = identity;
    this.#unwatchLeaders = options.cluster.watchLeaders(options.topic, () => this.#followLeaders());
  }

  /** Batches of a partition must be given in order of their sequences, without gaps. */
  send(p: number, batch: BatchToSend): Promise<SendResult> {
    return new Promise<SendResult>((resolve, reject) => {
      if (this.#closing.signal.aborted) {
        reject(closedError());
        return;
      }
      const partition = this.#partitionOf(p);
      const rejectWithFate = (error: AppError, fate: Fate) => {
        this.#rejected[fate] += batch.records;
        reject(error);
      };
      partition.sender.add({ ...batch, resolve, reject: rejectWithFate });
      this.#advance(partition);
    });
  }

  /** Records given to `send` that are not acknowledged, as far as this fate is what is known of them now. */
  countRecords(fate: Fate): number {
    const senders = [...this.#partitions.values()].map(({ sender }) => sender);
    return senders.reduce((sum, sender) => sum + sender.countRecords(fate), this.#rejected[fate]);
  }

  /** Rejects what is unsettled. */
  async close(reason: AppError = closedError()): Promise<void> {
    this.#closing.abort(reason);
    this.#unwatchLeaders();
    for (const { sender } of this.#partitions.values()) sender.giveUp(reason);
    for (const link of [...this.#links.values()].flat()) if (link?.kind === "open") link.connection.close();
    await Promise.all([...this.#partitions.values()].map(({ recovering }) => recovering));
  }

  #partitionOf(p: number): PartitionState {
    const existing = this.#partitions.get(p);
    if (existing !== undefined) return existing;
    const partition: PartitionState = {
      p,
      sender: new PartitionSender(),
      backoff: createBackoff({ initialMs: BACKOFF_INITIAL_MS, capMs: BACKOFF_CAP_MS }),
      leader: undefined,
      recovering: undefined,
      failingSinceMs: undefined,
      lastError: undefined,
      outOfOrder: undefined,
      lastLook: undefined,
    };
    this.#partitions.set(p, partition);
    return partition;
  }

  /** Does what the sender's state allows: sends, or begins to recover. */
  #advance(partition: PartitionState): void {
    const { sender } = partition;
    if (sender.kind === "waiting") partition.recovering ??= this.#recover(partition);
    if ((sender.kind !== "flowing" && sender.kind !== "careful") || sender.unsettled === 0) return;
    const leader = this.#leaderOf(partition);
    const hasMoved = sender.inFlight > 0 && leader !== partition.leader;
    if (leader === undefined || hasMoved) {
      const what = `sending to ${this.#options.topic}-${partition.p}`;
      const detail = hasMoved ? `broker ${partition.leader} no longer leads it` : "none is elected";
      this.#interrupt(partition, brokerError(what, ErrorCode.LEADER_NOT_AVAILABLE, detail));
      return;
    }
    partition.leader = leader;
    const lanes = this.#lanesTo(leader);
    const lane = laneOf(partition);
    const link = lanes[lane];
    if (link === undefined) void this.#connect(leader, lane);
    else if (link.kind === "open") this.#departAllowed(partition, link);
  }

  #leaderOf({ p }: PartitionState): number | undefined {
    return this.#options.cluster.leaderOf(this.#options.topic, p)?.nodeId;
  }

  /** Some partition has another leader: those that wait for a connection to the old one go on. */
  #followLeaders(): void {
    for (const partition of this.#partitions.values()) this.#advance(partition);
  }

  #lanesTo(leader: number): (Link | undefined)[] {
    const existing = this.#links.get(leader);
    if (existing !== undefined) return existing;
    const lanes = Array.from({ length: LANES }, () => undefined);
    this.#links.set(leader, lanes);
    return lanes;
  }

  #departAllowed(partition: PartitionState, link: Link & { kind: "open" }): void {
    for (let entry = partition.sender.next(); entry !== undefined; entry = partition.sender.next()) {
      if (link.departures.length === 0) queueMicrotask(() => this.#depart(link));
      link.departures.push({ partition, entry });
    }
  }

  /** Small batches of different partitions share a request: its cost is per request, not per byte. */
  #depart(link: Link & { kind: "open" }): void {
    const departures = link.departures;
    link.departures = [];
    let together = new Map<number, Departure>();
    let bytes = 0;
    for (const departure of departures) {
      const { partition, entry } = departure;
      // A request holds one batch of a partition at most.
      if (together.size > 0 && (together.has(partition.p) || bytes + entry.batch.length > REQUEST_BYTES_MAX)) {
        this.#sendTogether(link.connection, together);
        together = new Map();
        bytes = 0;
      }
      together.set(partition.p, departure);
      bytes += entry.batch.length;
    }
    this.#sendTogether(link.connection, together);
  }

  #sendTogether(connection: Connection, together: ReadonlyMap<number, Departure>): void {
    const partitions = [...together.values()].map(({ partition, entry }) => ({
      p: partition.p,
      records: [entry.batch],
    }));
    const request = {
      transactionalId: null,
      acks: ACKS_ALL,
      timeoutMs: REPLICATION_TIMEOUT_MS,
      topics: [{ name: this.#options.topic, partitions }],
    };
    let wentOut = false;
    const handler = {
      onAnswer: (r: Reader, version: number) => {
        const answers = produceApi.decodeResponse(r, version).topics[0]?.partitions ?? [];
        const answered = new Map(answers.map((answer) => [answer.p, answer]));
        if (partitions.some(({ p }) => !answered.has(p))) {
          throw createError("KAFKA_MALFORMED", { what: "a produce answer without a partition", position: 0 });
        }
        for (const { partition, entry } of together.values()) {
          this.#answered(partition, entry, answered.get(partition.p) as ProducedPartition);
        }
      },
      onFailure: (error: AppError) => {
        const fate = wentOut ? "unknown" : "unsent";
        for (const { partition, entry } of together.values()) this.#failed(partition, entry, error, fate);
      },
    };
    const deadlineMs = this.#options.requestDeadlineMs ?? REQUEST_DEADLINE_MS;
    // On a connection that is closed already, it fails within the call.
    connection.sendInPlace(produceApi, request, handler, { deadlineMs });
    wentOut = true;
  }

  #answered(partition: PartitionState, entry: SendEntry, answer: ProducedPartition): void {
    const { sender } = partition;
    const code = answer.errorCode;
    if (code === ErrorCode.NONE || code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      partition.failingSinceMs = undefined;
      partition.outOfOrder = undefined;
      partition.lastLook = undefined;
      partition.backoff.reset();
      sender.acknowledged(entry, code === ErrorCode.NONE ? answer.baseOffset : -1);
      this.#advance(partition);
      return;
    }
    const what = `sending to ${this.#options.topic}-${partition.p}`;
    const error = brokerError(what, code, answer.errorMessage ?? "");
    // Behind a batch that failed, any refusal may be a consequence: it is judged when it is the oldest itself.
    const isHead = sender.head === entry;
    if (isHead && code === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) partition.outOfOrder = entry;
    else if (isHead && describeBrokerError(code).action === "fatal") sender.giveUp(error);
    this.#failed(partition, entry, error, rulesOutAppend(code) ? "refused" : "unknown");
  }

  #failed(partition: PartitionState, entry: SendEntry, error: AppError, fate: Fate): void {
    partition.lastError = error;
    // An older broker, or a programmer's error: no retry changes it.
    if (!isConnectionFailure(error) && error.code !== "KAFKA_BROKER_ERROR") partition.sender.giveUp(error);
    partition.sender.unsettledAgain(entry, fate);
    this.#advance(partition);
  }

  #interrupt(partition: PartitionState, error: AppError): void {
    partition.lastError = error;
    partition.sender.interrupt();
    this.#advance(partition);
  }

  async #connect(leader: number, lane: number): Promise<void> {
    const lanes = this.#lanesTo(leader);
    lanes[lane] = { kind: "connecting" };
    const forget = () => {
      lanes[lane] = undefined;
    };
    try {
      const connection = await this.#options.cluster.openConnection(leader, {
        onLost: forget,
        onSilent: () => void this.#lookPastSilence(leader, lane),
      });
      if (this.#closing.signal.aborted) {
        connection.close();
        return;
      }
      // Lost already? Then the first request on it says so, and the partition recovers.
      lanes[lane] = { kind: "open", connection, departures: [] };
      this.#forLane(leader, lane, (partition) => this.#advance(partition));
      if (!connection.isOpen) forget();
    } catch (error) {
      forget();
      this.#forLane(leader, lane, (partition) => {
        if (partition.sender.unsettled > 0) this.#interrupt(partition, toAppError(error));
      });
    }
  }

  #forLane(leader: number, lane: number, act: (partition: PartitionState) => void): void {
    for (const partition of this.#partitions.values()) {
      if (laneOf(partition) === lane && this.#leaderOf(partition) === leader) act(partition);
    }
  }

  /** The leader may be slow, wait for its replicas, or hang: the other brokers know whether it was replaced (I5). */
  async #lookPastSilence(leader: number, lane: number): Promise<void> {
    try {
      await this.#options.cluster.refreshTopic(this.#options.topic);
    } catch {
      // Nobody else answers either. A partition that recovers meets the same failure, and decides by it.
      return;
    }
    const link = this.#links.get(leader)?.[lane];
    if (link?.kind !== "open" || !link.connection.isSilent) return;
    const moved = [...this.#partitions.values()].find((partition) => {
      if (laneOf(partition) !== lane || partition.leader !== leader || partition.sender.inFlight === 0) return false;
      const newest = this.#leaderOf(partition);
      return newest !== undefined && newest !== leader;
    });
    if (moved === undefined) return;
    link.connection.abandon(`it is silent, and ${this.#options.topic}-${moved.p} is led by another broker now`);
  }

  /** Nothing is in flight: waits a little, asks who leads now, and lets the sender begin again. */
  async #recover(partition: PartitionState): Promise<void> {
    const { sender } = partition;
    partition.failingSinceMs ??= performance.now();
    try {
      await delay(partition.backoff.nextMs(), undefined, { signal: this.#closing.signal });
      const waitedMs = Math.round(performance.now() - partition.failingSinceMs);
      if (waitedMs >= this.#giveUpAfterMs) sender.giveUp(this.#hopelessError(partition, waitedMs));
      else if (!(await this.#settleOutOfOrder(partition)))
        await this.#options.cluster.refreshTopic(this.#options.topic);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      partition.lastError = toAppError(error);
      if (!isConnectionFailure(error)) sender.giveUp(partition.lastError);
    } finally {
      partition.recovering = undefined;
    }
    sender.retry();
    this.#advance(partition);
  }

  /** I4. True when the batch is settled or the partition given up; false: to be sent again. */
  async #settleOutOfOrder(partition: PartitionState): Promise<boolean> {
    const { outOfOrder: entry, sender } = partition;
    if (entry === undefined) return false;
    const { topic, onDoubt, confirmLossMs = CONFIRM_LOSS_MS } = this.#options;
    const { p } = partition;
    // Every earlier sequence of ours has an offset of its own, so the log reaches at least as far as the sequence.
    const acknowledged = Math.max(sender.acknowledgedOffset, entry.firstSequence);
    const wanted = { p, acknowledged, firstSequence: entry.firstSequence, records: entry.records };
    const { endOffset, landed, lacks } = await lookForBatch(this.#options.cluster, topic, wanted, this.identity);
    // Each look needs a refusal of its own.
    partition.outOfOrder = undefined;
    if (landed !== undefined) {
      partition.lastLook = undefined;
      partition.failingSinceMs = undefined;
      sender.found(entry, landed.baseOffset);
      return true;
    }
    const nowMs = performance.now();
    const lackingSinceMs = lacks ? (partition.lastLook?.lackingSinceMs ?? nowMs) : undefined;
    partition.lastLook = { endOffset, lackingSinceMs };
    if (lackingSinceMs === undefined) return false;
    if (nowMs === lackingSinceMs) {
      const what = `lacks records that were acknowledged up to ${acknowledged}`;
      onDoubt?.(`${topic}-${p} ends at offset ${endOffset} and ${what}: it is asked again for ${confirmLossMs} ms`);
    }
    if (nowMs - lackingSinceMs < confirmLossMs) return false;
    sender.giveUp(createError("PRODUCER_RECORDS_LOST", { topic, p, acknowledged, endOffset }, partition.lastError));
    return true;
  }

  #hopelessError(partition: PartitionState, waitedMs: number): AppError {
    const { sender, lastError, lastLook, p } = partition;
    const { cluster, topic } = this.#options;
    const { head, headFate } = sender;
    if (head === undefined || headFate === undefined || headFate === "unsent") {
      // What an answer said is the reason; only silence means that Kafka is out of reach.
      if (lastError !== undefined && !isConnectionFailure(lastError)) return lastError;
      return createError("KAFKA_UNREACHABLE", { endpoint: cluster.endpoint, waitedMs }, lastError);
    }
    const { firstSequence, records } = head;
    const what = { topic, p, firstSequence, records, waitedMs };
    if (headFate === "unknown") return createError("KAFKA_OUTCOME_UNKNOWN", what, lastError);
    if (lastLook === undefined) return createError("KAFKA_SEND_REFUSED", what, lastError);
    return createError("KAFKA_SEQUENCE_REFUSED", { ...what, endOffset: lastLook.endOffset }, lastError);
  }
}

/** A fresh broker answers COORDINATOR_LOAD_IN_PROGRESS at first. */
function initProducerId(cluster: KafkaCluster): Promise<ProducerIdentity> {
  return cluster.retry(async () => {
    const request = { transactionalId: null, transactionTimeoutMs: 0x7fffffff, producerId: -1, producerEpoch: -1 };
    const { errorCode, producerId, producerEpoch } = await cluster.askAny(initProducerIdApi, request);
    const error = checkCode(errorCode, "asking for a producer id");
    return error === undefined ? { kind: "done", value: { producerId, producerEpoch } } : { kind: "again", error };
  });
}

function closedError(): AppError {
  return createError("KAFKA_CLOSED", { what: "the producer" });
}

function toAppError(error: unknown): AppError {
  return isAppError(error) ? error : createError("ASSERTION_FAILED", { what: "the producer threw" }, error);
}
