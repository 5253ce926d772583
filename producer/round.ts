/**
 * One round, in the process that produces it:
 *
 *   positioned (at its beginning, or where a lost process left off) → sending → finished, stopped or given up
 *
 * P1 A round has begun when its ledger exists: it is written before the first send, and after its file of positions, so
 *    a restart never takes records of its own for foreign ones.
 * P2 What was acknowledged is held against the topic before the first send and after the last acknowledgement.
 * P3 produceFinished is sent only after the complete ledger is on disk.
 * P4 The files of a lost process are replaced only by some that hold what they held.
 */
import type { KafkaCluster } from "../simulator/clients/kafka/cluster.ts";
import type { IdempotentProducer } from "../simulator/clients/kafka/producer.ts";
import { createBatchCompressor } from "../simulator/clients/kafka/wire/batch-compression.ts";
import type { ChildProcess } from "../simulator/common/contract/child/child-channel.ts";
import type { ChildEnvironment } from "../simulator/common/contract/child/environment.ts";
import type { ProducerTask } from "../simulator/common/contract/child/tasks.ts";
import type { Ledger, ProducerIdentity } from "../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../simulator/common/contract/files/run-folder.ts";
import { createError, describeError, isAppError } from "../simulator/common/foundation/errors.ts";
import { writeJson } from "../simulator/common/foundation/json-file.ts";
import { RoundLedger } from "./ledger.ts";
import { splitRound } from "./load-profile.ts";
import { PositionsFile, readPositions } from "./positions-file.ts";
import { readEarlierLedger, readRoundLedger } from "./run-files.ts";
import { SendLoop } from "./send-loop.ts";
import { awaitEnds, findBatchesSince, readEnds, type TopicEnds, type TopicPlace } from "./topic-position.ts";

/** Often: the host compares it with what TaskManagers have processed, and old numbers of ours would look like losses. */
const REPORT_INTERVAL_MS = 250;
const SAVE_INTERVAL_MS = 1_000;
/** After a stop, for the answers to what is in flight: less than the host waits before it kills. */
const STOP_SETTLE_MS = 2_000;

export interface RoundParts {
  readonly child: ChildProcess;
  readonly environment: ChildEnvironment;
  readonly task: ProducerTask;
  readonly cluster: KafkaCluster;
  readonly producer: IdempotentProducer;
  readonly identity: ProducerIdentity;
  /** Tells a person. */
  readonly warn: (text: string) => void;
}

interface Round extends RoundParts {
  readonly ledger: RoundLedger;
  readonly place: TopicPlace;
}

/** Returns when the round is finished; throws why it is not. */
export async function produceRound(parts: RoundParts): Promise<void> {
  const { task, cluster, identity } = parts;
  const { config, runDir } = parts.environment;
  const shares = splitRound(task, config);
  const expected = { path: runFolder.ledger(runDir, task.round), round: task.round, producer: identity, shares };
  const before = await readRoundLedger(expected);
  const ledger = new RoundLedger({ ...task, messageSize: config.messageSize, producer: identity }, config, shares);
  const round: Round = { ...parts, ledger, place: { cluster, topic: config.topic, partitions: config.partitions } };
  const positionsPath = runFolder.positions(runDir, task.round);
  if (before !== undefined) {
    ledger.restore(before, readPositions(positionsPath, shares), parts.environment.clock.nowUs());
  } else if (task.round > 1) {
    const path = runFolder.ledger(runDir, task.round - 1);
    ledger.follow(await readEarlierLedger({ path, task, producer: identity, layout: config }));
  }
  const positions =
    before === undefined ? PositionsFile.create(positionsPath, ledger.partitions) : PositionsFile.open(positionsPath);
  try {
    ledger.noteInto((p, position) => positions.write(p, position));
    await (before === undefined ? beginRound(round) : resumeRound(round));
    // Laying out the templates of all batches takes a tenth of a second, which is no time of the round's.
    const loop = createLoop(round);
    ledger.startClock(parts.environment.clock.nowUs());
    await saveLedger(round);
    await sendAll(round, loop);
    await finishRound(round);
  } catch (error) {
    throw await concludeEarly(round, error);
  } finally {
    positions.close();
  }
}

async function beginRound(round: Round): Promise<void> {
  const { high } = await awaitRoundEnds(round, { settled: false });
  round.ledger.begin(high);
}

/**
 * The end offsets once they stand still: what the lost process had sent may still be on its way into the log. What comes
 * later all the same is harmless: it is made of the same batches (S5 of `send-loop.ts`), so Kafka recognises the repeat.
 */
