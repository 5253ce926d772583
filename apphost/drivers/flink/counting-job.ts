/**
 * The built-in job as Flink SQL: of each partition of the input the number of its records and the highest offset, upserted
 * into a topic by transactions that Flink commits with its checkpoints. Pure.
 *
 * C1 The values are absolute, one key for each partition, so the newest committed record of each key tells all.
 * C2 The timeout of the transactions is what a broker allows at most by default, and longer than any checkpoint takes.
 */

export interface CountingJob {
  readonly name: string;
  /** host:port, several divided by commas. */
  readonly bootstrap: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly group: string;
  readonly parallelism: number;
  readonly checkpointIntervalMs: number;
}

const TRANSACTION_TIMEOUT_MS = 900_000;

/** Configuration of the session in which the statements run. */
export const sessionProperties = (job: CountingJob): Record<string, string> => ({
  "pipeline.name": job.name,
  "parallelism.default": String(job.parallelism),
  "execution.runtime-mode": "streaming",
  "execution.checkpointing.interval": `${job.checkpointIntervalMs} ms`,
  "execution.checkpointing.mode": "EXACTLY_ONCE",
  // A row for each 50,000 records and not for each one.
  "table.exec.mini-batch.enabled": "true",
  "table.exec.mini-batch.allow-latency": "500 ms",
  "table.exec.mini-batch.size": "50000",
});

/** To be executed in this order; the last one submits the job. */
export const countingStatements = (job: CountingJob): readonly string[] => [
  `CREATE TABLE input (
  payload BYTES,
  partition_number INT METADATA FROM 'partition' VIRTUAL,
  record_offset BIGINT METADATA FROM 'offset' VIRTUAL
) WITH (${formatOptions({
    connector: "kafka",
    topic: job.inputTopic,
    "properties.bootstrap.servers": job.bootstrap,
    "properties.group.id": job.group,
    "scan.startup.mode": "earliest-offset",
    format: "raw",
  })})`,
  `CREATE TABLE counts (
  partition_number INT,
  processed BIGINT,
  highest_offset BIGINT,
  PRIMARY KEY (partition_number) NOT ENFORCED
) WITH (${formatOptions({
    connector: "upsert-kafka",
    topic: job.outputTopic,
    "properties.bootstrap.servers": job.bootstrap,
    "properties.transaction.timeout.ms": String(TRANSACTION_TIMEOUT_MS),
    "key.format": "json",
    "value.format": "json",
    "sink.delivery-guarantee": "exactly-once",
    "sink.transactional-id-prefix": `${job.name}-${job.outputTopic}`,
    // Ids are used again instead of invented anew with each checkpoint, so the broker keeps few of them.
    "sink.transaction-naming-strategy": "POOLING",
  })})`,
  `INSERT INTO counts
SELECT partition_number, COUNT(*), MAX(record_offset) FROM input GROUP BY partition_number`,
];

const formatOptions = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([key, value]) => `${quoteSql(key)} = ${quoteSql(value)}`)
    .join(", ");

const quoteSql = (text: string): string => `'${text.replaceAll("'", "''")}'`;
