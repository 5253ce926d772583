/** A small run without a fault, made of real bytes: batches, the state after each APPLY, rows, and ledgers. */
import { splitRound, sumIds } from "../../../../producer/load-profile.ts";
import { uniteAppliedRows } from "../../../../scripts/validate/applied-log-union.ts";
import { sortByBase } from "../../../../scripts/validate/checks/log-checks.ts";
import {
  countRecords,
  type Facts,
  type GroupFacts,
  isMoving,
  type LedgerFact,
} from "../../../../scripts/validate/facts.ts";
import { IdBitmap } from "../../../../scripts/validate/id-bitmap.ts";
import { lastPlannedId, sumPlan } from "../../../../scripts/validate/round-plan.ts";
import { chooseSamples, SampleCollector } from "../../../../scripts/validate/samples.ts";
import { findNeededEnds } from "../../../../scripts/validate/topic-ranges.ts";
import { createPartitionTally, skipUnread, TopicTally } from "../../../../scripts/validate/topic-tally.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import type { RunConfig } from "../../../../simulator/common/contract/child/run-config.ts";
import type { ValidatorTask } from "../../../../simulator/common/contract/child/tasks.ts";
import type { AcquireRow, ApplyRow } from "../../../../simulator/common/contract/files/applied-log.ts";
import type { CheckpointFile } from "../../../../simulator/common/contract/files/checkpoint.ts";
import type { Ledger } from "../../../../simulator/common/contract/files/ledger.ts";
import { type IdLayout, idOfIndex } from "../../../../simulator/common/contract/message.ts";
import { type JobState, parseJobState } from "../../../../simulator/common/contract/state/redis-state.ts";
import { fetchedOf } from "../../../support/record-sets.ts";

const BATCH = 7;
const PRODUCER_ID = 1;
export const FIRST_SEND_US = 1_795_360_719_000_000;

export type Draft<T> = T extends readonly (infer U)[]
  ? Draft<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;

/** What a mutation may change before the facts are put together. */
export interface SyntheticRun {
  config: Draft<RunConfig>;
  task: Draft<ValidatorTask>;
  /** Values by partition; their index is their offset. Those of partitions beyond the run's are added ones. */
  topic: string[][];
  /** First offset that Kafka still holds, by partition; 0 where it is not named. */
  earliest: number[];
  /** End offsets that the brokers tell, where they are not those of `topic`. */
  ends: number[];
  /** High watermarks, where they lie above the end offsets: a transaction is open. */
  high: number[];
  /** `p:offset` of records that another producer wrote. */
  strangers: Set<string>;
  hash: Record<string, string>;
  unsettled: string | null;
  published: string | null;
  counter: string | null;
  sequence: string | null;
  otherJobs: string[];
  group: Draft<GroupFacts>;
  checkpoint: Draft<CheckpointFile> | null;
  /** What a savepoint had before the run; null: there was none. */
  restored: JobState | null;
  ledgers: (Draft<Ledger> | undefined)[];
  applies: Draft<ApplyRow>[];
  acquires: Draft<AcquireRow>[];
  recoveries: { life: string; atUs: number; from: "redis" | "checkpoint"; reason: string; offsets: number[] }[];
  brokenLines: number;
  jobBegan: boolean;
  producerBegan: boolean;
}

export const message = (id: number): string =>
  `{"id":"${String(id).padStart(12, "0")}","ts":"${FIRST_SEND_US + id}","p":"sample-data-${String(id).padStart(12, "0")}"}`;

/** A drained and stopped run of `rounds`, each with that many messages, over P partitions and two TaskManagers. */
export function makeRun(rounds: readonly number[] = [100], partitions = 3): SyntheticRun {
  const messages = rounds.reduce((sum, n) => sum + n, 0);
  const config = makeConfig(partitions);
  const ledgers = makeLedgers(rounds, config);
  const task: Draft<ValidatorTask> = {
    rounds: ledgers.map(({ round, firstId, messages }) => ({ round, firstId, messages })),
    mode: "drained",
    endOffsets: null,
    startOffsets: null,
    sharedRedis: false,
  };
  const topic = Array.from({ length: partitions }, () => [] as string[]);
  for (let id = 1; id <= messages; id += 1) topic[(id - 1) % partitions]?.push(message(id));
  const run: SyntheticRun = {
    config,
    task,
    topic,
    earliest: [],
    ends: [],
    high: [],
    strangers: new Set(),
    unsettled: null,
    hash: { life: "life-1", redisRunId: "r", phase: "stopped", epoch: "1", total: "0" },
    published: null,
    counter: null,
    sequence: null,
    otherJobs: [],
    group: { kind: "read", committed: [], excuses: null },
    checkpoint: null,
    restored: null,
    ledgers,
    applies: [],
    acquires: topic.map((_, p) => ({ kind: "acquire", life: "life-1", p, g: 1_000_001 + p, offset: 0 })),
    recoveries: [],
    brokenLines: 0,
    jobBegan: true,
    producerBegan: true,
  };
  applyAll(run);
  run.published = run.hash["total"] ?? null;
  run.counter = run.published;
  run.sequence = run.published;
  run.group = { kind: "read", committed: topic.map((_, p) => Number(run.hash[`offset:${p}`])), excuses: null };
  run.checkpoint = {
    schema: 1,
    id: 1_000_001,
    kind: "final",
    jobId: config.jobId,
    epoch: 1,
    completedAtUs: FIRST_SEND_US,
    state: { ...run.hash },
  };
  return run;
}

