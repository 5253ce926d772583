/**
 * A job as its program declares it: a source, the operators its records pass, and a sink. The declaration is data; the
 * JobManager decides where it runs.
 *
 *   JobGraphBuilder.from({ topic, … }).map("identity").sinkTo({ stateKey, … }, { jobId, … })
 */

import type { RunConfig } from "../../common/contract/child/run-config.ts";
import { isOperatorName, OPERATOR_NAMES } from "../../common/contract/job/operators.ts";
import type { JobGraph } from "../../common/contract/job/rest.ts";
import { createError } from "../../common/foundation/errors.ts";

export class JobGraphBuilder {
  readonly #source: JobGraph["source"];
  readonly #operators: readonly string[];

  private constructor(source: JobGraph["source"], operators: readonly string[]) {
    this.#source = source;
    this.#operators = operators;
  }

  static from(source: JobGraph["source"]): JobGraphBuilder {
    return new JobGraphBuilder(source, []);
  }

  /** Adds an operator of the closed list; a name that is not on it is refused here already. */
  map(operator: string): JobGraphBuilder {
    if (!isOperatorName(operator)) {
      const expected = `one of ${OPERATOR_NAMES.join(", ")}`;
      throw createError("USAGE_OPTION_INVALID", { option: "an operator", value: operator, expected });
    }
    return new JobGraphBuilder(this.#source, [...this.#operators, operator]);
  }

  sinkTo(sink: JobGraph["sink"], job: Omit<JobGraph, "source" | "operators" | "sink">): JobGraph {
    return { ...job, source: this.#source, operators: this.#operators, sink };
  }
}

/** The job of a run: Kafka topic → operators → counters in Redis, one subtask a TaskManager. */
export function declareJob(config: RunConfig): JobGraph {
  const source = JobGraphBuilder.from({ topic: config.topic, partitions: config.partitions, group: config.group });
  const mapped = config.operators.reduce((stream, operator) => stream.map(operator), source);
  const { stateKey, publishedKey, counterKey, sequenceKey } = config;
  return mapped.sinkTo(
    { stateKey, publishedKey, counterKey, sequenceKey },
    {
      jobId: config.jobId,
      name: config.jobName,
      parallelism: config.taskManagers,
      checkpointIntervalMs: config.checkpointIntervalMs,
      ...(config.savepointPath === undefined ? {} : { savepointPath: config.savepointPath }),
    },
  );
}
