/**
 * Reads the facts, in an order that makes them one consistent picture of a job that may still run:
 *
 *   1. the group's committed offsets          2. the published keys, and the job's state with one HGETALL
 *   3. the newest checkpoint                  4. the applied logs, which have every row of that state (or `last:` has it)
 *   5. the ledgers                            6. the topic, from its start, with the state's offsets as cuts
 */

import { access, readdir } from "node:fs/promises";
import type { ValidationProgress } from "../../simulator/common/contract/child/child-messages.ts";
import type { ChildEnvironment } from "../../simulator/common/contract/child/environment.ts";
import type { ValidatorTask } from "../../simulator/common/contract/child/tasks.ts";
import { readRecoveries } from "../../simulator/common/contract/files/checkpoint.ts";
import { readLedger, readProducerIdentity } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import type { RedisAddress } from "../../simulator/common/foundation/address.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { readAppliedLogs } from "./applied-log-files.ts";
import { uniteAppliedRows } from "./applied-log-union.ts";
import { readNewestCheckpoint, readRestoredState } from "./checkpoint-files.ts";
import { sortByBase } from "./checks/log-checks.ts";
import { gatherUserJob } from "./expectation/user-job-facts.ts";
import { countRecords, type Facts, type FactsBeforeTopic, isMoving, type LedgerFact } from "./facts.ts";
import { readGroupOffsets } from "./group-offsets.ts";
import { readSettledJobState } from "./job-state-read.ts";
import { sumPlan } from "./round-plan.ts";
import { chooseSamples, SampleCollector } from "./samples.ts";
import { TopicClient } from "./topic-client.ts";
import { readTopic } from "./topic-read.ts";

export interface GatherOptions {
  readonly environment: ChildEnvironment;
  readonly task: ValidatorTask;
  readonly kafka: KafkaAccess;
  readonly redis: RedisAddress;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long facts that contradict each other, or that are on their way, are asked for again. Default 30 s. */
  readonly settleMs?: number;
  readonly onProgress: (progress: ValidationProgress) => void;
  /** Called once, with all but the topic. */
  readonly onFactsBeforeTopic: (facts: FactsBeforeTopic) => void;
}

const SETTLE_MS = 30_000;

export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { environment, kafka, log, signal } = options;
  const { topic } = environment.config;
  const client = await TopicClient.open({ ...kafka, clientId: environment.resource, topic, log, signal });
  try {
    return await gatherWith(client, options);
  } finally {
    client.close();
  }
}

async function gatherWith(client: TopicClient, options: GatherOptions): Promise<Facts> {
  const { environment, task, settleMs = SETTLE_MS, onProgress, onFactsBeforeTopic } = options;
  const { config, runDir } = environment;
  const begin = (step: string) => onProgress({ step, done: 0, total: null });
  begin("reading what the group committed");
  const group = await readGroupOffsets(client, { ...options, config, runDir, settleMs });
  begin("reading the job's state in Redis");
  const { state, published, unsettled } = await readSettledJobState({ ...options, config, runDir, settleMs });
  const complete = state.kind === "complete" && unsettled === null ? state.state : null;
  const checkpoint = await readNewestCheckpoint(runDir);
  begin("reading the applied logs and the ledgers");
  const log = await readAppliedLogs(runFolder.appliedFolder(runDir));
  const recoveries = (await readJson(runFolder.recoveries(runDir), readRecoveries))?.recoveries ?? [];
  const dropRowsAhead = complete !== null && isMoving({ config, task }, complete);
  const union = uniteAppliedRows(log, complete, recoveries, { dropRowsAhead });
  const ledgers = await readAllLedgers(runDir, task);
  const producer = await readJson(runFolder.producer(runDir), readProducerIdentity);
  const beforeTopic: FactsBeforeTopic = {
    config,
    task,
    state,
    unsettled,
    published,
    group,
    checkpoint,
    restored: await readRestoredState(runDir, config),
    jobBegan: await folderHasEntries(runFolder.checkpoints(runDir)),
    producerBegan: await exists(runFolder.producer(runDir)),
    ledgers,
    log,
    union,
    recoveries,
  };
  onFactsBeforeTopic(beforeTopic);
  const total = complete?.total ?? 0;
  // Without ordered ids there is no first message and no last one.
  const wanted = config.engine === "flink" ? [] : chooseSamples(sortByBase(union.rows), total);
  const samples = new SampleCollector(wanted, config.jobId);
  begin("asking Kafka where the topic ends");
  const topic = await readTopic(client, {
    ...options,
    config,
    settleMs,
    ledgers,
    samples,
    state: complete,
    cuts: config.userJob === undefined || group.kind !== "read" ? null : group.committed,
    producerId: config.ownTopic ? (producer?.producerId ?? null) : null,
    onReread: (done, all) => onProgress({ step: "reading the topic again", done, total: all }),
  });
  const ofUserJob = config.userJob === undefined ? {} : await gatherUserJob(client, { ...options, settleMs }, topic);
  begin("comparing");
  return {
    ...beforeTopic,
    topic,
    ...ofUserJob,
    plan: config.ownTopic ? sumPlan(task.rounds, config, topic.tallies.map(countRecords)) : [],
    samples: samples.toReport(total),
  };
}

async function readAllLedgers(runDir: string, { rounds }: ValidatorTask): Promise<LedgerFact[]> {
  const facts: LedgerFact[] = [];
  for (const { round } of rounds) facts.push(await gatherLedger(runDir, round));
  return facts;
}

async function gatherLedger(runDir: string, round: number): Promise<LedgerFact> {
  try {
    const ledger = await readJson(runFolder.ledger(runDir, round), readLedger);
    if (ledger === undefined) return { kind: "missing", round };
    if (ledger.round !== round) return { kind: "broken", round, reason: `it is of round ${ledger.round}` };
    return { kind: "read", round, ledger };
  } catch (error) {
    return { kind: "broken", round, reason: describeError(error) };
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function folderHasEntries(path: string): Promise<boolean> {
  return (await exists(path)) && (await readdir(path)).some((name) => name.startsWith("chk-"));
}
