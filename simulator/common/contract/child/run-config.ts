/** How the producer may compress its batches: Kafka's `compression.type`. */
export const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** What runs the job: this runtime, or Apache Flink. */
export const ENGINES = ["apphost", "flink"] as const;
export type Engine = (typeof ENGINES)[number];

/** A job of the user's own on Apache Flink. */
export interface UserJobConfig {
  /** What the host created for its results. */
  readonly outputTopic: string;
  /** Absolute path of the file that says what must hold; null: nobody says. */
  readonly expectPath: string | null;
}

/**
 * What every process of a run must know, decided once by the host and handed down in FLINK_APPHOST_CONFIG as JSON.
 * It holds no secret and no address: addresses come in the variables of `environment.ts`.
 */
export interface RunConfig {
  readonly runId: string;
  readonly engine: Engine;
  readonly jobId: string;
  readonly jobName: string;
  readonly topic: string;
  /** False when --topic names somebody else's topic: ledger checks, I6 and the id bitmap do not apply then. */
  readonly ownTopic: boolean;
  readonly group: string;
  readonly partitions: number;
  /** How many consecutive ids go to one partition before the next has its turn (see `IdLayout`). */
  readonly stickyIds: number;
  readonly taskManagers: number;
  readonly stateKey: string;
  /** The total as PUBLISH last wrote it, for this job alone. */
  readonly publishedKey: string;
  /** The same total under the two names that other jobs on this Redis may write, too. */
  readonly counterKey: string;
  readonly sequenceKey: string;
  /** Bytes of one message value. */
  readonly messageSize: number;
  /** Of the producer's batches. */
  readonly compression: Compression;
  /** Messages per second that the producer offers; 0 = as fast as possible. */
  readonly rate: number;
  readonly maxTimeMs: number;
  readonly checkpointIntervalMs: number;
  readonly allowRejected: boolean;
  /** Names from the operator registry, in order. */
  readonly operators: readonly string[];
  /** Absent: the built-in job. */
  readonly userJob?: UserJobConfig;
  /** Of the savepoint that the job starts from; absent: it starts at the topic's earliest offsets. */
  readonly savepointPath?: string;
}
