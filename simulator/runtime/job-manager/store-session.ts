/**
 * The JobManager's hold on the job's state in Redis: which life is current, how it came to be, and what to do when the
 * store lost something.
 *
 * S1 The start offsets are durable in checkpoint 0 before the first INIT. Where any checkpoint exists, a hash that is
 *    missing or incomplete is recovered, never initialised: a missing key is not zero.
 * S2 A cut is durable in recoveries.json before the HSET of its RECOVER; the reverse would lose a cut.
 * S3 A life belongs to one Redis server process (run_id): another run_id, even with the same data, is a new life, since
 *    that server may have come back without its newest writes.
 * S4 A higher epoch in the store ends this JobManager.
 * S5 A cut that nobody followed up (its JobManager died before the HSET) is followed up by the next JobManager: from the
 *    cut on the rows of the old life are void, so that life cannot go on.
 * S6 A savepoint becomes this job's checkpoint 0 before anything of it is in the store: from then on it is not needed.
 */
import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { RecoverySource } from "../../common/contract/files/checkpoint.ts";
import type { StoredSavepoint } from "../../common/contract/files/savepoint.ts";
import { isConsistent, type JobState, parseJobState, type StoreLife } from "../../common/contract/state/redis-state.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import { createError, isAppError } from "../../common/foundation/errors.ts";
import type { Log } from "../../common/foundation/log.ts";
import type { CheckpointStorage } from "../checkpoint/checkpoint-storage.ts";
import type { JobStore } from "../checkpoint/job-store.ts";
import {
  buildFieldsOfSavepoint,
  buildInitialFields,
  buildRecoveredFields,
  chooseRecovery,
} from "../checkpoint/recovery-state.ts";
import type { Numbering } from "./numbering.ts";

/** A server that dies in the middle of a RECOVER makes another one necessary; this many in a row are a broken store. */
const RECOVER_ATTEMPTS_MAX = 5;

export interface Recovered {
  readonly life: string;
  readonly reason: string;
  readonly from: RecoverySource;
  /** What was restored; null when Redis's own state was taken. */
  readonly restored: { readonly id: number; readonly location: string } | null;
}

export interface StoreSessionOptions {
  readonly jobId: string;
  readonly partitions: number;
  readonly store: JobStore;
  readonly storage: CheckpointStorage;
  readonly numbering: Numbering;
  readonly clock: RunClock;
  readonly log: Log;
  readonly readStartOffsets: () => Promise<readonly number[]>;
  /** Throws SAVEPOINT_REFUSED. Null: the job starts at the start offsets. */
  readonly readSavepoint: (() => StoredSavepoint) | null;
  readonly onRecovered: (recovered: Recovered) => void;
}

export class StoreSession {
  readonly #options: StoreSessionOptions;
  #life: StoreLife | null = null;

  constructor(options: StoreSessionOptions) {
    this.#options = options;
  }

  /** The current life; null before `establish` and during a RECOVER. */
  get life(): StoreLife | null {
    return this.#life;
  }

  /** Makes the state current for this epoch: the first script of every JobManager life. Returns what it found. */
  async establish(): Promise<JobState> {
    const { store, storage, partitions } = this.#options;
    store.expect(null);
    try {
      // Where a checkpoint exists, or a try before this one wrote checkpoint 0, it is taken up.
      if (await storage.hasAny()) await this.#resume();
      else await this.#initialise();
    } catch (error) {
      if (!isServerChanged(error)) throw error;
      await this.#recover("Redis was restarted while the state was made current");
    }
    const parsed = parseJobState(await store.readHash(), partitions);
    if (parsed.kind === "complete") return parsed.state;
    return this.#recover("the state vanished from Redis right after it was made current");
  }

  /** Shows the total, which is done at INIT too. */
  async publish(): Promise<void> {
    const { store, numbering } = this.#options;
    const answer = await store.publish({ epoch: numbering.epoch });
    if (answer.kind === "refused") throw this.#superseded(answer.epoch);
    if (answer.kind === "storeLost") await this.verify("the store was lost before the job began");
  }

