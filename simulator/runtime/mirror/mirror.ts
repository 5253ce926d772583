/**
 * Brings the counts that Flink has committed into the job's state in Redis, under the fences of that state.
 *
 *   made → current (life established, every fence acquired) ⇄ applying → stopped (every fence taken from everybody)
 *
 * W1 It applies only what is committed, and the newest counts of a partition alone: a row that was missed is covered by
 *    the one after it.
 * W2 A partition is applied under a fence of this process, so one that was thought dead cannot write behind this one.
 * W3 After an APPLY its row is in the applied log before anything else of that partition is applied.
 * W4 A Redis that lost something is recovered as the JobManager of this runtime does it. What it then lacks is applied
 *    again, since the counts of the whole topic are here.
 * W5 What is told of offsets is told after the APPLY.
 */
import type { StateStore } from "../../clients/redis/state-store.ts";
import type { MirrorMessage } from "../../common/contract/child/child-messages.ts";
import type { AppliedLogRow } from "../../common/contract/files/applied-log.ts";
import type { PartitionCounts } from "../../common/contract/job/counts.ts";
import type { ApplyCounts } from "../../common/contract/metrics.ts";
import { MIRROR } from "../../common/contract/names.ts";
import { parseJobState } from "../../common/contract/state/redis-state.ts";
import { present, unreachable } from "../../common/foundation/assert.ts";
import type { RunClock } from "../../common/foundation/clock.ts";
import { createError } from "../../common/foundation/errors.ts";
import { fenceWriters } from "../job-manager/job-stop.ts";
import type { Numbering } from "../job-manager/numbering.ts";
import type { StoreSession } from "../job-manager/store-session.ts";
import { type AppliedCounts, addChange, planApply } from "./applied-counts.ts";

/** A Redis that loses its state so often in a row is a broken one. */
const TAKE_UPS_MAX = 5;

export interface MirrorOptions {
  readonly jobId: string;
  readonly partitions: number;
  readonly store: StateStore;
  readonly session: StoreSession;
  readonly numbering: Numbering;
  readonly appliedLog: { append(...rows: readonly AppliedLogRow[]): void };
  readonly clock: RunClock;
  /** For tests: rows of this partition are taken in and not applied. Null: of none. */
  readonly droppedPartition: number | null;
}

interface HeldPartition {
  readonly g: number;
  readonly applied: AppliedCounts;
}

export class Mirror {
  readonly applies: { -readonly [K in keyof ApplyCounts]: number } = {
    ok: 0,
    dup: 0,
    seek: 0,
    fenced: 0,
    storeLost: 0,
  };
  /** Messages that were applied by this process. */
  processed = 0;
  readonly #options: MirrorOptions;
  readonly #newest = new Map<number, PartitionCounts>();
  #held: readonly HeldPartition[] = [];
  #isStale = true;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Makes the state current and takes every fence (W2). */
  async begin(): Promise<void> {
    const { session } = this.#options;
    await session.establish();
    await session.publish();
    await this.#takeUp();
  }

  /** In the order in which they were committed. */
  take(rows: readonly PartitionCounts[]): void {
    for (const row of rows) this.#newest.set(row.p, row);
    this.#isStale ||= rows.length > 0;
  }