function makeConfig(partitions: number): Draft<RunConfig> {
  return {
    runId: "run",
    engine: "apphost",
    jobId: "00000000000000000000000000000001",
    jobName: "job",
    topic: "topic",
    ownTopic: true,
    group: "group",
    partitions,
    stickyIds: 1,
    taskManagers: 2,
    stateKey: "{job}:state",
    publishedKey: "{job}:published",
    counterKey: "counter",
    sequenceKey: "sequence",
    messageSize: 76,
    compression: "none",
    rate: 0,
    maxTimeMs: 300_000,
    checkpointIntervalMs: 1_000,
    allowRejected: false,
    operators: ["identity"],
  };
}

function makeLedgers(rounds: readonly number[], layout: IdLayout): Draft<Ledger>[] {
  let firstId = 1;
  return rounds.map((messages, i) => {
    const task = { round: i + 1, firstId, messages };
    const shares = splitRound(task, layout);
    firstId += messages;
    return {
      schema: 1,
      ...task,
      topic: "topic",
      producerId: PRODUCER_ID,
      producerEpoch: 0,
      messageSize: 76,
      outcome: "finished",
      reason: null,
      firstSendAtUs: FIRST_SEND_US + i * 60_000_000,
      lastAckAtUs: FIRST_SEND_US + i * 60_000_000 + 500_000,
      acknowledged: messages,
      unknown: 0,
      refused: 0,
      unsent: 0,
      partitions: shares.map(({ p, firstIndex, endIndex }) => ({
        p,
        firstIndex,
        acknowledged: endIndex - firstIndex,
        resumed: 0,
        nextOffset: endIndex,
        shift: 0,
        ...sumIds(p, firstIndex, endIndex, layout),
        endOffset: endIndex,
      })),
      foreign: [],
      foreignCount: 0,
      restarts: 0,
      acknowledgeMs: { p50: 1, p95: 2, p99: 2, p999: 3, max: 3 },
    };
  });
}

/** Applies the topic in turns of one batch per partition, as TaskManagers would; a batch never spans two rounds. */
function applyAll(run: SyntheticRun): void {
  const { hash, topic, config } = run;
  const position = topic.map(() => 0);
  let total = 0;
  let atUs = FIRST_SEND_US + 1_000;
  for (let busy = true; busy; ) {
    busy = false;
    for (const [p, values] of topic.entries()) {
      const prev = position[p] as number;
      const round = run.ledgers.find((ledger) => prev < (ledger?.partitions[p]?.endOffset ?? 0));
      const next = Math.min(prev + BATCH, values.length, round?.partitions[p]?.endOffset ?? 0);
      if (prev >= next) continue;
      busy = true;
      atUs += 1_000;
      const tm = `taskmanager-0${1 + (p % 2)}`;
      run.applies.push({
        kind: "apply",
        life: "life-1",
        p,
        g: 1_000_001 + p,
        prev,
        next,
        n: next - prev,
        base: total,
        tm,
        appliedAtUs: atUs,
      });
      hash[`last:${p}`] = `${prev}:${next}:${next - prev}:${total}:${1_000_001 + p}:${tm}:${atUs - 500}`;
      hash[`by:${tm}`] = String(Number(hash[`by:${tm}`] ?? 0) + next - prev);
      total += next - prev;
      position[p] = next;
    }
  }
  hash["total"] = String(total);
  for (const [p, count] of position.entries()) {
    const sums = sumIds(p, 0, count, config);
    const lastId = count === 0 ? 0 : idOfIndex(p, count - 1, config);
    const fields = {
      start: 0,
      offset: count,
      count,
      rejected: 0,
      skipped: 0,
      ...sums,
      lastId,
      disorder: 0,
      fence: 9_000_000,
    };
    for (const [field, value] of Object.entries(fields)) hash[`${field}:${p}`] = String(value);
    hash[`last:${p}`] ??= "";
  }
}

