/**
 * The fetch loop of one reader to one leader, on a connection of its own:
 *
 *   disconnected → connecting → ready ⇄ fetching        any → disconnected (lost) or closed
 *
 * L1 At most one fetch is in flight, for all partitions that the reader wants from this leader.
 * L2 The next fetch is sent before the records of the last answer are handed out, so the broker collects meanwhile.
 * L3 It never retries by itself: it reports a failure, and connects again when the reader says so.
 */
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import type { PartitionLeader } from "./topic-leaders.ts";
import { type FetchedPartition, fetchApi } from "./wire/fetch.ts";
import type { ByteRange, Reader } from "./wire/reader.ts";

/** What is asked for, and for whom: the answer counts only if the target is still at this offset, and still led so. */
export interface FetchQuestion<Target> {
  readonly target: Target;
  readonly p: number;
  readonly offset: number;
  readonly leader: PartitionLeader;
}

export interface FetchSettings {
  readonly topic: string;
  readonly maxBytesPerPartition: number;
  /** The broker answers at this many bytes, or after this time. */
  readonly minBytes: number;
  readonly maxWaitMs: number;
}

export interface FetcherOwner<Target> {
  openConnection(events: ConnectionEvents): Promise<Connection>;
  /** What to ask for now, those first that have waited longest. */
  wanted(): FetchQuestion<Target>[];
  /** Takes note of an answer and returns what hands the records out. It is called after the next fetch is sent. */
  accept(
    asked: ReadonlyMap<number, FetchQuestion<Target>>,
    buffer: Buffer,
    partitions: readonly FetchedPartition<ByteRange | undefined>[],
  ): (() => void)[];
  failed(error: AppError): void;
  /** Called once a second while the leader leaves a fetch, or the opening, unanswered beyond its time. */
  silent(): void;
}

type State =
  | { readonly kind: "disconnected" }
  | { readonly kind: "connecting" }
  | { readonly kind: "ready"; readonly connection: Connection }
  | { readonly kind: "fetching"; readonly connection: Connection }
  | { readonly kind: "closed" };

/** Of a whole answer: handing it out blocks the process, so it stays small even for many partitions. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Beyond the time that the broker may wait: then it is not answering. */
const ANSWER_GRACE_MS = 15_000;
const READ_COMMITTED = 1;

export class LeaderFetcher<Target> {
  readonly #settings: FetchSettings;
  readonly #owner: FetcherOwner<Target>;
  #state: State = { kind: "disconnected" };

  constructor(settings: FetchSettings, owner: FetcherOwner<Target>) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Does what is due: connects, or sends the next fetch. Call it whenever what is wanted has changed. */
  pump(): void {
    if (this.#state.kind === "disconnected" && this.#owner.wanted().length > 0) void this.#connect();
    if (this.#state.kind === "ready") this.#fetch(this.#state.connection);
  }

  close(): void {
    const before = this.#state;
    this.#state = { kind: "closed" };
    if (before.kind === "ready" || before.kind === "fetching") before.connection.close();
  }

  async #connect(): Promise<void> {
    this.#state = { kind: "connecting" };
    try {
      const connection = await this.#owner.openConnection({
        onLost: (error) => this.#lost(error),
        onSilent: () => this.#owner.silent(),
      });
      if (this.#isClosed()) {
        connection.close();
        return;
      }
      // Lost between its opening and here: onLost was called while the state was still connecting.
      if (!connection.isOpen) {
        this.#lost(
          createError("KAFKA_CONNECTION_LOST", { endpoint: connection.endpoint, reason: "it closed at once" }),
        );
        return;
      }
      this.#state = { kind: "ready", connection };
    } catch (error) {
      this.#lost(isAppError(error) ? error : createError("ASSERTION_FAILED", { what: "a connect threw" }, error));
      return;
    }
    this.pump();
  }

  /** A method, because the compiler believes that the state cannot change during an await. */
  #isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  #lost(error: AppError): void {
    if (this.#state.kind === "closed" || this.#state.kind === "disconnected") return;
    this.#state = { kind: "disconnected" };
    this.#owner.failed(error);
  }

  #fetch(connection: Connection): void {
    const questions = this.#owner.wanted();
    if (questions.length === 0) return;
    this.#state = { kind: "fetching", connection };
    const { topic, maxBytesPerPartition: maxBytes, minBytes, maxWaitMs } = this.#settings;
    const partitions = questions.map(({ p, offset, leader }) => ({
      p,
      currentLeaderEpoch: leader.epoch,
      fetchOffset: offset,
      maxBytes,
    }));
    const request = {
      maxWaitMs,
      minBytes,
      maxBytes: Math.max(ANSWER_BYTES, maxBytes),
      isolationLevel: READ_COMMITTED,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ name: topic, partitions }],
    };
    const asked = new Map(questions.map((question) => [question.p, question]));
    const handler = {
      onAnswer: (r: Reader, version: number) => this.#take(connection, asked, r, version),
      onFailure: (error: AppError) => {
        connection.close();
        this.#lost(error);
      },
    };
    connection.sendInPlace(fetchApi, request, handler, { waitMs: maxWaitMs, deadlineMs: maxWaitMs + ANSWER_GRACE_MS });
  }

  #take(connection: Connection, asked: ReadonlyMap<number, FetchQuestion<Target>>, r: Reader, version: number): void {
    const answer = fetchApi.decodeResponse(r, version);
    if (this.#state.kind !== "fetching") return;
    this.#state = { kind: "ready", connection };
    const partitions = answer.topics.flatMap((topic) => topic.partitions);
    const handOut = this.#owner.accept(asked, r.buffer, partitions);
    this.pump();
    for (const hand of handOut) hand();
  }
}
