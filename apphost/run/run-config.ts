/** What every process of a run must know, decided from the options before anything is started, and what it will leave. */
import { resolve } from "node:path";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import {
  countsTopicName,
  groupName,
  JOB_NAME,
  jobIdOf,
  outputTopicName,
  publishedKeyOf,
  stateKeyOf,
  topicName,
} from "../../simulator/common/contract/names.ts";
import { formatKafkaAddresses, formatRedisAddress, redisPlace } from "../../simulator/common/foundation/address.ts";
import { partitionsOf } from "../options.ts";
import type { RunContext } from "./run-context.ts";
import { writeCredentials } from "./run-folder.ts";

/** Partitions and ownership of the topic become certain when the topic is there, before any dependent starts. */
export function createRunConfig(run: Pick<RunContext, "options" | "runId">): RunConfig {
  const { options, runId } = run;
  const jobId = jobIdOf(runId);
  return {
    runId,
    engine: options.engine,
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
    compression: options.compression,
    rate: options.rate,
    maxTimeMs: options.maxTimeMs,
    checkpointIntervalMs: options.checkpointIntervalMs,
    allowRejected: options.allowRejected,
    operators: options.testOperator === null ? ["identity"] : ["identity", options.testOperator],
    ...(options.sql === null && options.jar === null ? {} : { userJob: describeUserJob(options.expect, runId) }),
    ...(options.fromSavepoint === null ? {} : { savepointPath: options.fromSavepoint }),
  };
}

const describeUserJob = (expect: string | null, runId: string) => ({
  outputTopic: outputTopicName(runId),
  expectPath: expect === null ? null : resolve(expect),
});

/** What the run will leave on servers of others, written down before the first of it is made: for `down --purge`. */
export function recordEvidence(run: RunContext, config: RunConfig): void {
  const { topic, ownTopic, group, stateKey, counterKey, sequenceKey } = config;
  const { kafka, redis } = run.options;
  if (redis !== null) writeCredentials(run.runDir, formatRedisAddress(redis));
  run.updateState({
    evidence: {
      topic,
      ownTopic,
      warmUpTopic: null,
      countsTopic: config.engine === "flink" ? countsTopicName(run.runId) : null,
      group,
      stateKey,
      counterKey,
      sequenceKey,
      kafka: kafka === null ? null : formatKafkaAddresses(kafka),
      redis: redis === null ? null : redisPlace(redis),
    },
  });
}
