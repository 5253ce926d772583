/**
 * The settings of a topic that a run depends on: given to a topic that we create, and demanded of one that exists. Pure.
 *
 * They are those with which an exact run would be judged lost: records that are deleted before the re-read, or that
 * Kafka does not take or changes. What makes a topic durable or fast stays the cluster's.
 */
import { batchBytes, batchRecordsMax, recordsBytes } from "../../simulator/common/contract/batch-size.ts";
import { chooseStickyIds, type IdLayout, messagesInPartition } from "../../simulator/common/contract/message.ts";

/** Kafka's own default, and more than our largest batch has. */
const MESSAGE_BYTES_MAX = 1_048_588;
const UNLIMITED = "-1";

/**
 * Of a topic that lives as long as its records are wanted as evidence. Each is here because a broker may have a default
 * that deletes, refuses or changes what a run sends. Replication, flushing and elections are the cluster's own affair: how
 * safe records are there is what a run shows.
 */
export const OWN_TOPIC_SETTINGS: Readonly<Record<string, string>> = {
  "cleanup.policy": "delete",
  "retention.ms": UNLIMITED,
  "retention.bytes": UNLIMITED,
  "max.message.bytes": String(MESSAGE_BYTES_MAX),
  // Batches are stored as the producer sent them: a broker that compresses them anew would be measured with the run.
  "compression.type": "producer",
  // Latencies are counted from when a message was sent, and not from when it was stored.
  "message.timestamp.type": "CreateTime",
  // A batch must fit into a segment, and a segment is three open files of the broker.
  "segment.bytes": "1073741824",
  "segment.ms": "604800000",
};

const ANY_TIME_MS = "9223372036854775807";

/** Of those, what only some versions of Kafka know: a batch that is sent again carries the time of its first attempt. */
export const VERSIONED_TOPIC_SETTINGS: Readonly<Record<string, string>> = {
  // From 3.6 on.
  "message.timestamp.before.max.ms": ANY_TIME_MS,
  "message.timestamp.after.max.ms": ANY_TIME_MS,
  // Before 4.0.
  "message.timestamp.difference.max.ms": ANY_TIME_MS,
  // From 0.10.2 to 3.9: the format of batches that carry a producer's sequences.
  "message.format.version": "0.11.0",
  "segment.index.bytes": "10485760",
  preallocate: "false",
};

/** What the run will put into the topic. */
export interface TopicLoad {
  readonly messages: number;
  readonly messageSize: number;
  readonly rate: number;
  readonly maxTimeMs: number;
  readonly layout: IdLayout;
}

/** Of what these options would send to a topic of so many partitions. */
export const topicLoadOf = (options: Omit<TopicLoad, "layout">, partitions: number): TopicLoad => ({
  ...options,
  layout: { partitions, stickyIds: chooseStickyIds({ ...options, partitions }) },
});

/** Production may take all of --max-time, and the re-read of everything as long again. */
const RETENTION_TIMES = 2;

/** As the producer has it: how long it repeats a batch that is not acknowledged. */
const SENT_AGAIN_MS = 60_000;

/** Which of its settings cannot hold the run, in words; undefined when all can. A setting that is not known can. */
export function findUnfitSetting(settings: ReadonlyMap<string, string>, load: TopicLoad): string | undefined {
  const { messages, messageSize, maxTimeMs, layout } = load;
  // No partition gets more than the first one.
  const records = messagesInPartition(0, messages, layout);
  const largestBatch = batchBytes(Math.min(records, batchRecordsMax(load)), messageSize);
  const demands: Demand[] = [
    atLeast("max.message.bytes", largestBatch, `its largest batch of messages has ${largestBatch} bytes`),
    atLeast("segment.bytes", largestBatch, `its largest batch of messages has ${largestBatch} bytes`),
    atLeast("retention.bytes", recordsBytes(records, load), `a partition gets ${records} messages`),
    atLeast("retention.ms", RETENTION_TIMES * maxTimeMs, `--max-time is ${maxTimeMs} ms, and everything is read again`),
    oneOf("cleanup.policy", ["delete"], "messages have no key, by which they could be compacted"),
  ];
  // Otherwise the broker sets the time itself.
  if (settings.get("message.timestamp.type") !== "LogAppendTime") {
    demands.push(
      atLeast(
        "message.timestamp.before.max.ms",
        SENT_AGAIN_MS,
        "a batch is sent again for so long, with its first time",
      ),
    );
  }
  return demands.map((demand) => demand(settings)).find((problem) => problem !== undefined);
}

type Demand = (settings: ReadonlyMap<string, string>) => string | undefined;

function atLeast(name: string, needed: number, why: string): Demand {
  return (settings) => {
    const value = settings.get(name);
    if (value === undefined || value === UNLIMITED || Number(value) >= needed) return undefined;
    return `its ${name} is ${value}, and the run needs ${needed}: ${why}`;
  };
}

function oneOf(name: string, allowed: readonly string[], why: string): Demand {
  return (settings) => {
    const value = settings.get(name);
    if (value === undefined || allowed.includes(value)) return undefined;
    return `its ${name} is ${value}, and the run needs ${allowed.join(" or ")}: ${why}`;
  };
}
