/**
 * Everything that children told the host in this run, by kind. Messages come in here and nowhere else; waits look at it.
 *
 * O1 Counts of the dead still count: of each TaskManager the newest metrics of its incarnation are kept, and the sum of
 *    those before, of which nothing comes any more once the next one speaks.
 * O2 A "failed" message belongs to one process life: a new life starts without it.
 */
import type { ChildMessage, MirrorMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { FlinkTaskManagerFigures } from "../../simulator/common/contract/events.ts";
import { addMetrics, type TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { AppError } from "../../simulator/common/foundation/errors.ts";
import { applyJobManagerMessage, EMPTY_JOB_VIEW, isJobManagerMessage, type JobView } from "./job-view.ts";

export interface ProducerView {
  readonly round: number;
  readonly firstSendAtUs: number | null;
  readonly sent: number;
  readonly acknowledged: number;
  readonly finished: { readonly endOffsets: readonly number[]; readonly lastAckAtUs: number } | null;
}

/** Counts of its present attempt. */
export interface FlinkSubtaskFigures {
  readonly taskManager: string;
  readonly subtask: number;
  readonly attempt: number;
  readonly vertex: { readonly id: string; readonly name: string; readonly isSource: boolean };
  readonly readRecords: number;
  readonly writeRecords: number;
  readonly busyMs: number;
  readonly backPressuredMs: number;
  readonly idleMs: number;
}

export interface FlinkFigures {
  readonly taskManagers: readonly { readonly name: string; readonly figures: FlinkTaskManagerFigures }[];
  readonly subtasks: readonly FlinkSubtaskFigures[];
  /** By Flink's names. */
  readonly cluster: Readonly<Record<string, number>>;
  /** By Flink's names. */
  readonly job: Readonly<Record<string, number>>;
}

export class Observations {
  job: JobView = EMPTY_JOB_VIEW;
  producer: ProducerView | null = null;
  /** What the mirror of Flink's counts said last; null before, and on this runtime. */
  mirrored: MirrorMessage | null = null;
  /** What Apache Flink said last of the job on each of its TaskManagers, and of the job; null before, and on this runtime. */
  flink: FlinkFigures | null = null;
  /** True from the start to the first verdict, and in each round: an interrupt, or a cancelled job, is then the run's. */
  isRoundOpen = true;
  /** True once all of the open round is applied: whoever ends the job then takes nothing from its verdict. */
  isRoundDrained = false;
  /** True once the host itself has asked the JobManager to stop the job. */
  isStopAsked = false;
  /** Acknowledged in the rounds before the open one. */
  acknowledgedBefore = 0;
  readonly #metrics = new Map<string, TaskManagerMetrics>();
  readonly #formerMetrics = new Map<string, TaskManagerMetrics>();
  readonly #failures = new Map<string, AppError>();

  take(resource: string, message: ChildMessage): void {
    if (isJobManagerMessage(message)) this.job = applyJobManagerMessage(this.job, message);
    else if (message.type === "metrics") this.#takeMetrics(message.metrics);
    else if (message.type === "mirrored") this.mirrored = message;
    else if (message.type === "failed") {
      const row = { category: message.category, retryable: false };
      this.#failures.set(resource, new AppError(message.code, `${resource}: ${message.message}`, row));
    } else this.#takeProducerMessage(message);
  }

  #takeMetrics(metrics: TaskManagerMetrics): void {
    const { tm, incarnation } = metrics;
    const known = this.#metrics.get(tm);
    if (known !== undefined && known.incarnation !== incarnation) {
      const former = this.#formerMetrics.get(tm);
      this.#formerMetrics.set(tm, former === undefined ? known : addMetrics(former, known));
    }
    this.#metrics.set(tm, metrics);
  }

  #takeProducerMessage(message: ChildMessage): void {
    const { producer } = this;
    if (producer === null || !("round" in message) || message.round !== producer.round) return;
    if (message.type === "produceStarted") {
      // A restarted producer starts again; the clock runs from the first send of all.
      this.producer = { ...producer, firstSendAtUs: producer.firstSendAtUs ?? message.firstSendAtUs };
    } else if (message.type === "produceProgress") {
      this.producer = { ...producer, sent: message.sent, acknowledged: message.acknowledged };
    } else {
      const { acknowledged, endOffsets, lastAckAtUs } = message;
      this.producer = { ...producer, sent: acknowledged, acknowledged, finished: { endOffsets, lastAckAtUs } };
    }
  }

  /** Whether somebody else has ended the job, or is about to: nothing that is produced now will be applied. */
  get isJobCancelled(): boolean {
    const { state } = this.job;
    return !this.isStopAsked && (state === "CANCELLING" || state === "CANCELED" || state === "FINISHED");
  }

  startRound(round: number): void {
    this.acknowledgedBefore += this.producer?.acknowledged ?? 0;
    this.producer = { round, firstSendAtUs: null, sent: 0, acknowledged: 0, finished: null };
  }

  /** Of all incarnations that ever reported (O1). */
  get metrics(): readonly TaskManagerMetrics[] {
    return [...this.#formerMetrics.values(), ...this.#metrics.values()];
  }

  /** Undefined unless it is the newest incarnation that reported. */
  metricsOf(taskManager: string, incarnation: string): TaskManagerMetrics | undefined {
    const metrics = this.#metrics.get(taskManager);
    return metrics?.incarnation === incarnation ? metrics : undefined;
  }

  /** Why the present life of a resource gave up, if it said so. */
  failureOf(resource: string): AppError | undefined {
    return this.#failures.get(resource);
  }

  forgetFailure(resource: string): void {
    this.#failures.delete(resource);
  }
}
