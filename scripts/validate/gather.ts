/**
 * Reads the facts, in an order that makes them one consistent picture of a job that may still run:
 *
 *   1. the job's state, with one HGETALL      2. the applied logs, which have every row of that state (or `last:` has it)
 *   3. the ledgers                            4. the topic, from its start, with the state's offsets as cuts
 */
import { access, readdir } from "node:fs/promises";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { readRecoveries } from "../../simulator/common/contract/checkpoint.ts";
import type { ChildEnvironment } from "../../simulator/common/contract/environment.ts";
import { readLedger } from "../../simulator/common/contract/ledger.ts";
import { type IdLayout, idOfIndex } from "../../simulator/common/contract/message.ts";
import { runFolder } from "../../simulator/common/contract/run-folder.ts";
import type { ValidatorTask } from "../../simulator/common/contract/tasks.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { readAppliedLogs } from "./applied-log-files.ts";
import { uniteAppliedRows } from "./applied-log-union.ts";
import { sortByBase } from "./checks/log-checks.ts";
import type { Facts, LedgerFact } from "./facts.ts";
import { IdBitmap } from "./id-bitmap.ts";
import { readSettledJobState } from "./job-state-read.ts";
import { chooseSamples, SampleCollector } from "./samples.ts";
import { rereadTopic } from "./topic-reread.ts";
import { createPartitionTally, type PartitionTally, TopicTally } from "./topic-tally.ts";

/** Ids above this get no bit: 128 MB of bitmap. The topics of this system end far below. */
const BITMAP_ID_MAX = 2 ** 30;

export interface GatherOptions {
  readonly environment: ChildEnvironment;
  readonly task: ValidatorTask;
  readonly bootstrap: readonly string[];
  readonly redisUrl: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { environment, task } = options;
  const { config, runDir } = environment;
  const { state, published } = await readSettledJobState({ ...options, config, runDir });
  const complete = state.kind === "complete" ? state.state : null;
  const log = await readAppliedLogs(runFolder.appliedFolder(runDir));
  const recoveries = (await readJson(runFolder.recoveries(runDir), readRecoveries))?.recoveries ?? [];
  const dropRowsAhead = task.mode === "prefix" && complete?.phase === "running";
  const union = uniteAppliedRows(log, complete, recoveries, { dropRowsAhead });
  const ledgers = await readAllLedgers(runDir, task.rounds);
  const total = complete?.total ?? 0;
  const samples = new SampleCollector(chooseSamples(sortByBase(union.rows), total), config.jobId);
  const topic = await readTopic(options, complete?.partitions ?? null, ledgers, samples);
  return {
    config,
    task,
    state,
    published,
    jobBegan: await folderHasEntries(runFolder.checkpoints(runDir)),
    producerBegan: await exists(runFolder.producer(runDir)),
    ledgers,
    log,
    union,
    recoveries,
    topic,
    samples: samples.toReport(total),
  };
}

async function readAllLedgers(runDir: string, rounds: number): Promise<LedgerFact[]> {
  const facts: LedgerFact[] = [];
  for (let round = 1; round <= rounds; round += 1) facts.push(await gatherLedger(runDir, round));
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

async function readTopic(
  options: GatherOptions,
  positions: readonly { readonly start: number; readonly offset: number }[] | null,
  ledgers: readonly LedgerFact[],
  samples: SampleCollector,
): Promise<Facts["topic"]> {
  const { environment, task, bootstrap, log, signal } = options;
  const { config, resource } = environment;
  const cluster = await KafkaCluster.open({ bootstrap, clientId: resource, log, signal });
  try {
    const all = Array.from({ length: config.partitions }, (_, p) => p);
    const earliest = await cluster.listOffsets(config.topic, all, "earliest");
    const latest = await cluster.listOffsets(config.topic, all, "latest", "committed");
    const partitions = all.map((p) => {
      const start = Math.max(positions?.[p]?.start ?? 0, earliest[p] ?? 0);
      const cut = positions?.[p]?.offset ?? start;
      const asked = config.ownTopic ? undefined : task.endOffsets?.[p];
      // On somebody else's topic others may still write: the re-read ends where the job was, or should have been.
      const end = Math.min(latest[p] ?? 0, asked === undefined ? Number.MAX_SAFE_INTEGER : Math.max(asked, cut));
      return createPartitionTally({ p, start, end: Math.max(start, end), cut });
    });
    const bitmap = config.ownTopic ? new IdBitmap(findIdMax(ledgers, partitions, config)) : null;
    const tally = new TopicTally(config.topic, bitmap, samples);
    await rereadTopic({ cluster, topic: config.topic, tally, partitions, signal });
    return { tallies: partitions, earliest, bitmap };
  } finally {
    await cluster.close();
  }
}

/** The last id asked for; without ledgers, the largest that the offsets leave room for. */
function findIdMax(ledgers: readonly LedgerFact[], tallies: readonly PartitionTally[], layout: IdLayout): number {
  const asked = ledgers.flatMap((fact) =>
    fact.kind === "read" ? [fact.ledger.firstId + fact.ledger.messages - 1] : [],
  );
  const room = asked.length > 0 ? asked : tallies.map(({ p, end }) => (end === 0 ? 0 : idOfIndex(p, end - 1, layout)));
  return Math.min(BITMAP_ID_MAX, Math.max(0, ...room));
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
