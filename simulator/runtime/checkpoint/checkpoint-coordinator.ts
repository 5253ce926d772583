/**
 * The CheckpointCoordinator: makes one PendingCheckpoint at a time into a CompletedCheckpoint, in Flink's words.
 *
 * States of a pending checkpoint: triggered (acknowledgements awaited) → read (one HGETALL) → completed | declined.
 *
 * K1 The state is one HGETALL, a consistent cut over all partitions: acknowledgements do not make it, they only say
 *    which offsets each TaskManager may commit to Kafka once it completed. So a late one does not stop the checkpoint.
 * K2 A checkpoint never goes back: it is declined when its state is of another life, or has an offset below an
 *    acknowledged one or below the previous checkpoint's of the same life. Then the store lost something.
 * K3 Completed means durable. The published view and the notification follow it, never precede it.
 * K4 Ids are never reused, also not by a declined checkpoint.
 * K5 A checkpoint that would tell nothing new is not due: the state is settled when it is that of the newest completed
 *    one, and all TaskManagers acknowledged just these offsets, so that the very last ones are committed to Kafka too.
 * K6 A savepoint is such a checkpoint whose file lies where somebody wanted it. It is not what a recovery goes back to, so
 *    nothing is committed to Kafka for it, nothing is removed for it, and it settles nothing.
 */
import { isDeepStrictEqual } from "node:util";
import type { CheckpointFile } from "../../common/contract/files/checkpoint.ts";
import type { SavepointFile } from "../../common/contract/files/savepoint.ts";
import type { TaskManagerToJobManager } from "../../common/contract/job/rpc.ts";
import { type JobState, parseJobState, type StoreLife } from "../../common/contract/state/redis-state.ts";
import { assert, present } from "../../common/foundation/assert.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import { describeError } from "../../common/foundation/errors.ts";
import { CheckpointHistory, type CheckpointRecord } from "./checkpoint-history.ts";
import type { CheckpointStorage } from "./checkpoint-storage.ts";
import type { JobStore } from "./job-store.ts";
import { writeSavepoint } from "./savepoint-folder.ts";

const ACKNOWLEDGEMENTS_AWAITED_MS = 1_000;

export type Acknowledgement = Extract<TaskManagerToJobManager, { type: "checkpointAcknowledged" }>;

export type CheckpointOutcome =
  | {
      readonly kind: "completed";
      readonly id: number;
      readonly durationMs: number;
      readonly state: JobState;
      readonly location: string;
    }
  /** It could not be written, for this reason; the next one may work. */
  | {
      readonly kind: "declined";
      readonly id: number;
      readonly durationMs: number;
      readonly reason: string;
      readonly error: unknown;
    }
  /** Nothing was written, and the store does not hold this life any more: somebody must look after it. */
  | { readonly kind: "storeLost"; readonly id: number; readonly durationMs: number; readonly reason: string }
  /** A JobManager with a higher epoch leads. The file may be there; it does no harm, since the cut is true. */
  | { readonly kind: "superseded"; readonly id: number; readonly durationMs: number; readonly epoch: number };

export interface CheckpointCoordinatorOptions {
  readonly jobId: string;
  readonly epoch: number;
  readonly source: SavepointFile["source"];
  readonly store: JobStore;
  readonly storage: CheckpointStorage;
  readonly clock: RunClock;
  readonly nextCheckpointId: () => number;
  /** Tells all TaskManagers to acknowledge, and names them. */
  readonly trigger: (checkpointId: number) => readonly string[];
  readonly notifyCompleted: (checkpointId: number) => void;
}

interface PendingCheckpoint {
  readonly record: CheckpointRecord;
  readonly awaited: Set<string>;
  readonly acknowledgements: Acknowledgement[];
  readonly acknowledgedAtMs: Map<string, number>;
  latestAckAtMs: number;
  /** Ends the wait for acknowledgements. */
  allAcknowledged: () => void;
}

/** What a checkpoint is of. */
type Cut = Omit<CheckpointFile, "schema" | "kind">;
/** Makes it durable. */
type WriteCut = (cut: Cut) => Promise<{ readonly bytes: number; readonly location: string }>;

type Verdict =
  | { readonly kind: "accepted"; readonly state: JobState }
  | { readonly kind: "lost"; readonly reason: string };

export class CheckpointCoordinator {
  readonly history = new CheckpointHistory();
  readonly #options: CheckpointCoordinatorOptions;
  #pending: PendingCheckpoint | undefined;
  #previous: JobState | undefined;
  /** The state of the newest completed checkpoint, if nobody had more to acknowledge (K5). */
  #settled: Readonly<Record<string, string>> | undefined;

