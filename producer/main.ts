/**
 * The load generator: one process a round. It produces the round's messages, keeps the ledger, and ends.
 *
 * P1 The producer id and epoch belong to the topic and are fsynced before its first send, so that a restarted process
 *    continues as the same producer and Kafka recognises a repeated batch.
 * P2 A round has begun when its ledger exists: it is written before the first send, so a restart never takes records of
 *    its own for foreign ones.
 * P3 produceFinished is sent only after the complete ledger is on disk.
 */
import { KafkaCluster } from "../simulator/clients/kafka/cluster.ts";
import { IdempotentProducer } from "../simulator/clients/kafka/producer.ts";
import { type ChildProcess, runChild } from "../simulator/common/contract/child-channel.ts";
import {
  type ChildEnvironment,
  ENV,
  readChildEnvironment,
  readTask,
  requireVariable,
} from "../simulator/common/contract/environment.ts";
import { type ProducerIdentity, readLedger, readProducerIdentity } from "../simulator/common/contract/ledger.ts";
import { runFolder } from "../simulator/common/contract/run-folder.ts";
import type { ProducerTask } from "../simulator/common/contract/tasks.ts";
import { waitUntil } from "../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../simulator/common/foundation/errors.ts";
import { readJson, writeJson } from "../simulator/common/foundation/json-file.ts";
import { RoundLedger } from "./ledger.ts";
import { splitRound } from "./load-profile.ts";
import { SendLoop } from "./send-loop.ts";

/** Often: the host compares it with what TaskManagers have processed, and old numbers of ours would look like losses. */
const REPORT_INTERVAL_MS = 250;
const SAVE_INTERVAL_MS = 1_000;
/** Between two looks at the end offsets: far longer than a broker needs for a request that it has received. */
const SETTLE_INTERVAL_MS = 200;
const SETTLE_DEADLINE_MS = 20_000;

await runChild(async (child) => {
  const environment = readChildEnvironment();
  const task = readTask<ProducerTask>();
  const bootstrap = requireVariable(process.env, ENV.kafka).split(",");
  const { config, resource } = environment;
  const shares = splitRound(task, config);
  const cluster = await KafkaCluster.open({ bootstrap, clientId: resource, log: child.log, signal: child.stopping });
  try {
    const known = await readJson(runFolder.producer(environment.runDir), readProducerIdentity);
    const producer = await IdempotentProducer.open({ cluster, topic: config.topic, identity: known ?? null });
    try {
      const identity: ProducerIdentity = { topic: config.topic, ...producer.identity };
      if (known === undefined) await writeJson(runFolder.producer(environment.runDir), identity, { durable: true });
      child.send({ type: "ready", detail: `producer id ${identity.producerId}, epoch ${identity.producerEpoch}` });
      const ledger = new RoundLedger({ ...task, messageSize: config.messageSize, producer: identity }, config, shares);
      await produceRound({ child, environment, task, cluster, producer, identity, ledger });
    } finally {
      await producer.close();
    }
  } finally {
    await cluster.close();
  }
});

interface Round {
  readonly child: ChildProcess;
  readonly environment: ChildEnvironment;
  readonly task: ProducerTask;
  readonly cluster: KafkaCluster;
  readonly producer: IdempotentProducer;
  readonly identity: ProducerIdentity;
  readonly ledger: RoundLedger;
}

async function produceRound(round: Round): Promise<void> {
  const { ledger, environment, task } = round;
  const save = () => writeJson(runFolder.ledger(environment.runDir, task.round), ledger.toFile(), { durable: false });
  let unknown = 0;
  try {
    await positionLedger(round);
    const loop = createLoop(round);
    ledger.startClock(environment.clock.nowUs());
    await save();
    const finished = await runLoop(round, loop, save);
    unknown = loop.unknown;
    if (loop.failure !== undefined) throw loop.failure;
    if (finished) await finishRound(round, save);
  } catch (error) {
    const reason = describeError(error);
    ledger.giveUp(reason, unknown);
    await save();
    if (isAppError(error) && error.code === "PRODUCER_GAVE_UP") throw error;
    throw createError("PRODUCER_GAVE_UP", { round: task.round, unknown, reason }, error);
  }
}

