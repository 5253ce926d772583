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
  OPERATOR_UNKNOWN: row<{ name: string }>(
    "job",
    false,
    (p) => `the job names operator "${p.name}", which this runtime does not have: name one of contract/operators.ts`,
  ),
  EVIDENCE_NOT_WRITTEN: row<{ path: string; bytes: number; written: number }>(
    "infrastructure",
    false,
    (p) =>
      `${p.written} of ${p.bytes} bytes were appended to ${p.path}: make room on that disk, or give another --run-dir`,
  ),
  PRODUCER_GAVE_UP: row<{ round: number; unknown: number; reason: string }>(
    "infrastructure",
    false,
    (p) => `the producer gave up in round ${p.round}: ${p.reason}; the outcome of ${p.unknown} sends is unknown`,
  ),
  PRODUCER_RECORDS_LOST: row<{ topic: string; p: number; expected: number; actual: number }>(
    "infrastructure",
    false,
    (p) =>
      `${p.topic}-${p.p} stands at offset ${p.actual} where our next record must get ${p.expected}: Kafka lost acknowledged records`,
  ),
  TOPIC_UNREADABLE: row<{ topic: string; p: number; offset: number; end: number; waitedMs: number }>(
    "infrastructure",
    false,
    (p) =>
      `the re-read of ${p.topic}-${p.p} stands still at offset ${p.offset} of ${p.end} for ${p.waitedMs} ms: is Kafka still running?`,
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
