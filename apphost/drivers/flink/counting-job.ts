/**
 * The built-in job as Flink SQL: of each partition of the input its counts (`contract/job/counts.ts`), upserted into a
 * topic by transactions that Flink commits with its checkpoints. Pure.
 *
 * C1 The values are absolute, one key for each partition, so the newest committed record of each key tells all.
 * C2 The timeout of the transactions is what a broker allows at most by default, and longer than any checkpoint takes.
 * C3 A message's id is read from its place in the fixed form of `contract/message.ts`. What has no number there is counted
 *    as a record and not as a message.
 */
import { COUNTS_COLUMNS } from "../../../simulator/common/contract/job/counts.ts";
import { MESSAGE, SUM_MODULUS } from "../../../simulator/common/contract/message.ts";

/** What the statements say. */
export interface CountingTables {
  readonly name: string;
  /** host:port, several divided by commas. */
  readonly bootstrap: string;
  /** What a secured Kafka needs, by the keys of Kafka's clients. */
  readonly clientProperties?: Readonly<Record<string, string>>;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly group: string;
}

export interface CountingJob extends CountingTables {
  /** 32 hexadecimal digits. */
  readonly jobId: string;
  readonly parallelism: number;
  readonly checkpointIntervalMs: number;
  /** A checkpoint of it from which it goes on, as a URI; null: it begins. */
  readonly restoreFrom: string | null;
  /** What the cluster asks of its sessions. */
  readonly sessionProperties: Readonly<Record<string, string>>;
}

const TRANSACTION_TIMEOUT_MS = 900_000;

/** A row for each 50,000 records and not for each one. */
export const MINI_BATCH: Readonly<Record<string, string>> = {
  "table.exec.mini-batch.enabled": "true",
  "table.exec.mini-batch.allow-latency": "500 ms",
  "table.exec.mini-batch.size": "50000",
};

/** Configuration under which any job of a run is submitted: its name and id, how it is spread, and its checkpoints. */
export const jobProperties = (job: CountingJob): Record<string, string> => ({
  ...job.sessionProperties,
  "pipeline.name": job.name,
  // Flink invents one else, and nobody could find the job again whose submission was not answered.
  "$internal.pipeline.job-id": job.jobId,
  "parallelism.default": String(job.parallelism),
  "execution.runtime-mode": "streaming",
  "execution.checkpointing.interval": `${job.checkpointIntervalMs} ms`,
  "execution.checkpointing.mode": "EXACTLY_ONCE",
  ...(job.restoreFrom === null ? {} : { "execution.state-recovery.path": job.restoreFrom }),
});

/** Configuration of the session in which the statements run. */
export const sessionProperties = (job: CountingJob): Record<string, string> => ({
  ...jobProperties(job),
  ...MINI_BATCH,
});

const { partition, records, messages, idSum, highestId, highestOffset } = COUNTS_COLUMNS;

/** To be executed in this order; the last one submits the job. */
export const countingStatements = (job: CountingTables): readonly string[] => [
  `CREATE TABLE input (
  payload STRING,
  partition_number INT METADATA FROM 'partition' VIRTUAL,
  record_offset BIGINT METADATA FROM 'offset' VIRTUAL
) WITH (${formatOptions({
    connector: "kafka",
    topic: job.inputTopic,
    ...clientOptions(job),
    "properties.group.id": job.group,
    "scan.startup.mode": "earliest-offset",
    format: "raw",
  })})`,
  `CREATE TABLE counts (
  ${partition} INT,
  ${records} BIGINT,
  ${messages} BIGINT,
  ${idSum} BIGINT,
  ${highestId} BIGINT,
  ${highestOffset} BIGINT,
  PRIMARY KEY (${partition}) NOT ENFORCED
) WITH (${formatOptions({
    connector: "upsert-kafka",
    topic: job.outputTopic,
    ...clientOptions(job),
    "properties.transaction.timeout.ms": String(TRANSACTION_TIMEOUT_MS),
    "key.format": "json",
    "value.format": "json",
    "sink.delivery-guarantee": "exactly-once",
    "sink.transactional-id-prefix": `${job.name}-${job.outputTopic}`,
    // Ids are used again instead of invented anew with each checkpoint, so the broker keeps few of them.
    "sink.transaction-naming-strategy": "POOLING",
  })})`,
  `INSERT INTO counts
SELECT partition_number, COUNT(*), COUNT(id), MOD(SUM(id), ${SUM_MODULUS}), MAX(id), MAX(record_offset)
FROM (
  SELECT
    partition_number,
    record_offset,
    TRY_CAST(SUBSTRING(payload FROM ${MESSAGE.idAt + 1} FOR ${MESSAGE.idDigits}) AS BIGINT) AS id
  FROM input
)
GROUP BY partition_number`,
];

const clientOptions = ({ bootstrap, clientProperties = {} }: CountingTables): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ "bootstrap.servers": bootstrap, ...clientProperties }).map(([key, value]) => [
      `properties.${key}`,
      value,
    ]),
  );

const formatOptions = (options: Readonly<Record<string, string>>): string =>
  Object.entries(options)
    .map(([key, value]) => `${quoteSql(key)} = ${quoteSql(value)}`)
    .join(", ");

export const quoteSql = (text: string): string => `'${text.replaceAll("'", "''")}'`;