  constructor(options: CheckpointCoordinatorOptions) {
    this.#options = options;
  }

  /** Takes one checkpoint of the given life. One at a time: the caller serialises. Throws when the store is away. */
  take(kind: CheckpointFile["kind"], life: StoreLife): Promise<CheckpointOutcome> {
    return this.#take(kind, life, (cut) => this.#writeCheckpoint(kind, cut));
  }

  /** K6. The same into a folder of its own in that directory. */
  takeSavepoint(directory: string, life: StoreLife): Promise<CheckpointOutcome> {
    const { source } = this.#options;
    return this.#take("savepoint", life, (cut) =>
      writeSavepoint(directory, { schema: 1, kind: "savepoint", ...cut, source }),
    );
  }

  async #take(kind: CheckpointRecord["kind"], life: StoreLife, write: WriteCut): Promise<CheckpointOutcome> {
    assert(this.#pending === undefined, "one checkpoint at a time");
    const pending = this.#begin(kind);
    try {
      await this.#awaitAcknowledgements(pending);
      const { store } = this.#options;
      const hash = await store.readHash();
      const verdict = judgeCut({
        hash,
        partitions: this.#options.source.partitions,
        life,
        runId: await store.runId(),
        acknowledgements: pending.acknowledgements,
        previous: this.#previous,
      });
      if (verdict.kind === "lost") return { ...this.#fail(pending, verdict.reason), kind: "storeLost" };
      return await this.#complete(pending, { hash, state: verdict.state, write });
    } catch (error) {
      this.#fail(pending, describeError(error));
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }

  /** K5. Reads the store only when that may be so; what is lost or of another life is not settled either. */
  async isSettled(life: StoreLife): Promise<boolean> {
    const settled = this.#settled;
    if (settled === undefined || settled["life"] !== life.life) return false;
    const { store } = this.#options;
    return isDeepStrictEqual(await store.readHash(), settled) && (await store.runId()) === life.redisRunId;
  }

  /** Late ones are ignored: their checkpoint went on without them (K1). */
  acknowledge(tm: string, acknowledgement: Acknowledgement): void {
    const pending = this.#pending;
    if (pending?.record.id !== acknowledgement.checkpointId || !pending.awaited.delete(tm)) return;
    pending.acknowledgements.push(acknowledgement);
    pending.latestAckAtMs = this.#nowMs();
    pending.acknowledgedAtMs.set(tm, pending.latestAckAtMs);
    if (pending.awaited.size === 0) pending.allAcknowledged();
  }

  /** It takes part in the next checkpoint, so that the host has its metrics. */
  taskManagerRegistered(): void {
    this.#settled = undefined;
  }

  /** One that is gone cannot acknowledge. */
  taskManagerLost(tm: string): void {
    // It may not have heard that the newest checkpoint completed, and what it acknowledged is not committed then.
    this.#settled = undefined;
    const pending = this.#pending;
    if (pending?.awaited.delete(tm) === true && pending.awaited.size === 0) pending.allAcknowledged();
  }

  #begin(kind: CheckpointRecord["kind"]): PendingCheckpoint {
    const id = this.#options.nextCheckpointId();
    const awaited = new Set(this.#options.trigger(id));
    const nowMs = this.#nowMs();
    const record: CheckpointRecord = {
      id,
      kind,
      status: "IN_PROGRESS",
      triggeredAtMs: nowMs,
      latestAckAtMs: nowMs,
      durationMs: 0,
      bytes: 0,
      participants: awaited.size,
      acknowledged: 0,
      acknowledgements: [],
      location: null,
      discarded: false,
      failedAtMs: null,
      failure: null,
    };
    this.history.begin(record);
    const pending = {
      record,
      awaited,
      acknowledgements: [],
      acknowledgedAtMs: new Map<string, number>(),
      latestAckAtMs: nowMs,
      allAcknowledged: () => undefined,
    };
    this.#pending = pending;
    return pending;
  }

  #awaitAcknowledgements(pending: PendingCheckpoint): Promise<void> {
    if (pending.awaited.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ACKNOWLEDGEMENTS_AWAITED_MS);
      pending.allAcknowledged = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #complete(
    pending: PendingCheckpoint,
    { hash, state, write }: { hash: Cut["state"]; state: JobState; write: WriteCut },
  ): Promise<CheckpointOutcome> {
    const { jobId, epoch, store, clock, notifyCompleted } = this.#options;
    const { id, kind } = pending.record;
    let written: Awaited<ReturnType<WriteCut>>;
    try {
      written = await write({ id, jobId, epoch, completedAtUs: clock.nowUs(), state: hash });
    } catch (error) {
      // A full disk costs this checkpoint, not the job: the state is in the store.
      return { ...this.#fail(pending, describeError(error)), kind: "declined", error };
    }
    this.#previous = state;
    const { durationMs } = this.#conclude(pending, { status: "COMPLETED", ...written });
    if (kind !== "savepoint") {
      for (const removed of await this.#options.storage.retain()) this.history.discard(removed);
    }
    const published = await store.publish({ epoch });
    if (published.kind === "refused") return { kind: "superseded", id, durationMs, epoch: published.epoch };
    if (kind !== "savepoint") {
      notifyCompleted(id);
      this.#settled = isAcknowledged(pending, state) ? hash : undefined;
    }
    // The checkpoint is complete even when the store is lost just after: the next one, or a TaskManager, will see it.
    return { kind: "completed", id, durationMs, state, location: written.location };
  }

  async #writeCheckpoint(kind: CheckpointFile["kind"], cut: Cut): ReturnType<WriteCut> {
    const { storage } = this.#options;
    const bytes = await storage.write({ schema: 1, kind, ...cut });
    return { bytes, location: storage.locate(cut.id) };
  }

  #fail(pending: PendingCheckpoint, reason: string): { id: number; durationMs: number; reason: string } {
    const { id, durationMs } = this.#conclude(pending, {
      status: "FAILED",
      failedAtMs: this.#nowMs(),
      failure: reason,
    });
    return { id, durationMs, reason };
  }

  #conclude(pending: PendingCheckpoint, changes: Partial<CheckpointRecord>): CheckpointRecord {
    const record: CheckpointRecord = {
      ...pending.record,
      latestAckAtMs: pending.latestAckAtMs,
      acknowledged: pending.acknowledgements.length,
      acknowledgements: [...pending.acknowledgedAtMs].map(([tm, atMs]) => ({ tm, atMs })),
      durationMs: this.#nowMs() - pending.record.triggeredAtMs,
      ...changes,
    };
    this.history.end(record);
    return record;
  }

  #nowMs(): number {
    return Math.round(this.#options.clock.nowUs() / 1000);
  }
}

