/** What Kafka's performance tools print. Pure; undefined when the text has another form. */

export interface ProducerPerformanceResult {
  readonly records: number;
  readonly perSecond: number;
  readonly averageMs: number;
  readonly maxMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

const PRODUCER_TOTAL = new RegExp(
  "^(\\d+) records sent, ([\\d.]+) records/sec \\([\\d.]+ MB/sec\\), ([\\d.]+) ms avg latency, ([\\d.]+) ms max latency, " +
    "(\\d+) ms 50th, (\\d+) ms 95th, (\\d+) ms 99th, (\\d+) ms 99\\.9th\\.$",
);

/** The last line that has the percentiles: the total. Lines of single windows do not have them. */
export function parseProducerPerformance(stdout: string): ProducerPerformanceResult | undefined {
  const totals = stdout.split("\n").flatMap((line) => {
    const match = PRODUCER_TOTAL.exec(line.trim());
    return match === null ? [] : [match.slice(1).map(Number)];
  });
  const last = totals.at(-1);
  if (last === undefined) return undefined;
  const [records, perSecond, averageMs, maxMs, p50Ms, p95Ms, p99Ms, p999Ms] = last as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { records, perSecond, averageMs, maxMs, p50Ms, p95Ms, p99Ms, p999Ms };
}

export interface ConsumerPerformanceResult {
  readonly records: number;
  /** From start to end, the joining of the group included. */
  readonly perSecond: number;
  readonly rebalanceMs: number;
  /** Without the joining of the group. */
  readonly fetchMs: number;
  readonly fetchPerSecond: number;
}

/** A header and one line of values, by the header's names: versions add columns. */
export function parseConsumerPerformance(stdout: string): ConsumerPerformanceResult | undefined {
  const lines = stdout.split("\n").map((line) => line.split(",").map((cell) => cell.trim()));
  const headerAt = lines.findIndex((cells) => cells[0] === "start.time");
  const header = lines[headerAt];
  const values = lines[headerAt + 1];
  if (header === undefined || values === undefined || values.length !== header.length) return undefined;
  const read = (name: string) => Number(values[header.indexOf(name)] ?? Number.NaN);
  const result = {
    records: read("data.consumed.in.nMsg"),
    perSecond: read("nMsg.sec"),
    rebalanceMs: read("rebalance.time.ms"),
    fetchMs: read("fetch.time.ms"),
    fetchPerSecond: read("fetch.nMsg.sec"),
  };
  return Object.values(result).some(Number.isNaN) ? undefined : result;
}