  /**
   * Looks at the store after a sign that it lost something. Recovers it if it did; false when it is healthy. A `certain`
   * sign, such as an offset that went back, recovers also a store that looks healthy: within a life nothing goes back.
   */
  async verify(reason: string, certain = false): Promise<boolean> {
    const { store, partitions, numbering } = this.#options;
    const parsed = parseJobState(await store.readHash(), partitions);
    // Asked after the read: if the server changed in between, this is the newer one, and the life is not current.
    const runId = await store.runId();
    if (parsed.kind === "complete") {
      const { state } = parsed;
      if (state.epoch > numbering.epoch) throw this.#superseded(state.epoch);
      const current = state.life === this.#life?.life && state.redisRunId === runId;
      if (!certain && current && isConsistent(state)) return false;
    }
    await this.#recover(reason);
    return true;
  }

  /** S6. The state of the savepoint is checkpoint 0, and the first life is recovered from there. */
  async #startFrom({ file, path }: StoredSavepoint): Promise<void> {
    const { storage, numbering, jobId, clock } = this.#options;
    const { epoch } = numbering;
    const state = buildFieldsOfSavepoint(file.state, file.source.partitions);
    await storage.write({ schema: 1, id: 0, kind: "initial", jobId, epoch, completedAtUs: clock.nowUs(), state });
    const savepoint = { id: file.id, location: pathToFileURL(path).href };
    await this.#recover(`the job starts from savepoint ${savepoint.location} of job ${file.jobId}`, savepoint);
  }

  async #initialise(): Promise<void> {
    const { store, storage, numbering, jobId, clock, readSavepoint } = this.#options;
    if (readSavepoint !== null) return this.#startFrom(readSavepoint());
    const { epoch } = numbering;
    const startOffsets = await this.#options.readStartOffsets();
    const life: StoreLife = { life: randomUUID(), redisRunId: await store.runId() };
    const state = buildInitialFields({ ...life, epoch }, startOffsets);
    await storage.write({ schema: 1, id: 0, kind: "initial", jobId, epoch, completedAtUs: clock.nowUs(), state });
    const answer = await store.init({ epoch, ...life, startOffsets });
    switch (answer.kind) {
      case "created":
        return this.#adopt(life);
      case "exists":
        // The state outlived our checkpoints folder: it is as good as a checkpoint, and goes on if its server does.
        if (answer.redisRunId === life.redisRunId) return this.#adopt(answer);
        await this.#recover("Redis was restarted");
        return;
      case "refused":
        throw this.#superseded(answer.epoch);
    }
  }

  async #resume(): Promise<void> {
    const { store, partitions, numbering } = this.#options;
    const runId = await store.runId();
    const parsed = parseJobState(await store.readHash(), partitions);
    if (parsed.kind !== "complete") {
      const how = parsed.kind === "missing" ? "is missing" : `lacks a valid ${parsed.field}`;
      await this.#recover(`the state in Redis ${how}, and there is a checkpoint`);
      return;
    }
    const startOffsets = parsed.state.partitions.map(({ start }) => start);
    const answer = await store.init({ epoch: numbering.epoch, life: randomUUID(), redisRunId: runId, startOffsets });
    switch (answer.kind) {
      case "created":
        await this.#recover("the state vanished from Redis between two reads");
        return;
      case "exists":
        if (answer.redisRunId !== runId) await this.#recover("Redis was restarted while no JobManager led");
        else if (await this.#isCut(answer.life)) await this.#recover("the recovery that was begun is not finished");
        else this.#adopt(answer);
        return;
      case "refused":
        throw this.#superseded(answer.epoch);
    }
  }

  /** S5. */
  async #isCut(life: string): Promise<boolean> {
    const recoveries = await this.#options.storage.readRecoveries();
    return recoveries.length > 0 && recoveries.at(-1)?.life !== life;
  }

  /** `savepoint`: what checkpoint 0 was made from just now. */
  async #recover(reason: string, savepoint: Recovered["restored"] = null): Promise<JobState> {
    const { store, partitions, log } = this.#options;
    this.#life = null;
    log.warn(`recovering the state: ${reason}`);
    for (let attempt = 1; attempt <= RECOVER_ATTEMPTS_MAX; attempt += 1) {
      store.expect(null);
      const { life, fields, recovered } = await this.#prepareRecovery(reason, savepoint);
      const parsed = parseJobState(fields, partitions);
      if ((await this.#writeRecovered(life, fields)) && parsed.kind === "complete") {
        this.#options.onRecovered(recovered);
        return parsed.state;
      }
      log.warn(`the store was lost again during the recovery (attempt ${attempt} of ${RECOVER_ATTEMPTS_MAX})`);
    }
    throw this.#lost(`${RECOVER_ATTEMPTS_MAX} recoveries in a row did not last`);
  }

  /** False when the server changed before the new life was published: then it has to be recovered again. */
  async #writeRecovered(life: StoreLife, fields: Readonly<Record<string, string>>): Promise<boolean> {
    const { store, numbering } = this.#options;
    const { epoch } = numbering;
    try {
      const answer = await store.recover({ epoch, fields });
      if (answer.kind === "refused") throw this.#superseded(answer.epoch);
    } catch (error) {
      if (isServerChanged(error)) return false;
      throw error;
    }
    store.expect(life);
    const published = await store.publish({ epoch });
    if (published.kind === "refused") throw this.#superseded(published.epoch);
    if (published.kind === "published") this.#adopt(life);
    return published.kind === "published";
  }

  /** Chooses the state and makes its cut durable (S2). */
  async #prepareRecovery(
    reason: string,
    savepoint: Recovered["restored"],
  ): Promise<{ life: StoreLife; fields: Record<string, string>; recovered: Recovered }> {
    const { store, storage, partitions, numbering, clock } = this.#options;
    const redisRunId = await store.runId();
    const hash = await store.readHash();
    const checkpoint = await storage.readNewest();
    const candidate = checkpoint && { fields: checkpoint.file.state, state: checkpoint.state };
    const choice = chooseRecovery(hash, partitions, candidate, await storage.readRecoveries());
    if (choice === undefined) {
      throw this.#lost("Redis has no complete and consistent state, and no checkpoint can be read");
    }
    const life: StoreLife = { life: randomUUID(), redisRunId };
    const fields = buildRecoveredFields(choice, hash, {
      ...life,
      epoch: numbering.epoch,
      nextGeneration: () => numbering.nextGeneration(),
    });
    const from = choice.from === "checkpoint" && savepoint !== null ? "savepoint" : choice.from;
    const offsets = choice.state.partitions.map(({ offset }) => offset);
    await storage.appendRecovery({ life: life.life, atUs: clock.nowUs(), from, reason, offsets });
    const id = checkpoint?.file.id ?? 0;
    const restored = from === "redis" ? null : (savepoint ?? { id, location: storage.locate(id) });
    return { life, fields, recovered: { life: life.life, reason, from, restored } };
  }

  #adopt({ life, redisRunId }: StoreLife): void {
    this.#life = { life, redisRunId };
    this.#options.store.expect(this.#life);
  }

  #superseded(by: number): Error {
    return createError("JOB_MANAGER_SUPERSEDED", { epoch: this.#options.numbering.epoch, by });
  }

  #lost(detail: string): Error {
    return createError("JOB_STATE_LOST", { jobId: this.#options.jobId, detail });
  }
}

/** The server is another process than the one whose run_id the script carried; nothing was written. */
const isServerChanged = (error: unknown): boolean => isAppError(error) && error.code === "REDIS_SERVER_CHANGED";
