/**
 * The fetch loop of one reader to one leader, on a connection of its own:
 *
 *   disconnected → connecting → ready ⇄ fetching        any → disconnected (lost) or closed
 *
 * L1 At most one fetch is in flight, for all partitions that the reader wants from this leader.
 * L2 The next fetch is sent before the records of the last answer are handed out, so the broker collects meanwhile.
 * L3 It never retries by itself: it reports a failure, and connects again when the reader says so.
 * L4 While nothing comes the broker is asked to wait longer, since each empty answer wakes it and us. A partition that is
 *    wanted meanwhile does not wait for that: the fetch in flight is given up with its connection, and asked anew.
 */
import { type AppError, createError, isAppError } from "../../common/foundation/errors.ts";
import type { FetchedRecords } from "./assigned-partition.ts";
import type { Connection, ConnectionEvents } from "./connection.ts";
import type { PartitionLeader } from "./topic-leaders.ts";
import { type FetchedPartition, fetchApi } from "./wire/apis/fetch.ts";
import type { ByteRange, Reader } from "./wire/reader.ts";

/** What is asked for, and for whom: the answer counts only if the target is still at this offset, and still led so. */
export interface FetchQuestion<Target> {
  readonly target: Target;
  readonly p: number;
  readonly offset: number;
  readonly leader: PartitionLeader;
}

/** Records of an answer that counts. */
export interface Accepted<Target> {
  readonly target: Target;
  readonly records: FetchedRecords;
}

export interface FetchSettings {
  readonly topic: string;
  readonly maxBytesPerPartition: number;
  /** The broker answers at this many bytes, or after this time; while nothing comes, after up to IDLE_WAIT_MS (L4). */
  readonly minBytes: number;
  readonly maxWaitMs: number;
}

export interface FetcherOwner<Target> {
  openConnection(events: ConnectionEvents): Promise<Connection>;
  /** What to ask for now, those first that have waited longest. */
  wanted(): FetchQuestion<Target>[];
  /** Takes note of an answer: moves what was asked for to where it is to go on, and returns the records that count. */
  accept(
    asked: ReadonlyMap<number, FetchQuestion<Target>>,
    buffer: Buffer,
    partitions: readonly FetchedPartition<ByteRange | undefined>[],
  ): Accepted<Target>[];
  /** Called for each of them in turn, once the next fetch is sent (L2). */
  handOut(target: Target, records: FetchedRecords): void;
  failed(error: AppError): void;
  /** Called once a second while the leader leaves a fetch, or the opening, unanswered beyond its time. */
  silent(): void;
}

type State<Target> =
  | { readonly kind: "disconnected" }
  | { readonly kind: "connecting" }
  | { readonly kind: "ready"; readonly connection: Connection }
  | { readonly kind: "fetching"; readonly connection: Connection; readonly fetch: Fetch<Target> }
  | { readonly kind: "closed" };

interface Fetch<Target> {
  readonly waitMs: number;
  /** By partition. */
  readonly asked: ReadonlyMap<number, FetchQuestion<Target>>;
}

/** Of a whole answer: handing it out blocks the process, so it stays small even for many partitions. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Beyond the time that the broker may wait: then it is not answering. */
const ANSWER_GRACE_MS = 15_000;
const READ_COMMITTED = 1;
/** So many empty answers in a row mean that nothing is produced now; from there on each wait is twice as long (L4). */
const EMPTY_ANSWERS_MAX = 4;
const IDLE_WAIT_MS = 4_000;

export class LeaderFetcher<Target> {
  readonly #settings: FetchSettings;
  readonly #owner: FetcherOwner<Target>;
  #state: State<Target> = { kind: "disconnected" };
  /** In a row. */
  #emptyAnswers = 0;

  constructor(settings: FetchSettings, owner: FetcherOwner<Target>) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Does what is due: connects, or sends the next fetch. Call it whenever what is wanted has changed. */
  pump(): void {
    if (this.#state.kind === "fetching" && this.#isOvertaken(this.#state.fetch)) this.#giveUp(this.#state.connection);
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

  /** L4. An ordinary wait is over soon enough. */
  #isOvertaken({ waitMs, asked }: Fetch<Target>): boolean {
    if (waitMs <= this.#settings.maxWaitMs) return false;
    return this.#owner.wanted().some(({ p, target, leader }) => {
      const question = asked.get(p);
      return question?.target !== target || question.leader !== leader;
    });
  }

  #giveUp(connection: Connection): void {
    this.#emptyAnswers = 0;
    this.#state = { kind: "disconnected" };
    // Its fetch ends with it, and is no failure: nobody waits for that any more.
    connection.close();
  }

  #waitMs(): number {
    const { maxWaitMs } = this.#settings;
    const doublings = Math.max(0, this.#emptyAnswers - EMPTY_ANSWERS_MAX + 1);
    return Math.max(maxWaitMs, Math.min(maxWaitMs * 2 ** doublings, IDLE_WAIT_MS));
  }

  #fetch(connection: Connection): void {
    const questions = this.#owner.wanted();
    if (questions.length === 0) return;
    const { topic, maxBytesPerPartition: maxBytes, minBytes } = this.#settings;
    const waitMs = this.#waitMs();
    const partitions = questions.map(({ p, offset, leader }) => ({
      p,
      currentLeaderEpoch: leader.epoch,
      fetchOffset: offset,
      maxBytes,
    }));
    const request = {
      maxWaitMs: waitMs,
      minBytes,
      maxBytes: Math.max(ANSWER_BYTES, maxBytes),
      isolationLevel: READ_COMMITTED,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ name: topic, partitions }],
    };
    const asked = new Map(questions.map((question) => [question.p, question]));
    this.#state = { kind: "fetching", connection, fetch: { waitMs, asked } };
    const handler = {
      onAnswer: (r: Reader, version: number) => this.#take(connection, asked, r, version),
      onFailure: (error: AppError) => {
        connection.close();
        this.#lost(error);
      },
    };
    connection.sendInPlace(fetchApi, request, handler, { waitMs, deadlineMs: waitMs + ANSWER_GRACE_MS });
  }

  #take(connection: Connection, asked: ReadonlyMap<number, FetchQuestion<Target>>, r: Reader, version: number): void {
    const answer = fetchApi.decodeResponse(r, version);
    if (this.#state.kind !== "fetching") return;
    this.#state = { kind: "ready", connection };
    const partitions = answer.topics.flatMap((topic) => topic.partitions);
    const accepted = this.#owner.accept(asked, r.buffer, partitions);
    this.#emptyAnswers = accepted.length === 0 ? this.#emptyAnswers + 1 : 0;
    this.pump();
    for (const { target, records } of accepted) this.#owner.handOut(target, records);
  }
}
