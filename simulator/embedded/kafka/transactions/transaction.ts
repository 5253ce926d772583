/**
 * One transactional id: which producer has it, and how far that one's transaction is. Pure.
 *
 *   Empty            a producer has the id, and has begun nothing since
 *   Ongoing          partitions or groups were added; the deadline runs
 *   CompleteCommit   the newest transaction was committed
 *   CompleteAbort    the newest transaction was aborted, by its producer, by its successor or by its deadline
 *
 * Kafka's PrepareCommit and PrepareAbort last until every marker is written. Here that is one step with the request that
 * asks for it, so nobody ever sees them.
 *
 * E1 A producer's epoch rises with every InitProducerId and with every abort that is not its own: whoever has the epoch
 *    before it can neither write nor end anything.
 * E2 No client is given the highest epoch of all, so that there is always one with which to fence it.
 */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { Partition } from "../topics.ts";
import type { HeldOffsets } from "./pending-offsets.ts";

export interface ProducerClaim {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface OngoingTransaction {
  readonly kind: "Ongoing";
  /** Since 1970. */
  readonly startTimeMs: number;
  readonly partitions: Map<Partition, { readonly topic: string; readonly p: number }>;
  readonly held: HeldOffsets;
  readonly timer: NodeJS.Timeout;
}

export type TransactionState =
  | { readonly kind: "Empty" }
  | OngoingTransaction
  | { readonly kind: "CompleteCommit"; readonly startTimeMs: number }
  | { readonly kind: "CompleteAbort"; readonly startTimeMs: number };

const NO_EPOCH = -1;
const EPOCH_MAX = 2 ** 15 - 1;

export class Transaction {
  readonly transactionalId: string;
  state: TransactionState = { kind: "Empty" };
  timeoutMs = 0;
  #producerId: number;
  #producerEpoch = NO_EPOCH;
  /** The epoch before, if the producer itself asked for the next one: it may ask again after a lost answer. */
  #lastProducerEpoch = NO_EPOCH;
  #previousProducerId = -1;

  constructor(transactionalId: string, producerId: number) {
    this.transactionalId = transactionalId;
    this.#producerId = producerId;
  }

  get producerId(): number {
    return this.#producerId;
  }

  get producerEpoch(): number {
    return this.#producerEpoch;
  }

  /** Whether a producer that says who it was may have the next epoch. Undefined: it is a new one, and may. */
  checkInit(claim: ProducerClaim | undefined): number {
    if (claim === undefined || this.#producerEpoch === NO_EPOCH) return ErrorCode.NONE;
    if (this.#isRepeatedInit(claim)) return ErrorCode.NONE;
    const isOwn = claim.producerId === this.#producerId && claim.producerEpoch === this.#producerEpoch;
    return isOwn ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED;
  }

  /** Gives the next epoch, or a new producer id when there is none (E1, E2). The claim was checked. */
  init(claim: ProducerClaim | undefined, timeoutMs: number, issueProducerId: () => number): void {
    if (claim !== undefined && this.#producerEpoch !== NO_EPOCH && this.#isRepeatedInit(claim)) return;
    this.timeoutMs = timeoutMs;
    this.#lastProducerEpoch = claim === undefined ? NO_EPOCH : this.#producerEpoch;
    this.state = { kind: "Empty" };
    if (this.#producerEpoch < EPOCH_MAX - 1) {
      this.#producerEpoch += 1;
      return;
    }
    this.#previousProducerId = this.#producerId;
    this.#producerId = issueProducerId();
    this.#producerEpoch = 0;
  }

  /** Takes the producer's epoch away from it: it is aborted from outside. */
  fence(): void {
    this.#producerEpoch = Math.min(this.#producerEpoch + 1, EPOCH_MAX);
    this.#lastProducerEpoch = NO_EPOCH;
  }

  /** Whether the id is this producer's. */
  check(claim: ProducerClaim): number {
    if (claim.producerId !== this.#producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    return claim.producerEpoch === this.#producerEpoch ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED;
  }

  /** Whether this end, which finds nothing to end, repeats the one before. */
  checkRepeatedEnd(committed: boolean): number {
    const repeated = committed ? "CompleteCommit" : "CompleteAbort";
    return this.state.kind === repeated ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
  }

  /** The answer to the same question was lost. */
  #isRepeatedInit({ producerId, producerEpoch }: ProducerClaim): boolean {
    if (this.state.kind !== "Empty" || this.#lastProducerEpoch === NO_EPOCH) return false;
    if (producerEpoch !== this.#lastProducerEpoch) return false;
    const rotated = this.#producerEpoch === 0;
    return producerId === (rotated ? this.#previousProducerId : this.#producerId);
  }
}