/** Reads the run as the validator does, but from memory. */
export function toFacts(run: SyntheticRun): Facts {
  const { config, task } = run;
  const state = parseJobState(run.hash, config.partitions);
  const complete = state.kind === "complete" && run.unsettled === null ? state.state : null;
  const dropRowsAhead = complete !== null && isMoving(run, complete);
  const log = {
    files: 1,
    lines: run.applies.length + run.acquires.length + run.brokenLines,
    applies: run.applies,
    acquires: run.acquires,
    broken: run.brokenLines > 0 ? ["taskmanager-01-1.log:3"] : [],
    brokenCount: run.brokenLines,
  };
  const union = uniteAppliedRows(log, complete, run.recoveries, { dropRowsAhead });
  const total = complete?.total ?? 0;
  const collector = new SampleCollector(chooseSamples(sortByBase(union.rows), total), config.jobId);
  const ledgers = run.ledgers.map(
    (ledger, i): LedgerFact =>
      ledger === undefined ? { kind: "missing", round: i + 1 } : { kind: "read", round: i + 1, ledger },
  );
  const topic = readTopic(run, { complete, ledgers, collector });
  return {
    config,
    task,
    state,
    unsettled: run.unsettled,
    published: { own: run.published, counter: run.counter, sequence: run.sequence, otherJobs: run.otherJobs },
    group: run.group,
    checkpoint: run.checkpoint,
    restored: run.restored,
    jobBegan: run.jobBegan,
    producerBegan: run.producerBegan,
    ledgers,
    log,
    union,
    recoveries: run.recoveries,
    topic,
    plan: config.ownTopic ? sumPlan(task.rounds, config, topic.tallies.map(countRecords)) : [],
    samples: collector.toReport(total),
  };
}

function readTopic(
  run: SyntheticRun,
  read: { complete: JobState | null; ledgers: LedgerFact[]; collector: SampleCollector },
): Facts["topic"] {
  const { config, task } = run;
  const { complete, ledgers, collector } = read;
  const bitmap = config.ownTopic ? new IdBitmap(lastPlannedId(task.rounds)) : null;
  const producerId = config.ownTopic ? PRODUCER_ID : null;
  const tally = new TopicTally({ topic: config.topic, bitmap, samples: collector, producerId });
  const ends = run.topic.map((values, p) => run.ends[p] ?? values.length);
  const tallies = Array.from({ length: Math.max(config.partitions, run.topic.length) }, (_, p) => {
    const cut = complete?.partitions[p]?.offset ?? 0;
    const asked = config.ownTopic ? undefined : task.endOffsets?.[p];
    const end = Math.min(ends[p] ?? 0, asked === undefined ? Infinity : Math.max(asked, cut));
    const start = config.ownTopic ? 0 : (complete?.partitions[p]?.start ?? 0);
    const partition = createPartitionTally({ p, start, end, cut });
    skipUnread(partition, run.earliest[p] ?? 0, "Kafka does not hold them any more");
    for (const batch of encodeTopic(run, p)) tally.add(partition, fetchedOf(batch, 0));
    return partition;
  });
  return {
    tallies: tallies.slice(0, config.partitions),
    added: config.ownTopic ? tallies.slice(config.partitions) : [],
    ranges: {
      partitions: run.topic.length,
      earliest: run.topic.map((_, p) => run.earliest[p] ?? 0),
      ends,
      high: ends.map((end, p) => run.high[p] ?? end),
      needed: findNeededEnds({ config, task, state: complete, ledgers }),
      askedForMs: 0,
    },
    bitmap,
    producerId,
  };
}

/** At most ten records per batch, and each batch from one producer. */
function encodeTopic({ topic, strangers }: SyntheticRun, p: number): Buffer[] {
  const batches: Buffer[] = [];
  const values = topic[p] ?? [];
  const isStrange = (at: number) => strangers.has(`${p}:${at}`);
  for (let at = 0; at < values.length; ) {
    let end = at + 1;
    while (end < Math.min(at + 10, values.length) && isStrange(end) === isStrange(at)) end += 1;
    const records = values.slice(at, end).map((value) => ({ value: Buffer.from(value) }));
    const producerId = isStrange(at) ? PRODUCER_ID + 1 : PRODUCER_ID;
    batches.push(encodeRecordBatch({ records, timestampMs: 1_000, baseOffset: at, producerId, producerEpoch: 0 }));
    at = end;
  }
  return batches;
}
