/** A small run without a fault, made of real bytes: batches, the state after each APPLY, rows, and ledgers. */
import { splitRound, sumIds } from "../../../../producer/load-profile.ts";
import { uniteAppliedRows } from "../../../../scripts/validate/applied-log-union.ts";
import { sortByBase } from "../../../../scripts/validate/checks/log-checks.ts";
import type { Facts, LedgerFact } from "../../../../scripts/validate/facts.ts";
import { IdBitmap } from "../../../../scripts/validate/id-bitmap.ts";
import { chooseSamples, SampleCollector } from "../../../../scripts/validate/samples.ts";
import { createPartitionTally, TopicTally } from "../../../../scripts/validate/topic-tally.ts";
import { encodeRecordBatch } from "../../../../simulator/clients/kafka/wire/records.ts";
import type { AcquireRow, ApplyRow } from "../../../../simulator/common/contract/applied-log.ts";
import type { Ledger } from "../../../../simulator/common/contract/ledger.ts";
import { type IdLayout, idOfIndex } from "../../../../simulator/common/contract/message.ts";
import { parseJobState } from "../../../../simulator/common/contract/redis-state.ts";
import type { RunConfig } from "../../../../simulator/common/contract/run-config.ts";
import type { ValidatorTask } from "../../../../simulator/common/contract/tasks.ts";

const BATCH = 7;
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
  /** Values by partition; their index is their offset. */
  topic: string[][];
  hash: Record<string, string>;
  counter: string | null;
  sequence: string | null;
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
  const task: Draft<ValidatorTask> = { rounds: rounds.length, mode: "drained", endOffsets: null };
  const topic = Array.from({ length: partitions }, () => [] as string[]);
  for (let id = 1; id <= messages; id += 1) topic[(id - 1) % partitions]?.push(message(id));
  const run: SyntheticRun = {
    config,
    task,
    topic,
    hash: { life: "life-1", redisRunId: "r", phase: "stopped", epoch: "1", total: "0" },
    counter: null,
    sequence: null,
    ledgers: makeLedgers(rounds, config),
    applies: [],
    acquires: topic.map((_, p) => ({ kind: "acquire", life: "life-1", p, g: 1_000_001 + p, offset: 0 })),
    recoveries: [],
    brokenLines: 0,
    jobBegan: true,
    producerBegan: true,
  };
  applyAll(run);
  run.counter = run.hash["total"] ?? null;
  run.sequence = run.counter;
  return run;
}

function makeConfig(partitions: number): Draft<RunConfig> {
  return {
    runId: "run",
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
      producerId: 1,
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
      acknowledgeMs: { p50: 1, p99: 2, max: 3 },
    };
  });
}

/** Applies the topic in turns of a batch a partition, as TaskManagers would; a batch never spans two rounds. */
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
  const complete = state.kind === "complete" ? state.state : null;
  const dropRowsAhead = task.mode === "prefix" && complete?.phase === "running";
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
  const asked = run.ledgers.map((ledger) => (ledger === undefined ? 0 : ledger.firstId + ledger.messages - 1));
  const bitmap = config.ownTopic ? new IdBitmap(Math.max(0, ...asked)) : null;
  const tally = new TopicTally(config.topic, bitmap, collector);
  const tallies = run.topic.map((values, p) => {
    const cut = complete?.partitions[p]?.offset ?? 0;
    const partition = createPartitionTally({ p, start: 0, end: values.length, cut });
    for (let at = 0; at < values.length; at += 10) {
      const records = values.slice(at, at + 10).map((value) => ({ value: Buffer.from(value) }));
      const batch = encodeRecordBatch({ records, timestampMs: 1_000, baseOffset: at });
      tally.add(partition, batch, 0, batch.length);
    }
    return partition;
  });
  return {
    config,
    task,
    state,
    published: { counter: run.counter, sequence: run.sequence },
    jobBegan: run.jobBegan,
    producerBegan: run.producerBegan,
    ledgers: run.ledgers.map(
      (ledger, i): LedgerFact =>
        ledger === undefined ? { kind: "missing", round: i + 1 } : { kind: "read", round: i + 1, ledger },
    ),
    log,
    union,
    recoveries: run.recoveries,
    topic: { tallies, earliest: run.topic.map(() => 0), bitmap },
    samples: collector.toReport(total),
  };
}

/** Adds to a whole-number field of the hash. */
export function addTo(run: SyntheticRun, field: string, delta: number): void {
  run.hash[field] = String(Number(run.hash[field]) + delta);
}