  /** Settles when all that was taken is applied and shown. One call at a time. */
  async apply(): Promise<void> {
    for (let attempt = 1; this.#isStale; ) {
      this.#isStale = false;
      const lost = await this.#applyEach();
      if (lost === null && (await this.#publish())) continue;
      this.#isStale = true;
      if (attempt === TAKE_UPS_MAX) {
        const detail = `${TAKE_UPS_MAX} times in a row it was not there when the counts were applied`;
        throw createError("JOB_STATE_LOST", { jobId: this.#options.jobId, detail });
      }
      attempt += 1;
      await this.#options.session.verify(lost ?? "the store was lost before the total was shown");
      await this.#takeUp();
    }
  }

  /** By partition. What is dropped for a test counts as taken. */
  describe(): MirrorMessage {
    const offsets = this.#held.map(({ applied }, p) => {
      const row = this.#newest.get(p);
      return p === this.#options.droppedPartition && row !== undefined ? row.highestOffset + 1 : applied.offset;
    });
    return { type: "mirrored", offsets, total: this.#held.reduce((sum, { applied }) => sum + applied.count, 0) };
  }

  /** Nobody applies anything after it. */
  async stop(): Promise<void> {
    const { session, jobId } = this.#options;
    for (let attempt = 1; attempt <= TAKE_UPS_MAX; attempt += 1) {
      if (await fenceWriters(this.#options)) return;
      await session.verify("the stop found no state of the current life");
      await this.#takeUp();
      this.#isStale = true;
      await this.apply();
    }
    throw createError("JOB_STOP_FAILED", { jobId, attempts: TAKE_UPS_MAX, last: "the state was lost each time" });
  }

  async #takeUp(): Promise<void> {
    const { store, session, numbering, partitions, appliedLog, jobId } = this.#options;
    for (let attempt = 1; attempt <= TAKE_UPS_MAX; attempt += 1) {
      const { life } = present(session.life, "the life of the state");
      const generations = Array.from({ length: partitions }, () => numbering.nextGeneration());
      const answers = await Promise.all(generations.map((g, p) => store.acquire({ life, p, g })));
      const isWhole = answers.every((answer) => answer.kind === "acquired");
      const parsed = isWhole ? parseJobState(await store.readHash(), partitions) : null;
      if (parsed?.kind === "complete" && parsed.state.life === life) {
        for (const [p, g] of generations.entries()) {
          const { offset, last } = present(parsed.state.partitions[p], `partition ${p}`);
          appliedLog.append({ kind: "acquire", life, p, g, offset });
          // The process before may have ended between APPLY and its row.
          if (last !== null) {
            const { prev, next, n, base, tm } = last;
            appliedLog.append({ kind: "apply", life, p, g: last.g, prev, next, n, base, tm, appliedAtUs: 0 });
          }
        }
        this.#held = parsed.state.partitions.map((applied, p) => ({ g: generations[p] as number, applied }));
        return;
      }
      const fenced = answers.find((answer) => answer.kind === "fenced");
      if (fenced?.kind === "fenced") throw createError("MIRROR_FENCED", { fence: fenced.fence });
      await session.verify("the fences could not be taken");
    }
    throw createError("JOB_STATE_LOST", {
      jobId,
      detail: `${TAKE_UPS_MAX} times in a row its fences could not be taken`,
    });
  }

  /** Null, or what shows that the store lost something. */
  async #applyEach(): Promise<string | null> {
    const lost = await Promise.all(this.#held.map((held, p) => this.#applyPartition(held, p)));
    return lost.find((reason) => reason !== null) ?? null;
  }

  async #applyPartition({ g, applied }: HeldPartition, p: number): Promise<string | null> {
    const { store, session, clock, droppedPartition } = this.#options;
    const row = this.#newest.get(p);
    if (row === undefined || p === droppedPartition) return null;
    const plan = planApply(applied, row);
    if (plan.kind === "none") return null;
    if (plan.kind === "wentBack") {
      const { messages, highestOffset } = row;
      throw createError("COUNTS_WENT_BACK", {
        p,
        messages,
        highestOffset,
        applied: applied.count,
        offset: applied.offset,
      });
    }
    const { life } = present(session.life, "the life of the state");
    const answer = await store.apply({ life, p, g, tm: MIRROR, sentAtUs: clock.nowUs(), ...plan.change });
    this.applies[answer.kind] += 1;
    switch (answer.kind) {
      case "ok":
      case "dup": {
        const { prev, next, n } = plan.change;
        const appliedAtUs = clock.nowUs();
        this.#options.appliedLog.append({
          kind: "apply",
          life,
          p,
          g,
          prev,
          next,
          n,
          base: answer.base,
          tm: MIRROR,
          appliedAtUs,
        });
        this.#held = this.#held.with(p, { g, applied: addChange(applied, plan.change) });
        this.processed += n;
        return null;
      }
      case "fenced":
        throw createError("MIRROR_FENCED", { fence: answer.fence });
      case "seek":
        return `partition ${p} stands at offset ${answer.offset} in Redis, and ${applied.offset} was applied`;
      case "storeLost":
        return `partition ${p} is not of life ${life} any more`;
      default:
        return unreachable(answer);
    }
  }

  async #publish(): Promise<boolean> {
    const { store, numbering } = this.#options;
    const answer = await store.publish({ epoch: numbering.epoch });
    if (answer.kind === "refused") throw createError("MIRROR_FENCED", { fence: answer.epoch });
    return answer.kind === "published";
  }
}
