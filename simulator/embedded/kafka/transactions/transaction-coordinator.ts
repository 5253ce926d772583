/**
 * All transactions of this broker: who has which transactional id, what belongs to which transaction, and their ends.
 *
 * C1 A transaction ends in one step: markers into all of its partitions, positions to their groups. Nobody sees half.
 * C2 The end of a transaction cannot fail: the memory for a partition's marker is reserved when the partition is added,
 *    and positions are held only where there is room for them (O2 of `pending-offsets.ts`).
 * C3 Every transaction ends: by its producer, by the next producer of the id, or by its time-out.
 * C4 At most TRANSACTIONAL_IDS_MAX ids are kept. For a new one the one without a transaction goes that was initialised
 *    longest ago.
 */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { OffsetStore } from "../offset-store.ts";
import type { Partition, Topics } from "../topics.ts";
import { appendMarker, MARKER_BYTES } from "./markers.ts";
import { type PendingOffset, PendingOffsets } from "./pending-offsets.ts";
import { type OngoingTransaction, type ProducerClaim, Transaction } from "./transaction.ts";

const TRANSACTIONAL_IDS_MAX = 10_000;
/** Kafka's transaction.max.timeout.ms. */
const TIMEOUT_MS_MAX = 900_000;

export interface TransactionalClaim extends ProducerClaim {
  readonly transactionalId: string;
}

export interface PartitionToAdd {
  readonly partition: Partition;
  readonly topic: string;
  readonly p: number;
}

export interface InitAnswer extends ProducerClaim {
  readonly errorCode: number;
}

/** What a batch that says it belongs to a transaction is told. */
export type WriteVerdict = "allowed" | "unknownProducer" | "fenced" | "notInTransaction";

export class TransactionCoordinator {
  readonly #topics: Topics;
  readonly #pending: PendingOffsets;
  readonly #issueProducerId: () => number;
  readonly #nowMs: () => number;
  /** In the order of their last InitProducerId. */
  readonly #byId = new Map<string, Transaction>();
  readonly #byProducer = new Map<number, Transaction>();

  constructor(options: { topics: Topics; offsets: OffsetStore; issueProducerId: () => number; nowMs: () => number }) {
    this.#topics = options.topics;
    this.#pending = new PendingOffsets(options.offsets);
    this.#issueProducerId = options.issueProducerId;
    this.#nowMs = options.nowMs;
  }

