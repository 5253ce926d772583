/** What every process of a run must know, decided from the options before anything is started. Pure. */

import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import {
  groupName,
  JOB_NAME,
  jobIdOf,
  publishedKeyOf,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { partitionsOf } from "../options.ts";
import type { RunContext } from "./run-context.ts";

/** Partitions and ownership of the topic become certain when the topic is there, before any dependent starts. */
export function createRunConfig(run: Pick<RunContext, "options" | "runId">): RunConfig {
  const { options, runId } = run;
  const jobId = jobIdOf(runId);
  return {
    runId,
    jobId,
    jobName: JOB_NAME,
    topic: options.topic ?? topicName(runId),
    ownTopic: options.topic === null || options.messages > 0,
    group: groupName(runId),
    partitions: partitionsOf(options),
    stickyIds: chooseStickyIds({ ...options, partitions: partitionsOf(options) }),
    taskManagers: options.taskManagers,
    stateKey: stateKeyOf(jobId),
    publishedKey: publishedKeyOf(jobId),
    counterKey: options.counterKey,
    sequenceKey: options.sequenceKey,
    messageSize: options.messageSize,
    rate: options.rate,
    maxTimeMs: options.maxTimeMs,
    checkpointIntervalMs: options.checkpointIntervalMs,
    allowRejected: options.allowRejected,
    operators: options.testOperator === null ? ["identity"] : ["identity", options.testOperator],
  };
}
