/** Names that more than one process must agree on. Pure. */
import { createHash } from "node:crypto";

/** The published view of the total: the two keys that the original system's users read. All jobs on a Redis share them. */
export const PROCESSED_MESSAGE_COUNTER_KEY = "flinkdotnet:sample:processed_message_counter";
export const GLOBAL_SEQUENCE_KEY = "flinkdotnet:global_sequence_id";
export const TOPIC_PREFIX = "flinkdotnet.sample.topic";
export const JOB_NAME = "flink-job-simulator";

export const topicName = (runId: string): string => `${TOPIC_PREFIX}-${runId}`;
/** Of made-up messages before the first round; it is removed before the round begins. */
export const warmUpTopicName = (runId: string): string => `${topicName(runId)}-warm-up`;
/** What Flink commits: the counts of each partition, which the mirror applies. */
export const countsTopicName = (runId: string): string => `${topicName(runId)}-counts`;
/** What a job of the user's writes to. */
export const outputTopicName = (runId: string): string => `${topicName(runId)}-output`;
export const groupName = (runId: string): string => `flink-apphost-${runId}`;

/** Flink's job id form: 32 hex digits. The same run always gets the same id, so submitting is idempotent. */
export const jobIdOf = (runId: string): string =>
  createHash("sha256").update(`job:${runId}`).digest("hex").slice(0, 32);

export const stateKeyOf = (jobId: string): string => `{${jobId}}:state`;
/** The published view of this job alone. */
export const publishedKeyOf = (jobId: string): string => `{${jobId}}:published`;

/** The processes of a warm-up, as logs and samples name them; they are no resources of the run. */
export const WARM_UP_PRODUCER = "warm-up-producer";
export const WARM_UP_READER = "warm-up-reader";

/** Of a run on Apache Flink: the program that brings what Flink commits into Redis, and where SQL is handed in. */
export const MIRROR = "mirror";
export const SQL_GATEWAY = "sql-gateway";

/** `taskmanager-01`: one-based, at least two digits, as everywhere in logs, reports and Redis. */
export const taskManagerName = (number: number): string => `taskmanager-${String(number).padStart(2, "0")}`;
