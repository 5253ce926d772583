import { row } from "./error-row.ts";

/** Errors of the job: JobManager, TaskManagers, producer, validator. */
export const runtimeErrors = {
  JOB_FAILED: row<{ jobId: string; reason: string }>("job", false, (p) => `job ${p.jobId} failed: ${p.reason}`),
  JOB_STATE_LOST: row<{ jobId: string; detail: string }>(
    "job",
    false,
    (p) => `the state of job ${p.jobId} is lost and cannot be recovered: ${p.detail}`,
  ),
  JOB_STOP_FAILED: row<{ jobId: string; attempts: number; last: string }>(
    "job",
    false,
    (p) => `job ${p.jobId} could not take its final checkpoint in ${p.attempts} attempts (last: ${p.last})`,
  ),
  FINAL_CHECKPOINT_FAILED: row<{ jobId: string; attempts: number }>(
    "infrastructure",
    false,
    (p) => `the final checkpoint of job ${p.jobId} could not be written in ${p.attempts} attempts`,
  ),
  SAVEPOINT_FAILED: row<{ directory: string }>(
    "infrastructure",
    true,
    (p) =>
      `no savepoint could be written to ${p.directory}: make room there, or name a folder that this user may write`,
  ),
  SAVEPOINT_REFUSED: row<{ path: string; reason: string; advice: string }>(
    "usage",
    false,
    (p) => `no job can start from savepoint ${p.path}: ${p.reason}; ${p.advice}`,
  ),
  JOB_MANAGER_SUPERSEDED: row<{ epoch: number; by: number }>(
    "unexpected",
    false,
    (p) => `this JobManager has epoch ${p.epoch}, and one with epoch ${p.by} leads: it steps down`,
  ),
  JOB_MANAGER_UNREACHABLE: row<{ endpoint: string; waitedMs: number; last: string }>(
    "job",
    true,
    (p) => `the JobManager at ${p.endpoint} did not answer within ${p.waitedMs} ms: is it running? (last: ${p.last})`,
  ),
  JOB_REJECTED: row<{ status: number; message: string }>(
    "job",
    false,
    (p) => `the JobManager refused the job with HTTP status ${p.status}: ${p.message}`,
  ),
  COUNTS_MALFORMED: row<{ topic: string; offset: number; reason: string }>(
    "job",
    false,
    (p) =>
      `the record at offset ${p.offset} of ${p.topic} is no row of counts of this job's SQL: ${p.reason}; nobody else may write to that topic`,
  ),
  COUNTS_WENT_BACK: row<{ p: number; messages: number; highestOffset: number; applied: number; offset: number }>(
    "exactlyOnce",
    false,
    (p) =>
      `Flink committed ${p.messages} messages of partition ${p.p} up to offset ${p.highestOffset}, after it had committed ${p.applied} below offset ${p.offset}: counts only rise`,
  ),
  MIRROR_FENCED: row<{ fence: number }>(
    "unexpected",
    false,
    (p) => `another mirror has taken fence ${p.fence} of the job's state in Redis: this one ends`,
  ),
  OPERATOR_UNKNOWN: row<{ name: string; known: readonly string[] }>(
    "job",
    false,
    (p) => `the job names operator "${p.name}", which this runtime does not have: it has ${p.known.join(", ")}`,
  ),
  EVIDENCE_NOT_WRITTEN: row<{ path: string; bytes: number; written: number }>(
    "infrastructure",
    false,
    (p) =>
      `${p.written} of ${p.bytes} bytes were appended to ${p.path}: make room on that disk, or give another --run-dir`,
  ),
  PRODUCER_GAVE_UP: row<{
    round: number;
    reason: string;
    messages: number;
    acknowledged: number;
    unknown: number;
    refused: number;
    unsent: number;
  }>(
    "infrastructure",
    false,
    (p) =>
      `the producer gave up in round ${p.round}: ${p.reason}; of ${p.messages} messages ${p.acknowledged} are acknowledged, ${p.unknown} went out and have no answer, ${p.refused} were refused, and ${p.unsent} never went out`,
  ),
  PRODUCER_RECORDS_HELD: row<{ topic: string; p: number; acknowledged: number; endOffset: number; waitedMs: number }>(
    "infrastructure",
    false,
    (p) =>
      `readers of ${p.topic}-${p.p} get no record from offset ${p.endOffset} on, although records were acknowledged up to ${p.acknowledged}, for ${p.waitedMs} ms: somebody else has a transaction open on the topic`,
  ),
  ID_BITS_REFUSED: row<{ idMax: number; bytes: number }>(
    "infrastructure",
    false,
    (p) =>
      `the system does not give the ${p.bytes} bytes in which the validator marks each id up to ${p.idMax}: free memory, or produce fewer messages`,
  ),
  RUN_FILE_INVALID: row<{ path: string; reason: string }>(
    "unexpected",
    false,
    (p) => `${p.path} cannot be used: ${p.reason}; it was changed, or its disk did not keep it`,
  ),
  FILE_MALFORMED: row<{ path: string; reason: string }>(
    "unexpected",
    false,
    (p) => `${p.path} cannot be used: ${p.reason}; it is not as this program writes it, so restore it or do without it`,
  ),
  RUN_FILE_MISSING: row<{ path: string }>(
    "unexpected",
    false,
    (p) => `${p.path} does not exist: the host writes it before it starts the report`,
  ),
};
