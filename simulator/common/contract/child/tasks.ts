/** What the host tells one process alone, in FLINK_APPHOST_TASK. One type per kind of process. */

/** Embedded Kafka listens on `port` and stores at most `memoryBytesMax` of record batches. */
export interface EmbeddedKafkaTask {
  readonly port: number;
  readonly memoryBytesMax: number;
  /** Kafka's auto.create.topics.enable. */
  readonly autoCreateTopics: boolean;
}

/** Embedded Redis listens on `port`; its data and what its clients make it hold take at most `memoryBytesMax`. */
export interface EmbeddedRedisTask {
  readonly port: number;
  readonly password: string;
  readonly memoryBytesMax: number;
}

export interface JobManagerTask {
  readonly restPort: number;
  readonly rpcPort: number;
}

/** One process per life of a TaskManager; a restart gets a new incarnation, so that its log files are its own. */
export interface TaskManagerTask {
  readonly incarnation: string;
}

/** The mirror of a run on Apache Flink; a restart gets a new incarnation. */
export interface MirrorTask {
  readonly incarnation: string;
  /** What Flink commits to. */
  readonly countsTopic: string;
}

/** One round: `messages` more, with ids that continue at `firstId`. */
export interface RoundTask {
  readonly round: number;
  readonly firstId: number;
  readonly messages: number;
}

/** A restarted producer gets the same task. */
export interface ProducerTask extends RoundTask {
  /** Messages per second that are offered; 0 = as fast as possible. */
  readonly rate: number;
}

/** What the reader of a warm-up reads of its topic before it ends. */
export interface WarmUpReaderTask {
  readonly messages: number;
}

export interface ValidatorTask {
  /** Rounds whose producer began, in order, as the host asked for them. None on somebody else's topic. */
  readonly rounds: readonly RoundTask[];
  /**
   * drained: the job reached every end offset.
   * prefix: a deadline or an interrupt came first; checks run below `offset:` and the rest is `unprocessed`.
   */
  readonly mode: "drained" | "prefix";
  /** On somebody else's topic: the end offsets at the start, by partition, which are what "drained" meant. */
  readonly endOffsets: readonly number[] | null;
  /** On somebody else's topic: the offsets of the first records that were there at the start, by partition. */
  readonly startOffsets: readonly number[] | null;
  /** Redis was there before the run, so others may write the counter and sequence keys, too. */
  readonly sharedRedis: boolean;
}

export interface ReportTask {
  /** Folder that gets the text once more as `<prefix>_passed_output.txt` or `<prefix>_failed_output.txt`; null: none. */
  readonly textFolder: string | null;
  readonly prefix: "stress_test";
}