async function resumeRound(round: Round): Promise<void> {
  const { child, environment, task, place, identity, ledger } = round;
  const ends = await awaitRoundEnds(round, { settled: true });
  for (const { firstSequence, ...batch } of await findBatchesSince(place, ledger.partitions, ends, identity)) {
    ledger.resumeBatch(batch.p, { ...batch, firstIndex: firstSequence }, environment.clock.nowUs());
  }
  child.log.info(`round ${task.round} continues after ${ledger.acknowledged} acknowledged messages`);
}

function awaitRoundEnds(round: Round, { settled }: { readonly settled: boolean }): Promise<TopicEnds> {
  const { place, ledger, child, warn } = round;
  return awaitEnds({
    topic: place.topic,
    read: () => readEnds(place),
    acknowledged: ledger.partitions.map(({ nextOffset }) => nextOffset),
    settled,
    signal: child.stopping,
    onDoubt: warn,
  });
}

/** Sends while reporting, and saving the ledger each second. Throws unless everything is acknowledged. */
async function sendAll(round: Round, loop: SendLoop): Promise<void> {
  const { child, environment, task, ledger, producer } = round;
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
    saving ??= saveLedger(round)
      .catch((error: unknown) => {
        saveFailure = error;
      })
      .finally(() => {
        saving = undefined;
      });
  }, SAVE_INTERVAL_MS);
  let settling: NodeJS.Timeout | undefined;
  const abandon = () => {
    settling = setTimeout(() => void producer.close(child.stopping.reason), STOP_SETTLE_MS);
  };
  child.stopping.addEventListener("abort", abandon, { once: true });
  child.send({ type: "produceStarted", round: task.round, firstSendAtUs: ledger.firstSendAtUs });
  try {
    await loop.run(child.stopping);
  } finally {
    child.stopping.removeEventListener("abort", abandon);
    clearTimeout(settling);
    clearInterval(reporting);
    clearInterval(savingEachSecond);
    await saving;
  }
  report();
  if (saveFailure !== undefined) child.log.warn("a ledger could not be written in between", saveFailure);
  if (loop.failure !== undefined) throw loop.failure;
  if (ledger.acknowledged < task.messages) throw child.stopping.reason;
}

function createLoop({ environment, task, ledger, producer, identity }: Round): SendLoop {
  const { config, clock } = environment;
  return new SendLoop({
    ledger,
    sender: producer,
    producer: identity,
    messageSize: config.messageSize,
    layout: config,
    compress: config.compression === "none" ? null : createBatchCompressor(config.compression),
    firstId: task.firstId,
    lastId: task.firstId + task.messages - 1,
    ratePerSecond: task.rate,
    nowUs: () => clock.nowUs(),
  });
}

async function finishRound(round: Round): Promise<void> {
  const { child, task, ledger } = round;
  const { stable } = await awaitRoundEnds(round, { settled: false });
  ledger.finish(stable);
  await saveLedger(round);
  child.send({
    type: "produceFinished",
    round: task.round,
    acknowledged: ledger.acknowledged,
    endOffsets: stable,
    lastAckAtUs: ledger.lastAck,
  });
  child.log.info(`round ${task.round}: ${ledger.acknowledged} messages acknowledged`);
}

/** Writes down how the round ended, and returns what to throw. */
async function concludeEarly(round: Round, error: unknown): Promise<unknown> {
  const { child, task, ledger } = round;
  const code = isAppError(error) ? error.code : undefined;
  const reason = describeError(error);
  if (code === "ASKED_TO_STOP") ledger.stop();
  else ledger.giveUp(reason);
  await saveLedger(round).catch((failure: unknown) => child.log.error("the last ledger could not be written", failure));
  if (code === "ASKED_TO_STOP" || code === "PRODUCER_RECORDS_LOST") return error;
  const { messages, acknowledged, unknown, refused, unsent } = readCounts(round);
  return createError(
    "PRODUCER_GAVE_UP",
    { round: task.round, reason, messages, acknowledged, unknown, refused, unsent },
    error,
  );
}

function readCounts({ ledger, producer }: Round): Ledger {
  return ledger.toFile({ unknown: producer.countRecords("unknown"), refused: producer.countRecords("refused") });
}

function saveLedger(round: Round): Promise<void> {
  const { environment, task } = round;
  return writeJson(runFolder.ledger(environment.runDir, task.round), readCounts(round), { durable: false });
}