/** Where the round stands: at its beginning, or where an earlier process of the same round left off. */
async function positionLedger({ cluster, environment, task, ledger, child }: Round): Promise<void> {
  const { config, clock, runDir } = environment;
  const before = await readJson(runFolder.ledger(runDir, task.round), readLedger);
  const readEnds = () => cluster.listOffsets(config.topic, allPartitions(config.partitions), "latest");
  if (before === undefined) {
    ledger.begin(await readEnds());
    return;
  }
  ledger.resume(before, await readSettledEnds(readEnds), clock.nowUs());
  child.log.info(`round ${task.round} continues after ${ledger.acknowledged} acknowledged messages`);
}

/**
 * The end offsets once they stand still: what the lost process had sent may still be on its way into the log, and a
 * position below it would be refused as out of order.
 */
async function readSettledEnds(readEnds: () => Promise<number[]>): Promise<number[]> {
  let before: string | undefined;
  const look = async () => {
    const ends = await readEnds();
    const settled = before === ends.join();
    before = ends.join();
    return settled ? ends : undefined;
  };
  const what = "standing still of the topic's end offsets after the producer was restarted";
  return waitUntil(look, { what, deadlineMs: SETTLE_DEADLINE_MS, intervalMs: SETTLE_INTERVAL_MS });
}

function createLoop({ environment, task, ledger, producer, identity }: Round): SendLoop {
  const { config, clock } = environment;
  return new SendLoop({
    ledger,
    sender: producer,
    producer: identity,
    messageSize: config.messageSize,
    layout: config,
    firstId: task.firstId,
    lastId: task.firstId + task.messages - 1,
    ratePerSecond: config.rate,
    nowUs: () => clock.nowUs(),
  });
}

/** Runs the loop while reporting, and saving the ledger each second. True when everything was acknowledged. */
async function runLoop(round: Round, loop: SendLoop, save: () => Promise<void>): Promise<boolean> {
  const { child, task, ledger, environment } = round;
  const alreadyThere = ledger.acknowledged;
  const report = () =>
    child.send({
      type: "produceProgress",
      round: task.round,
      sent: alreadyThere + loop.sent,
      acknowledged: ledger.acknowledged,
      atUs: environment.clock.nowUs(),
    });
  let saving: Promise<void> | undefined;
  let saveFailure: unknown;
  const reporting = setInterval(report, REPORT_INTERVAL_MS);
  const savingEachSecond = setInterval(() => {
    // One write at a time: a slow disk skips a second.
    saving ??= save()
      .catch((error: unknown) => {
        saveFailure = error;
      })
      .finally(() => {
        saving = undefined;
      });
  }, SAVE_INTERVAL_MS);
  child.send({ type: "produceStarted", round: task.round, firstSendAtUs: ledger.firstSendAtUs });
  try {
    await loop.run(child.stopping);
  } finally {
    clearInterval(reporting);
    clearInterval(savingEachSecond);
    await saving;
  }
  report();
  await save();
  if (saveFailure !== undefined) child.log.warn("a ledger could not be written in between", saveFailure);
  return ledger.acknowledged === task.messages;
}

async function finishRound({ child, cluster, environment, task, ledger }: Round, save: () => Promise<void>) {
  const { topic, partitions } = environment.config;
  const endOffsets = await cluster.listOffsets(topic, allPartitions(partitions), "latest", "committed");
  ledger.finish(endOffsets);
  await save();
  child.send({
    type: "produceFinished",
    round: task.round,
    acknowledged: ledger.acknowledged,
    endOffsets,
    lastAckAtUs: ledger.lastAck,
  });
  child.log.info(`round ${task.round}: ${ledger.acknowledged} messages acknowledged`);
}

function allPartitions(partitions: number): number[] {
  return Array.from({ length: partitions }, (_, p) => p);
}
