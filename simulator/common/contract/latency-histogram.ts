/**
 * A fixed log-linear histogram of latencies in µs: 32 buckets a power of two, so a value is known within 3.2 %.
 * Every process uses the same layout; counts are merged by adding, and percentiles are never averaged. Pure.
 *
 *   bucket(v) = v                            for v < 32
 *             = 32·(e+1) + (v >> e) − 32   for v in [32·2^e, 64·2^e)
 */
const SUB_BUCKETS = 32;
const EXPONENT_MAX = 31;
export const LATENCY_BUCKETS = SUB_BUCKETS * (EXPONENT_MAX + 2);

/** Index of a latency in µs; negative values count as 0, huge ones fall into the last bucket. */
export function latencyBucket(valueUs: number): number {
  if (valueUs < SUB_BUCKETS) return valueUs <= 0 ? 0 : Math.floor(valueUs);
  if (valueUs >= 2 ** 36) return LATENCY_BUCKETS - 1;
  // Above 2^31 the shift would lose bits, so the high part is reduced first; such latencies are rare.
  const reduce = valueUs >= 2 ** 31 ? 5 : 0;
  const value = reduce === 0 ? valueUs | 0 : Math.floor(valueUs / 32);
  const exponent = 31 - Math.clz32(value) - 5;
  return SUB_BUCKETS * (exponent + reduce + 1) + ((value >> exponent) - SUB_BUCKETS);
}

/** The highest value in µs that falls into a bucket: percentiles round up, never down. */
export function latencyBucketMaxUs(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const exponent = Math.floor(bucket / SUB_BUCKETS) - 1;
  return ((bucket % SUB_BUCKETS) + SUB_BUCKETS + 1) * 2 ** exponent - 1;
}

/** Sparse form for JSON: [bucket, count, bucket, count, …] in rising order. */
export type SparseLatency = readonly number[];

export interface LatencyCounts {
  readonly counts: Float64Array;
  maxUs: number;
}

export const createLatencyCounts = (): LatencyCounts => ({ counts: new Float64Array(LATENCY_BUCKETS), maxUs: 0 });

/** Counts `n` records with the same latency. */
export function recordLatency(into: LatencyCounts, valueUs: number, n: number): void {
  const bucket = latencyBucket(valueUs);
  into.counts[bucket] = (into.counts[bucket] as number) + n;
  if (valueUs > into.maxUs) into.maxUs = valueUs;
}

export function toSparseLatency(from: LatencyCounts): number[] {
  const sparse: number[] = [];
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    const count = from.counts[bucket] as number;
    if (count > 0) sparse.push(bucket, count);
  }
  return sparse;
}

export function mergeSparseLatency(into: LatencyCounts, sparse: SparseLatency, maxUs: number): void {
  for (let i = 0; i + 1 < sparse.length; i += 2) {
    const bucket = sparse[i] as number;
    into.counts[bucket] = (into.counts[bucket] as number) + (sparse[i + 1] as number);
  }
  if (maxUs > into.maxUs) into.maxUs = maxUs;
}

/** What was recorded in `now` since `before`, which is an earlier state of the same histogram. Its maximum is a bucket's. */
export function latenciesSince(now: LatencyCounts, before: LatencyCounts): LatencyCounts {
  const since = createLatencyCounts();
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    const count = (now.counts[bucket] as number) - (before.counts[bucket] as number);
    if (count <= 0) continue;
    since.counts[bucket] = count;
    since.maxUs = Math.min(latencyBucketMaxUs(bucket), now.maxUs);
  }
  return since;
}

export function countLatencies(from: LatencyCounts): number {
  let total = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) total += from.counts[bucket] as number;
  return total;
}

/** The value below which `share` (0…1) of the records fall, in µs, never above the largest seen; null when empty. */
export function latencyQuantileUs(from: LatencyCounts, share: number): number | null {
  const total = countLatencies(from);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    seen += from.counts[bucket] as number;
    if (seen >= rank) return Math.min(latencyBucketMaxUs(bucket), from.maxUs);
  }
  return from.maxUs;
}
