import { row } from "./error-row.ts";

/** Errors of the Kafka client. A broker's own error codes are classified in `clients/kafka/wire/error-codes.ts`. */
export const kafkaErrors = {
  KAFKA_UNREACHABLE: row<{ endpoint: string; waitedMs: number }>(
    "infrastructure",
    true,
    (p) => `Kafka at ${p.endpoint} did not answer within ${p.waitedMs} ms: is it running, and is the address right?`,
  ),
  KAFKA_HOST_UNKNOWN: row<{ endpoint: string }>(
    "infrastructure",
    false,
    (p) =>
      `this machine finds no address for the name of Kafka at ${p.endpoint}: give the right name, or make it known here`,
  ),
  KAFKA_ADVERTISED_UNREACHABLE: row<{ bootstrap: string; advertised: string; waitedMs: number }>(
    "infrastructure",
    true,
    (p) =>
      `Kafka answers at ${p.bootstrap}, but the address that it advertises, ${p.advertised}, did not answer within ${p.waitedMs} ms: set the broker's advertised.listeners to an address that this machine reaches`,
  ),
  KAFKA_ADVERTISED_UNKNOWN: row<{ bootstrap: string; advertised: string; waitedMs: number }>(
    "infrastructure",
    true,
    (p) =>
      `Kafka answers at ${p.bootstrap}, but it advertises ${p.advertised}, and this machine found no address for that name within ${p.waitedMs} ms: set the broker's advertised.listeners to a name that this machine knows, or make the name known here`,
  ),
  KAFKA_CONNECTION_LOST: row<{ endpoint: string; reason: string }>(
    "infrastructure",
    true,
    (p) => `the connection to Kafka at ${p.endpoint} is gone: ${p.reason}`,
  ),
  KAFKA_MALFORMED: row<{ what: string; position: number }>(
    "infrastructure",
    false,
    (p) => `a Kafka frame is malformed: ${p.what}, at byte ${p.position}`,
  ),
  KAFKA_VERSION_UNSUPPORTED: row<{ endpoint: string; api: string; broker: string; client: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka at ${p.endpoint} serves ${p.api} in ${p.broker}, but this client needs ${p.client}: use a Kafka from 2.1 on`,
  ),
  KAFKA_BROKER_ERROR: row<{ what: string; name: string; code: number; detail: string }>(
    "infrastructure",
    false,
    (p) => `${p.what}: Kafka answered ${p.name} (${p.code})${p.detail === "" ? "" : `: ${p.detail}`}`,
  ),
  KAFKA_LEADER_UNCONFIRMED: row<{ what: string; reason: string }>(
    "infrastructure",
    true,
    (p) => `${p.what} is not certain: ${p.reason}`,
  ),
  KAFKA_NOT_READY: row<{ waitedMs: number; answer: string }>(
    "infrastructure",
    true,
    (p) => `waited ${p.waitedMs} ms in vain: ${p.answer}`,
  ),
  KAFKA_TOPIC_REFUSED: row<{ topic: string; name: string; code: number; said: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka does not create topic ${p.topic}: it answered ${p.name} (${p.code})${p.said === "" ? "" : `, "${p.said}"`}; let it allow that, or create a topic that can hold the run and name it by --topic`,
  ),
  KAFKA_SETTING_REFUSED: row<{ topic: string; settings: readonly string[]; said: string; reason: string }>(
    "infrastructure",
    false,
    (p) =>
      `Kafka does not allow ${p.settings.join(", ")} for topic ${p.topic} ("${p.said}"), and what it has instead does not do: ${p.reason}; let its policy for topics allow that, or create a topic that can hold the run and name it by --topic`,
  ),
  KAFKA_TOPIC_MISSING: row<{ topic: string; waitedMs: number }>(
    "infrastructure",
    false,
    (p) => `topic ${p.topic} does not exist (looked for ${p.waitedMs} ms): create it, or give the right --topic`,
  ),
  KAFKA_OFFSET_OUT_OF_RANGE: row<{ topic: string; p: number; offset: number; earliest: number; latest: number }>(
    "infrastructure",
    false,
    (p) =>
      `offset ${p.offset} of ${p.topic}-${p.p} is outside what Kafka holds (${p.earliest} to ${p.latest}): records were deleted, or the topic was created anew`,
  ),
  KAFKA_BATCH_UNSUPPORTED: row<{ topic: string; p: number; offset: number; what: string }>(
    "infrastructure",
    false,
    (p) => `the batch at offset ${p.offset} of ${p.topic}-${p.p} cannot be read: ${p.what} is not supported`,
  ),
  KAFKA_BATCH_CORRUPT: row<{ topic: string; p: number; offset: number; what: string }>(
    "infrastructure",
    false,
    (p) => `the batch at offset ${p.offset} of ${p.topic}-${p.p} is corrupt: ${p.what}`,
  ),
  KAFKA_BATCH_TOO_LARGE: row<{
    topic: string;
    p: number;
    offset: number;
    codec: string;
    compressedBytes: number;
    limitBytes: number;
  }>(
    "infrastructure",
    false,
    (p) =>
      `the batch at offset ${p.offset} of ${p.topic}-${p.p} is not read: its ${p.compressedBytes} bytes of ${p.codec} become more than ${p.limitBytes} when decompressed, which no ordinary client sends; let its producer send smaller batches`,
  ),
  COMPRESSION_UNAVAILABLE: row<{ codec: string; package: string }>(
    "infrastructure",
    false,
    (p) =>
      `batches cannot be compressed with ${p.codec}: the optional package ${p.package} is not installed, or has no binary for this platform; install it, or give another --compression`,
  ),
  PRODUCER_RECORDS_LOST: row<{ topic: string; p: number; acknowledged: number; endOffset: number }>(
    "exactlyOnce",
    false,
    (p) =>
      `Kafka lost acknowledged records of ${p.topic}-${p.p}: they reach to offset ${p.acknowledged}, and ${
        p.endOffset < p.acknowledged
          ? `the log ends at offset ${p.endOffset}`
          : `the log, which ends at offset ${p.endOffset}, has others in their place`
      }; see that its disk kept them, and that no replica behind the others may become the leader (unclean.leader.election.enable)`,
  ),
  KAFKA_SEND_REFUSED: row<{ topic: string; p: number; firstSequence: number; records: number; waitedMs: number }>(
    "infrastructure",
    false,
    (p) =>
      `for ${p.waitedMs} ms Kafka refused ${p.records} records of ${p.topic}-${p.p} from sequence ${p.firstSequence}`,
  ),
  KAFKA_SEQUENCE_REFUSED: row<{
    topic: string;
    p: number;
    firstSequence: number;
    records: number;
    endOffset: number;
    waitedMs: number;
  }>(
    "infrastructure",
    false,
    (p) =>
      `for ${p.waitedMs} ms Kafka refused ${p.records} records of ${p.topic}-${p.p} from sequence ${p.firstSequence} as out of order, although the log, which ends at offset ${p.endOffset}, holds every acknowledged one: does another producer write with the same id?`,
  ),
  KAFKA_OUTCOME_UNKNOWN: row<{ topic: string; p: number; firstSequence: number; records: number; waitedMs: number }>(
    "infrastructure",
    false,
    (p) =>
      `no answer for ${p.waitedMs} ms to ${p.records} records of ${p.topic}-${p.p} from sequence ${p.firstSequence}: whether Kafka has them is unknown`,
  ),
  KAFKA_CLOSED: row<{ what: string }>("unexpected", false, (p) => `${p.what} is closed`),
  KAFKA_EMBEDDED_LISTEN_FAILED: row<{ endpoint: string }>(
    "infrastructure",
    true,
    (p) => `the embedded Kafka cannot listen on ${p.endpoint}: give it a port that no other program uses`,
  ),
};
