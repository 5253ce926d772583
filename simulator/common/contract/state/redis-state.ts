/**
 * The state of a job in Redis: one hash, changed only by the scripts of `redis-scripts.ts`. The effect and the offset that
 * produced it change in one atomic, fenced write.
 *
 *   life        identity of this life of the data        redisRunId  run_id of the server in which the life began
 *   phase       running | stopped                        epoch       JobManager leadership
 *   total       records processed, all partitions        by:<tm>     records applied by that TaskManager
 * and by partition p:
 *   start:p     first offset at INIT                     offset:p    next offset to apply
 *   count:p     records processed                        rejected:p  values that are no message
 *   skipped:p   offsets without a committed record       idSum:p     Σ id mod 2^48
 *   idMix:p     Σ mix32(id) mod 2^48                     lastId:p    id of the newest record (0 = none)
 *   disorder:p  ids that did not rise                    fence:p     generation that may write
 *   last:p      the newest batch, prev:next:n:base:g:tm:sentAtUs (empty = none)
 *
 * PUBLISH shows the total outside the hash, as text, in one MSET: in the job's own published key, which nobody else
 * writes, and in the counter and sequence keys, which all jobs on this Redis share.
 *
 * I1 count + rejected + skipped = offset − start     I2 total = Σ count     I9 Σ by:<tm> = total
 */
export const PARTITION_FIELDS = [
  "start",
  "offset",
  "count",
  "rejected",
  "skipped",
  "idSum",
  "idMix",
  "lastId",
  "disorder",
  "fence",
  "last",
] as const;
export type PartitionField = (typeof PARTITION_FIELDS)[number];

export const partitionField = (field: PartitionField, p: number): string => `${field}:${p}`;
export const byField = (tm: string): string => `by:${tm}`;

/**
 * RECOVER writes the whole hash in one HSET, and Lua hands at most 7,998 values to a command: that many fields, with some
 * room. A second HSET would break the rule of one write.
 */
export const STATE_FIELDS_MAX = 3_995;
export const PARTITIONS_MAX = 350;
export const TASK_MANAGERS_MAX = 256;
/** life, redisRunId, phase, epoch, total. */
const JOB_FIELDS = 5;

/**
 * How many TaskManagers a job with so many partitions may have at any time. Their names are counted from 1, so they
 * never have more `by:` fields than that, although one that is scaled away keeps its own for ever.
 */
export const taskManagersMax = (partitions: number): number =>
  Math.min(TASK_MANAGERS_MAX, STATE_FIELDS_MAX - JOB_FIELDS - PARTITION_FIELDS.length * partitions);

/** A generation g and a checkpoint id are epoch × 1,000,000 + k; a JobManager that needs more claims further epochs. */
export const EPOCH_STRIDE = 1_000_000;

/** The identity a TaskManager checks before any script on a new connection. */
export interface StoreLife {
  readonly life: string;
  readonly redisRunId: string;
}

export interface LastBatch {
  readonly prev: number;
  readonly next: number;
  readonly n: number;
  readonly base: number;
  readonly g: number;
  readonly tm: string;
  readonly sentAtUs: number;
}

/** Undefined for the empty text, and for anything of another form. */
export function parseLastBatch(text: string): LastBatch | undefined {
  const match = /^(\d+):(\d+):(\d+):(\d+):(\d+):([^:]+):(\d+)$/.exec(text);
  if (match === null) return undefined;
  return {
    prev: Number(match[1]),
    next: Number(match[2]),
    n: Number(match[3]),
    base: Number(match[4]),
    g: Number(match[5]),
    tm: match[6] as string,
    sentAtUs: Number(match[7]),
  };
}

export interface PartitionState {
  readonly p: number;
  readonly start: number;
  readonly offset: number;
  readonly count: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly idSum: number;
  readonly idMix: number;
  readonly lastId: number;
  readonly disorder: number;
  readonly fence: number;
  readonly last: LastBatch | null;
}

export interface JobState {
  readonly life: string;
  readonly redisRunId: string;
  readonly phase: "running" | "stopped";
  readonly epoch: number;
  readonly total: number;
  readonly by: Readonly<Record<string, number>>;
  readonly partitions: readonly PartitionState[];
}

/** What was read: the state, or why it is none. A missing field is never read as zero. */
export type ParsedJobState =
  | { readonly kind: "complete"; readonly state: JobState }
  | { readonly kind: "missing" }
  | { readonly kind: "incomplete"; readonly field: string };

/** Reads one HGETALL. Every field of every partition must be there and be a whole number of at most 2^53−1. */
export function parseJobState(hash: Readonly<Record<string, string>>, partitions: number): ParsedJobState {
  if (Object.keys(hash).length === 0) return { kind: "missing" };
  let broken: string | undefined;
  const whole = (field: string): number => {
    const text = hash[field];
    if (text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    broken ??= field;
    return 0;
  };
  const text = (field: string, form: RegExp): string => {
    const value = hash[field];
    if (value !== undefined && form.test(value)) return value;
    broken ??= field;
    return "";
  };
  const state: JobState = {
    life: text("life", /^[^ ]+$/),
    redisRunId: text("redisRunId", /^[^ ]+$/),
    phase: text("phase", /^(running|stopped)$/) as JobState["phase"],
    epoch: whole("epoch"),
    total: whole("total"),
    by: Object.fromEntries(
      Object.keys(hash)
        .filter((field) => field.startsWith("by:"))
        .map((field) => [field.slice(3), whole(field)]),
    ),
    partitions: Array.from({ length: partitions }, (_, p) => ({
      p,
      start: whole(`start:${p}`),
      offset: whole(`offset:${p}`),
      count: whole(`count:${p}`),
      rejected: whole(`rejected:${p}`),
      skipped: whole(`skipped:${p}`),
      idSum: whole(`idSum:${p}`),
      idMix: whole(`idMix:${p}`),
      lastId: whole(`lastId:${p}`),
      disorder: whole(`disorder:${p}`),
      fence: whole(`fence:${p}`),
      last: parseLastBatch(text(`last:${p}`, /^(|\d+:\d+:\d+:\d+:\d+:[^:]+:\d+)$/)) ?? null,
    })),
  };
  return broken === undefined ? { kind: "complete", state } : { kind: "incomplete", field: broken };
}

/** I1 and I2. */
export function isConsistent(state: JobState): boolean {
  const total = state.partitions.reduce((sum, { count }) => sum + count, 0);
  const counted = state.partitions.every(
    ({ start, offset, count, rejected, skipped }) => count + rejected + skipped === offset - start,
  );
  return counted && total === state.total;
}
