/**
 * Every check of the system, and what it compares: a check is worth what its two sources are worth. Where one write, or
 * one process, made both, their agreement proves less, and the report says so beside the result. `scripts/validate` makes
 * them all but the last two, which are the report's. The table in scripts/validate/README.md is held against this.
 */
export interface CheckDefinition {
  readonly id: string;
  readonly title: string;
  /** What is held against what, and who wrote it. */
  readonly sources: readonly [string, string, ...string[]];
  /** False where one write, or one process, made both. */
  readonly independent: boolean;
  /** Why they are, or are not; and then which check has the second source. */
  readonly why: string;
}

export const CHECKS = {
  state: {
    id: "store-state",
    title: "The job's state in Redis is complete, and begins where the topic does",
    sources: ["fields and start offsets of the hash (JobManager)", "offset 0, or Kafka's earliest offset (brokers)"],
    independent: true,
    why: "the brokers know nothing of the hash",
  },
  arithmetic: {
    id: "I1-partition-arithmetic",
    title: "count + rejected + skipped = offset − start, per partition",
    sources: ["counts of the hash (APPLY)", "offsets of the hash (APPLY)"],
    independent: false,
    why: "one APPLY writes both; I4-redis-vs-topic holds each of them against the topic",
  },
  total: {
    id: "I2-total",
    title: "The total is the sum of the partitions' counts",
    sources: ["total of the hash (APPLY)", "counts of the hash (APPLY)"],
    independent: false,
    why: "one APPLY writes both; published-keys and I5-ordered-ids hold the total against topic and log",
  },
  order: {
    id: "I6-order",
    title: "Ids rise within each partition",
    sources: ["disorder and last id of the hash (the sink's own count)", "ids of the re-read topic in offset order"],
    independent: true,
    why: "the validator counts by itself, with no code of the sink",
  },
  shares: {
    id: "I9-by-task-manager",
    title: "The TaskManagers' shares add up to the total",
    sources: ["shares of the hash (APPLY)", "total of the hash (APPLY)"],
    independent: false,
    why: "one APPLY writes both; published-keys and I5-ordered-ids hold the total against topic and log",
  },
  shareRows: {
    id: "by-task-manager-rows",
    title: "Each TaskManager's share equals its rows in the applied log",
    sources: ["shares of the hash (APPLY)", "rows of the applied log (TaskManagers)"],
    independent: false,
    why: "a TaskManager counts a batch once, for both; I4-redis-vs-topic holds the sum of all against the topic, but only the TaskManagers know who did which part",
  },
  published: {
    id: "published-keys",
    title: "The published keys show the total",
    sources: [
      "the job's published key, the counter and the sequence (PUBLISH)",
      "total of the hash (APPLY), and messages of the re-read topic below the applied offsets",
    ],
    independent: true,
    why: "PUBLISH copies the total, so the keys are held against the topic as well",
  },
  rejected: {
    id: "rejected",
    title: "No message was rejected",
    sources: ["rejected values of the hash (the sink's grammar)", "rejected values of the re-read (its own grammar)"],
    independent: true,
    why: "TaskManager and validator each implement the grammar",
  },
  partitions: {
    id: "topic-partitions",
    title: "The topic has the partitions of the run, and no records in others",
    sources: ["partitions that the brokers tell of now", "partitions that the run was started with (host)"],
    independent: true,
    why: "the host fixed its number before the first record",
  },
  drained: {
    id: "I3-drained",
    title: "Every partition was applied up to its end offset",
    sources: ["applied offsets of the hash (APPLY)", "end offsets told by the brokers at the validation"],
    independent: true,
    why: "the brokers know nothing of the hash, and the offsets are asked for again, of all brokers",
  },
  acknowledged: {
    id: "I3-acknowledged",
    title: "Processed = records in Kafka = acknowledged messages",
    sources: ["records applied, by the hash", "records of the re-read topic", "acknowledged records of the ledgers"],
    independent: true,
    why: "sink, validator and producer count by themselves",
  },
  effect: {
    id: "I4-redis-vs-topic",
    title: "Counts and checksums in Redis equal those of the re-read topic",
    sources: ["counts, checksums and last ids of the hash (sink)", "the same of the re-read topic (validator)"],
    independent: true,
    why: "grammar, counting and sums are implemented twice; Kafka's wire format and the mixing of an id once",
  },
  ids: {
    id: "topic-ids",
    title: "Each produced id is in the topic exactly once",
    sources: [
      "ids of the re-read topic, a bit for each",
      "ids that the host asked for; of a round that was cut short, those that the ledger has",
    ],
    independent: true,
    why: "no number of the topic goes into what is expected",
  },
  plan: {
    id: "I4-plan-vs-topic",
    title: "Each partition holds the messages planned for it, in their order",
    sources: ["counts and checksums of the re-read topic", "those of the ids that the host asked for, laid out anew"],
    independent: true,
    why: "the validator lays the ids out by itself, with no code of the producer",
  },
  ledger: {
    id: "ledger-complete",
    title: "Every round's ledger is complete",
    sources: ["ledgers (producer)", "rounds that the host asked for"],
    independent: true,
    why: "the host's numbers do not pass through the producer",
  },
  ledgerTopic: {
    id: "I4-ledger-vs-topic",
    title: "Counts and checksums of the ledger equal those of the re-read topic",
    sources: ["acknowledgements in the ledgers (producer)", "records of the re-read topic"],
    independent: true,
    why: "the ledger counts answers to sends; what a restarted producer found in the topic instead is named, and I4-plan-vs-topic has the second source",
  },
  kept: {
    id: "acknowledged-kept",
    title: "The topic reaches up to the last acknowledged record",
    sources: ["acknowledgements in the ledgers (producer)", "end offsets told by the brokers at the validation"],
    independent: true,
    why: "what a broker promised then, and what the cluster has now",
  },
  foreign: {
    id: "foreign-records",
    title: "Nobody else wrote to the topic",
    sources: [
      "producer ids in the batches of the re-read topic, and offsets given to the producer",
      "the producer's id, and the index of each of its records",
    ],
    independent: true,
    why: "brokers write offsets, and whoever writes must give an id of its own, or none",
  },
  log: {
    id: "applied-log",
    title: "The applied log can be read",
    sources: [
      "lines and lives of the applied log (TaskManagers)",
      "the form of a line, and recoveries.json (JobManager)",
    ],
    independent: false,
    why: "a form is no second source; what the lines say is compared by I5 and I7",
  },
  orderedIds: {
    id: "I5-ordered-ids",
    title: "Ordered ids run from 1 to the total without hole or overlap",
    sources: ["ordered ids in the applied log, as each APPLY was answered (TaskManagers)", "total of the hash (Redis)"],
    independent: true,
    why: "the log holds every single answer, Redis only where it stands in the end",
  },
  offsetRanges: {
    id: "I5-offset-ranges",
    title: "Applied offset ranges follow each other without hole or overlap",
    sources: ["offsets in the applied log (TaskManagers)", "start, applied offset and count of the hash (Redis)"],
    independent: true,
    why: "a row without effect, or an effect without row, is seen on one side only",
  },
  fencing: {
    id: "I7-fencing",
    title: "Nothing was applied under an older fence",
    sources: [
      "apply and acquire rows of the applied log (TaskManagers)",
      "fences and last batches of the hash (Redis)",
    ],
    independent: true,
    why: "Redis sets a fence also when the row of its ACQUIRE was never written",
  },
  committed: {
    id: "committed-offsets",
    title: "The group's committed offsets are those of completed checkpoints",
    sources: [
      "offsets that Kafka holds for the group (TaskManagers)",
      "applied offsets of the hash (Redis), and of the newest checkpoint (JobManager)",
    ],
    independent: true,
    why: "Kafka's coordinator, Redis and the run's folder are three places",
  },
  maxTime: {
    id: "max-time",
    title: "The time from first send to last effect is within the budget",
    sources: ["first send in the ledgers (producer's clock)", "last effect in the applied log (TaskManagers' clock)"],
    independent: false,
    why: "each time is known only to the process that did it, and all clocks are the run's; but a budget that passes is noticed by the host's own timer",
  },
  loadBalance: {
    id: "load-balance",
    title: "The load is spread evenly over the TaskManagers",
    sources: ["partitions in the last assignment (JobManager)", "shares of the hash (APPLY)"],
    independent: false,
    why: "how many partitions each one has is the JobManager's word alone; that none of them was idle is held against the shares",
  },
} as const satisfies Record<string, CheckDefinition>;
