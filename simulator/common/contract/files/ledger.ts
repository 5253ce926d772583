/**
 * The producer's ledger: what was acknowledged, and nothing else. `ledger-<round>.json` is rewritten (temporary file and
 * rename) each second and at the end; the validator compares it with the topic and with Redis.
 */
import type { Fields } from "../../foundation/json-fields.ts";

export interface Ledger {
  readonly schema: 1;
  readonly round: number;
  readonly topic: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstId: number;
  readonly messages: number;
  readonly messageSize: number;
  /** "running" is also what a producer leaves that was killed. */
  readonly outcome: "running" | "finished" | "gaveUp" | "stopped";
  /** Why it gave up; null otherwise. */
  readonly reason: string | null;
  readonly firstSendAtUs: number;
  readonly lastAckAtUs: number;
  /** With the three below: all messages of the round. */
  readonly acknowledged: number;
  /** Went out, and no answer says whether the topic has them. */
  readonly unknown: number;
  /** Each time they went out, the answer was that the topic did not take them. */
  readonly refused: number;
  /** Never went out. */
  readonly unsent: number;
  readonly partitions: readonly LedgerPartition[];
  /** Acknowledged offsets that were not the expected ones: somebody else writes to the topic. At most 1,000 entries. */
  readonly foreign: readonly { readonly p: number; readonly expected: number; readonly actual: number }[];
  readonly foreignCount: number;
  /** Restarts of the producer process within this round. */
  readonly restarts: number;
  readonly acknowledgeMs: AcknowledgeLatency;
}

/** Of messages, from the send of their batch to its acknowledgement; null before the first one of this process. */
export interface AcknowledgeLatency {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

export interface LedgerPartition {
  readonly p: number;
  /** Index (= offset, on our own topic) of the round's first record. */
  readonly firstIndex: number;
  readonly acknowledged: number;
  /**
   * Of the acknowledged ones: those that no process of ours heard an acknowledgement of. A restarted producer found them
   * in the topic, by its own id, so for them the ledger is no second source beside the topic.
   */
  readonly resumed: number;
  /** Offset after the last acknowledged record of the run: a log that ends below it lost what Kafka acknowledged. */
  readonly nextOffset: number;
  /** Foreign records before our next one: its expected offset less its index. */
  readonly shift: number;
  /** Σ id mod 2^48 and Σ mix32(id) mod 2^48 over the acknowledged records of this round. */
  readonly idSum: number;
  readonly idMix: number;
  /** Read after the round's last acknowledgement; null before. */
  readonly endOffset: number | null;
}

export function readLedger(fields: Fields): Ledger {
  fields.whole("schema", 1, 1);
  fields.text("topic");
  for (const name of ["round", "firstId", "messages", "messageSize", "firstSendAtUs", "lastAckAtUs", "acknowledged"]) {
    fields.whole(name);
  }
  for (const name of ["unknown", "refused", "unsent", "foreignCount", "restarts"]) fields.whole(name);
  fields.text("outcome", /^(running|finished|gaveUp|stopped)$/);
  fields.nullable("reason", () => fields.text("reason"));
  fields.list("partitions", (partition) => {
    for (const name of ["p", "firstIndex", "acknowledged", "resumed", "nextOffset", "idSum", "idMix"]) {
      partition.whole(name);
    }
    partition.whole("shift", Number.MIN_SAFE_INTEGER);
    partition.nullable("endOffset", () => partition.whole("endOffset"));
  });
  fields.list("foreign", (entry) => {
    for (const name of ["p", "expected", "actual"]) entry.whole(name);
  });
  return fields.as<Ledger>();
}

/** `producer.json`: written and fsynced before the topic's first send, so that a restart continues as the same producer. */
export interface ProducerIdentity {
  readonly topic: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const readProducerIdentity = (fields: Fields): ProducerIdentity => ({
  topic: fields.text("topic"),
  producerId: fields.whole("producerId"),
  producerEpoch: fields.whole("producerEpoch"),
});
