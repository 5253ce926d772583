/**
 * What one APPLY adds to a partition: the merged effect of all batches from `prev` to `next`. Plain numbers, and filled
 * again for later batches.
 *
 * Sums are kept modulo 2^48, so they stay exact in a double however many records are merged.
 */
import { type LatencyCounts, recordLatency } from "../../common/contract/latency-histogram.ts";
import { mix32, SUM_MODULUS } from "../../common/contract/message.ts";
import type { RecordColumns } from "../source/record-set-decoder.ts";

export interface BatchDelta {
  prev: number;
  next: number;
  n: number;
  rejected: number;
  skipped: number;
  idSum: number;
  idMix: number;
  /** Absolute: the newest id, carried over from the delta before. */
  lastId: number;
  disorder: number;
  /** Neighbouring records with the same stamp are one run: a producer stamps whole batches. */
  runs: number;
  runTimestampsUs: Float64Array;
  runRecords: Float64Array;
}

const RUNS_INITIAL = 64;

export function createDelta(): BatchDelta {
  return {
    prev: 0,
    next: 0,
    n: 0,
    rejected: 0,
    skipped: 0,
    idSum: 0,
    idMix: 0,
    lastId: 0,
    disorder: 0,
    runs: 0,
    runTimestampsUs: new Float64Array(RUNS_INITIAL),
    runRecords: new Float64Array(RUNS_INITIAL),
  };
}

/** Empties the delta: it now starts at `offset`, after a record with id `lastId`. */
export function resetDelta(delta: BatchDelta, offset: number, lastId: number): void {
  delta.prev = offset;
  delta.next = offset;
  delta.n = 0;
  delta.rejected = 0;
  delta.skipped = 0;
  delta.idSum = 0;
  delta.idMix = 0;
  delta.lastId = lastId;
  delta.disorder = 0;
  delta.runs = 0;
}

/** Adds what reached the sink from the batch that ends before `next`. The hot loop of the sink: numbers only. */
export function addToDelta(delta: BatchDelta, records: RecordColumns, next: number): void {
  const { ids, count } = records;
  let { idSum, lastId, disorder } = delta;
  let idMix = 0;
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    idSum += id;
    if (idSum >= SUM_MODULUS) idSum -= SUM_MODULUS;
    // A batch has far fewer than 2^20 records, so this sum stays below 2^53.
    idMix += mix32(id);
    if (id <= lastId) disorder += 1;
    lastId = id;
  }
  delta.idSum = idSum;
  delta.idMix = (delta.idMix + idMix) % SUM_MODULUS;
  delta.lastId = lastId;
  delta.disorder = disorder;
  delta.n += count;
  delta.rejected += records.rejected;
  delta.skipped += records.skipped;
  delta.next = next;
  addRuns(delta, records.timestampsUs, count);
}

function addRuns(delta: BatchDelta, timestampsUs: Float64Array, count: number): void {
  let start = 0;
  while (start < count) {
    const timestampUs = timestampsUs[start] as number;
    let end = start + 1;
    while (end < count && timestampsUs[end] === timestampUs) end += 1;
    addRun(delta, timestampUs, end - start);
    start = end;
  }
}

function addRun(delta: BatchDelta, timestampUs: number, records: number): void {
  const newest = delta.runs - 1;
  if (newest >= 0 && delta.runTimestampsUs[newest] === timestampUs) {
    delta.runRecords[newest] = (delta.runRecords[newest] as number) + records;
    return;
  }
  if (delta.runs === delta.runTimestampsUs.length) {
    delta.runTimestampsUs = doubled(delta.runTimestampsUs);
    delta.runRecords = doubled(delta.runRecords);
  }
  delta.runTimestampsUs[delta.runs] = timestampUs;
  delta.runRecords[delta.runs] = records;
  delta.runs += 1;
}

function doubled(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Records how long the delta's records took from their stamp to `nowUs`. Records without a stamp take no part. */
export function recordDeltaLatency(delta: BatchDelta, nowUs: number, into: LatencyCounts): void {
  for (let run = 0; run < delta.runs; run += 1) {
    const timestampUs = delta.runTimestampsUs[run] as number;
    if (timestampUs > 0) recordLatency(into, nowUs - timestampUs, delta.runRecords[run] as number);
  }
}
