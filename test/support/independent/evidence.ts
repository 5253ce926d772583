/** Gathers what is judged, once the run has ended: the job first, since its applied offsets divide the topic. */
import { type JobReading, type LedgerReading, readJob, readLedgers } from "./run-reading.ts";
import { readTopic, type TopicReading } from "./topic-reading.ts";

export interface Evidence {
  /** Messages that the run was to produce; null: the topic is somebody else's, and was there before the run. */
  readonly requested: number | null;
  readonly topic: TopicReading;
  readonly job: JobReading;
  /** Null: there is none. */
  readonly ledger: LedgerReading | null;
}

export interface EvidenceQuestion {
  /** host:port of brokers that live, separated by commas. */
  readonly bootstrap: string;
  readonly redisUrl: string;
  readonly topic: string;
  readonly runDir: string;
  readonly requested: number | null;
  /** The topic's ids are expected to be 1…idMax. */
  readonly idMax: number;
}

export async function readEvidence({ redisUrl, runDir, requested, ...of }: EvidenceQuestion): Promise<Evidence> {
  const job = await readJob(redisUrl);
  const ledger = readLedgers(runDir);
  const acknowledged = ledger?.partitions.map((partition) => partition.acknowledged) ?? null;
  const topic = await readTopic({ ...of, applied: readAppliedOffsets(job), acknowledged });
  return { requested, topic, job, ledger };
}

/** Null when the hash does not name them all. */
function readAppliedOffsets({ hash }: JobReading): readonly number[] | null {
  const count = Object.keys(hash).filter((field) => /^offset:\d+$/.test(field)).length;
  const offsets = Array.from({ length: count }, (_, p) => readWholeNumber(hash[`offset:${p}`]));
  return count === 0 || offsets.includes(null) ? null : (offsets as number[]);
}

export const readWholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