  list(): Transaction[] {
    return [...this.#byId.values()];
  }

  find(transactionalId: string): Transaction | undefined {
    return this.#byId.get(transactionalId);
  }

  /** How long its transaction has been open; -1: none is. */
  openForMs({ state }: Transaction): number {
    return state.kind === "Ongoing" ? this.#nowMs() - state.startTimeMs : -1;
  }

  /** `claim` is who the producer was before, if it says so. */
  init(transactionalId: string, timeoutMs: number, claim: ProducerClaim | undefined): InitAnswer {
    if (transactionalId === "") return refuseInit(ErrorCode.INVALID_REQUEST);
    if (timeoutMs <= 0 || timeoutMs > TIMEOUT_MS_MAX) return refuseInit(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    const transaction = this.#byId.get(transactionalId) ?? this.#create(transactionalId);
    if (transaction === undefined) return refuseInit(ErrorCode.POLICY_VIOLATION);
    const refused = transaction.checkInit(claim);
    if (refused !== ErrorCode.NONE) return refuseInit(refused);
    if (transaction.state.kind === "Ongoing") {
      // As in Kafka, which lets the client ask again: by then the markers are in.
      this.#abort(transaction, transaction.state);
      return refuseInit(ErrorCode.CONCURRENT_TRANSACTIONS);
    }
    this.#byProducer.delete(transaction.producerId);
    transaction.init(claim, timeoutMs, this.#issueProducerId);
    this.#byProducer.set(transaction.producerId, transaction);
    this.#byId.delete(transactionalId);
    this.#byId.set(transactionalId, transaction);
    const { producerId, producerEpoch } = transaction;
    return { errorCode: ErrorCode.NONE, producerId, producerEpoch };
  }

  /** All of them or none. */
  addPartitions(claim: TransactionalClaim, added: readonly PartitionToAdd[]): number {
    const transaction = this.#find(claim);
    if (typeof transaction === "number") return transaction;
    const { state } = transaction;
    const known = state.kind === "Ongoing" ? state.partitions : undefined;
    const fresh = new Map(
      added.filter(({ partition }) => !known?.has(partition)).map((each) => [each.partition, each]),
    );
    if (!this.#topics.budget.reserve(fresh.size * MARKER_BYTES)) return ErrorCode.POLICY_VIOLATION;
    const { partitions } = this.#begin(transaction);
    for (const { partition, topic, p } of fresh.values()) partitions.set(partition, { topic, p });
    return ErrorCode.NONE;
  }

  /** NONE when all of them are in the transaction, TRANSACTION_ABORTABLE for each that is not. */
  verifyPartition(claim: TransactionalClaim, partition: Partition): number {
    const transaction = this.#find(claim);
    if (typeof transaction === "number") return transaction;
    const { state } = transaction;
    const isIn = state.kind === "Ongoing" && state.partitions.has(partition);
    return isIn ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
  }

  addGroup(claim: TransactionalClaim, group: string): number {
    const transaction = this.#find(claim);
    if (typeof transaction === "number") return transaction;
    const { held } = this.#begin(transaction);
    return this.#pending.addGroup(held, group) ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
  }

  /** INVALID_TXN_STATE: the group was not added to the transaction. */
  checkOffsets(claim: TransactionalClaim, group: string): number {
    const transaction = this.#find(claim);
    if (typeof transaction === "number") return transaction;
    const { state } = transaction;
    const isIn = state.kind === "Ongoing" && state.held.groups.has(group);
    return isIn ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
  }

  /** Holds a position until the end of the transaction, of which it was checked that the group is in it. */
  holdOffset(transactionalId: string, pending: PendingOffset): number {
    const state = this.#byId.get(transactionalId)?.state;
    if (state?.kind !== "Ongoing") return ErrorCode.INVALID_TXN_STATE;
    return this.#pending.add(state.held, pending) ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION;
  }

  end(claim: TransactionalClaim, committed: boolean): number {
    const transaction = this.#find(claim);
    if (typeof transaction === "number") return transaction;
    if (transaction.state.kind !== "Ongoing") return transaction.checkRepeatedEnd(committed);
    this.#end(transaction, transaction.state, committed);
    return ErrorCode.NONE;
  }

  /** Whether a transactional batch may be appended. */
  checkWrite(transactionalId: string | null, producer: ProducerClaim, partition: Partition): WriteVerdict {
    const transaction = this.#byProducer.get(producer.producerId);
    if (transaction === undefined || transaction.transactionalId !== transactionalId) return "unknownProducer";
    if (transaction.check(producer) !== ErrorCode.NONE) return "fenced";
    const { state } = transaction;
    return state.kind === "Ongoing" && state.partitions.has(partition) ? "allowed" : "notInTransaction";
  }

  /** True if an open transaction may still change this position. */
  isOffsetPending(group: string, topic: string, p: number): boolean {
    return this.#pending.isPending(group, topic, p);
  }

  /** A deleted topic has no markers to be written, and no positions to be committed. */
  forgetTopic(topic: string): void {
    for (const { partitions, held } of this.#ongoing()) {
      for (const [partition, place] of partitions) {
        if (place.topic !== topic) continue;
        partitions.delete(partition);
        this.#topics.budget.release(MARKER_BYTES);
      }
      this.#pending.drop(held, (pending) => pending.topic === topic);
    }
  }

  /** A deleted group's positions stay deleted. */
  forgetGroup(group: string): void {
    for (const { held } of this.#ongoing()) this.#pending.drop(held, (pending) => pending.group === group);
  }

  /** Stops all timers. */
  close(): void {
    for (const { timer } of this.#ongoing()) clearTimeout(timer);
    this.#byId.clear();
    this.#byProducer.clear();
  }

  #ongoing(): OngoingTransaction[] {
    return this.list().flatMap(({ state }) => (state.kind === "Ongoing" ? [state] : []));
  }

  /** The transaction of the producer that has the id, or the error that says why it has not. */
  #find(claim: TransactionalClaim): Transaction | number {
    if (claim.transactionalId === "") return ErrorCode.INVALID_REQUEST;
    const transaction = this.#byId.get(claim.transactionalId);
    if (transaction === undefined) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    const refused = transaction.check(claim);
    return refused === ErrorCode.NONE ? transaction : refused;
  }

  /** Undefined when there are too many (C4). */
  #create(transactionalId: string): Transaction | undefined {
    if (this.#byId.size >= TRANSACTIONAL_IDS_MAX) {
      const idle = this.list().find(({ state }) => state.kind !== "Ongoing");
      if (idle === undefined) return undefined;
      this.#byId.delete(idle.transactionalId);
      this.#byProducer.delete(idle.producerId);
    }
    const transaction = new Transaction(transactionalId, this.#issueProducerId());
    this.#byId.set(transactionalId, transaction);
    return transaction;
  }

  #begin(transaction: Transaction): OngoingTransaction {
    if (transaction.state.kind === "Ongoing") return transaction.state;
    const ongoing: OngoingTransaction = {
      kind: "Ongoing",
      startTimeMs: this.#nowMs(),
      partitions: new Map(),
      held: this.#pending.open(),
      timer: setTimeout(() => this.#abort(transaction, ongoing), transaction.timeoutMs),
    };
    transaction.state = ongoing;
    return ongoing;
  }

  /** Not by its producer, which is fenced by it. */
  #abort(transaction: Transaction, ongoing: OngoingTransaction): void {
    transaction.fence();
    this.#end(transaction, ongoing, false);
  }

  #end(transaction: Transaction, ongoing: OngoingTransaction, committed: boolean): void {
    clearTimeout(ongoing.timer);
    const { producerId, producerEpoch } = transaction;
    const marker = { producerId, producerEpoch, committed, timestampMs: this.#nowMs() };
    for (const partition of ongoing.partitions.keys()) appendMarker(this.#topics, partition, marker);
    this.#pending.settle(ongoing.held, committed);
    transaction.state = { kind: committed ? "CompleteCommit" : "CompleteAbort", startTimeMs: ongoing.startTimeMs };
  }
}

function refuseInit(errorCode: number): InitAnswer {
  return { errorCode, producerId: -1, producerEpoch: -1 };
}