/** Whether all acknowledged, and just the offsets of this state. Where nobody takes part nothing is to be committed. */
function isAcknowledged({ record, awaited, acknowledgements }: PendingCheckpoint, state: JobState): boolean {
  if (record.participants === 0) return true;
  const offsets = new Map<number, number>();
  for (const { life, offsets: own } of acknowledgements) {
    if (life === state.life) for (const { p, offset } of own) offsets.set(p, offset);
  }
  return awaited.size === 0 && state.partitions.every(({ p, offset }) => offsets.get(p) === offset);
}

/** K2, as a pure function of what was read and what is known. */
export function judgeCut(input: {
  readonly hash: Readonly<Record<string, string>>;
  readonly partitions: number;
  readonly life: StoreLife;
  readonly runId: string;
  readonly acknowledgements: readonly Acknowledgement[];
  readonly previous: JobState | undefined;
}): Verdict {
  const { life, previous } = input;
  const lost = (reason: string): Verdict => ({ kind: "lost", reason });
  const parsed = parseJobState(input.hash, input.partitions);
  if (parsed.kind === "missing") return lost("the state is gone from Redis");
  if (parsed.kind === "incomplete") return lost(`the state in Redis lacks a valid ${parsed.field}`);
  const { state } = parsed;
  if (state.life !== life.life) return lost(`the state in Redis is of life ${state.life}, expected ${life.life}`);
  if (input.runId !== life.redisRunId) {
    return lost(`Redis has run_id ${input.runId}, but this life began under ${life.redisRunId}`);
  }
  const floor = (p: number, offset: number, who: string): Verdict | undefined => {
    const found = state.partitions[p]?.offset ?? 0;
    return found < offset ? lost(`partition ${p} stands at ${found} in Redis, below ${offset} of ${who}`) : undefined;
  };
  for (const acknowledgement of input.acknowledgements) {
    // An acknowledgement of an older life says nothing about this one.
    if (acknowledgement.life !== life.life) continue;
    for (const { p, offset } of acknowledgement.offsets) {
      const verdict = p < input.partitions ? floor(p, offset, "an acknowledgement") : undefined;
      if (verdict !== undefined) return verdict;
    }
  }
  for (const { p, offset } of previous?.life === life.life ? present(previous, "previous").partitions : []) {
    const verdict = floor(p, offset, "the previous checkpoint");
    if (verdict !== undefined) return verdict;
  }
  return { kind: "accepted", state };
}
