/**
 * More or fewer of Apache Flink's TaskManagers under a running job, whose adaptive scheduler takes another parallelism
 * while the job lives.
 *
 *   more    started → all registered → a checkpoint → the job restarts from it on all slots
 *   fewer   required → the highest numbers end → the job restarts from its newest checkpoint on the slots that are left
 *
 * F1 A TaskManager has the slots that it was started with, whatever comes and goes. The job's parallelism is the sum of all.
 * F2 Flink waits for all new ones before it restarts the job, so that is once, and it stands still only for that.
 * F3 Nobody can tell Flink which slots it is to give up. So those that leave end as soon as it knows that it needs fewer:
 *    an end in order is told to its JobManager, and nothing waits for a heartbeat.
 * F4 What is required is read at each look, and told again where it is something else: a JobManager that died forgot it.
 */
import type { FlinkJobRest } from "../drivers/flink/flink-job-rest.ts";
import { type FlinkShape, residentMibOf, taskManagersMaxOf } from "../drivers/flink/flink-memory.ts";
import {
  areSameRequirements,
  type ResourceRequirements,
  requireParallelism,
} from "../drivers/flink/resource-requirements.ts";

const MEBIBYTE = 1_048_576;

/** The job, and the parallelism that it was submitted with last. */
export interface SubmittedJob {
  readonly rest: FlinkJobRest;
  readonly parallelism: number;
}

interface Engine {
  readonly isExternal: boolean;
  /** With which it began. */
  readonly shape: FlinkShape;
  /** Null before it was submitted. */
  readonly job: SubmittedJob | null;
}

export class FlinkScaling {
  readonly #engine: Engine;
  #submitted: { readonly requirements: ResourceRequirements; readonly parallelism: number } | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** F1. */
  parallelismOf(taskManagers: number): number {
    return taskManagers * this.#engine.shape.slots;
  }

  /** Why there cannot be so many instead of those that are there now; null: there can. */
  async findLimit(
    { now, wanted }: { readonly now: number; readonly wanted: number },
    signal: AbortSignal,
    availableBytes = process.availableMemory(),
  ): Promise<string | null> {
    const { isExternal, shape, job } = this.#engine;
    if (isExternal) return "its TaskManagers are of a Flink that runs without this host: start or end them there";
    if (wanted <= now) return null;
    const buffered = taskManagersMaxOf(shape);
    if (wanted > buffered) {
      return (
        `${wanted} TaskManagers with ${shape.slots} slots each need more network memory than each was started with: ` +
        `at most ${buffered}; end this run, and start one with another --task-managers`
      );
    }
    const roomMib = Math.floor(availableBytes / MEBIBYTE);
    const neededMib = (wanted - now) * residentMibOf(shape);
    if (neededMib > roomMib) {
      const fitting = now + Math.floor(roomMib / residentMibOf(shape));
      return `${wanted - now} more TaskManagers of Flink take ${neededMib} MiB, and ${roomMib} MiB are available: at most ${fitting}`;
    }
    const status = await job?.rest.readStatus(signal);
    const parallelism = this.parallelismOf(wanted);
    if (status === undefined || parallelism <= status.parallelismMax) return null;
    return `a parallelism of ${parallelism} is more than the job was built for: at most ${status.parallelismMax} (pipeline.max-parallelism)`;
  }

  /** F4. Undefined: it has to be asked again. */
  async require(taskManagers: number, signal: AbortSignal): Promise<true | undefined> {
    const { job } = this.#engine;
    return job === null ? undefined : this.#requireOf(job, this.parallelismOf(taskManagers), signal);
  }

  /** Whether the job runs on all slots of so many TaskManagers. */
  async look(taskManagers: number, signal: AbortSignal): Promise<true | undefined> {
    if ((await this.require(taskManagers, signal)) === undefined) return undefined;
    const status = await this.#engine.job?.rest.readStatus(signal);
    const isReached = status?.isProcessing === true && status.parallelism === this.parallelismOf(taskManagers);
    return isReached ? true : undefined;
  }

  async #requireOf(job: SubmittedJob, parallelism: number, signal: AbortSignal): Promise<true | undefined> {
    const { rest } = job;
    const present = await rest.readRequirements(signal);
    if (present === undefined) return undefined;
    this.#submitted ??= { requirements: present, parallelism: job.parallelism };
    const wanted = requireParallelism(this.#submitted, parallelism);
    if (areSameRequirements(present, wanted)) return true;
    await rest.writeRequirements(wanted, signal);
    return undefined;
  }
}
