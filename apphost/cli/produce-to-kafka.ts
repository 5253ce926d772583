/**
 * `produce --kafka`: the producer alone, on any Kafka. It ends with rate and latency to the acknowledgement; its ledger says
 * what was acknowledged, and stays.
 *
 * K1 The exit code is that of what went wrong, and 0 only when every message was acknowledged.
 * K2 Ctrl+C and SIGTERM let the producer settle what is in flight; what was acknowledged by then is told all the same.
 */
import { randomBytes } from "node:crypto";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { ProducerTask } from "../../simulator/common/contract/child/tasks.ts";
import { type Ledger, readLedger } from "../../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { EXIT, exitCodeOfError } from "../exit-code.ts";
import { removeOwn } from "../files/own-files.ts";
import { type KafkaEntry, placeKafkaFiles } from "../kafka-config/kafka-entry.ts";
import { type KafkaFiles, kafkaVariables } from "../model/connection.ts";
import { type HostOptions, partitionsOf } from "../options.ts";
import type { ChildCommand } from "../processes/child-process.ts";
import { ENTRY } from "../processes/entry-point.ts";
import { createRunMark } from "../processes/process-identity.ts";
import { ResourceLog } from "../processes/resource-log.ts";
import { createProgramCommand } from "../resources/own-program.ts";
import { type ProducedTopic, prepareProducedTopic } from "../resources/produced-topic.ts";
import { topicLoadOf } from "../resources/topic-settings.ts";
import { createProducedFolder, type ProducedFolder, removeOldProduced } from "../run/produced-folder.ts";
import { createRunConfig } from "../run/run-config.ts";
import { formatCount, formatRate } from "../snapshot/format.ts";
import { PRODUCER, type ProducerEnd, runProducer } from "./producer-process.ts";
import { computeResult, formatResult } from "./production-result.ts";
import { noteLongWait, type Terminal } from "./terminal.ts";

export interface Production {
  readonly base: string;
  readonly entry: KafkaEntry;
  readonly topic: string;
  readonly mayCreate: boolean;
  readonly ui: "plain" | "json" | "quiet";
  /** Those of a run that would produce the same. */
  readonly options: HostOptions;
}

const TOKEN_BYTES = 24;
const ROUND = 1;
const FIRST_ID = 1;
const TELL_INTERVAL_MS = 2_000;

export async function runProduceToKafka(production: Production, terminal: Terminal): Promise<number> {
  const ending = listenForSignals();
  try {
    const topic = await prepareTopic(production, ending.signal, terminal);
    return await produceInto(production, topic, ending, terminal);
  } catch (error) {
    // Nothing was sent yet, and what the wait for Kafka says of its end is the signal.
    if (ending.signal.aborted) return ending.exitCode();
    throw error;
  } finally {
    ending.close();
  }
}

interface Ending {
  readonly signal: AbortSignal;
  exitCode(): number;
  close(): void;
}

/** K2. */
function listenForSignals(): Ending {
  const stopping = new AbortController();
  let exitCode: number = EXIT.terminated;
  const end = (signal: NodeJS.Signals) => {
    if (signal === "SIGINT") exitCode = EXIT.interrupted;
    stopping.abort(createError("ASKED_TO_STOP", { signal }));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  const close = () => {
    for (const signal of signals) process.removeListener(signal, end);
  };
  return { signal: stopping.signal, exitCode: () => exitCode, close };
}

function prepareTopic(production: Production, signal: AbortSignal, terminal: Terminal): Promise<ProducedTopic> {
  const { entry, topic, mayCreate, options } = production;
  const { configFile, ignored } = entry;
  if (ignored.length > 0) terminal.note(`of ${configFile} are not used: ${ignored.join(", ")}`);
  const prepared = prepareProducedTopic({
    kafka: entry.access,
    topic,
    mayCreate,
    partitions: options.partitions,
    partitionsDefault: partitionsOf(options),
    loadOf: (partitions) => topicLoadOf(options, partitions),
    signal,
  });
  // Each contact has a deadline of its own.
  const words = { what: `the answer of Kafka, and topic ${topic}`, deadlineMs: null };
  return tellLongWait(prepared, words, production.ui === "quiet" ? () => undefined : noteLongWait(terminal));
}

async function produceInto(
  production: Production,
  topic: ProducedTopic,
  ending: Ending,
  terminal: Terminal,
): Promise<number> {
  const { base, ui, options } = production;
  const folder = createProducedFolder(base);
  for (const problem of removeOldProduced(base)) terminal.note(problem);
  const files = await placeKafkaFiles(production.entry, folder.path);
  const log = new ResourceLog(runFolder.log(folder.path, PRODUCER), (work) => work());
  let end: ProducerEnd;
  try {
    end = await runProducer({
      command: createCommand(production, topic, folder, files),
      log,
      stopping: ending.signal,
      onProgress: ui === "plain" ? createProgress(options.messages, terminal) : () => undefined,
      note: (text) => terminal.note(`producer: ${text}`),
    });
  } finally {
    log.close();
    const problem = files === null ? null : removeOwn(files.security);
    if (problem !== null) terminal.note(problem);
  }
  return concludeProduction({ production, topic, folder, exitCode: judgeEnd(end, ending, terminal) }, terminal);
}

/** K1. Says what was in the way. */
function judgeEnd(end: ProducerEnd, ending: Ending, terminal: Terminal): number {
  switch (end.kind) {
    case "finished":
      return EXIT.passed;
    case "stopped":
      return ending.exitCode();
    case "failed":
      terminal.note(`flink-apphost: ${describeError(end.error)}`);
      return exitCodeOfError(end.error);
    default:
      return unreachable(end);
  }
}

interface Conclusion {
  readonly production: Production;
  readonly topic: ProducedTopic;
  readonly folder: ProducedFolder;
  readonly exitCode: number;
}

/** A production that was ended before its ledger existed has sent nothing, and leaves nothing. */
async function concludeProduction(conclusion: Conclusion, terminal: Terminal): Promise<number> {
  const { production, topic, folder, exitCode } = conclusion;
  const { options, ui } = production;
  const ledgerPath = runFolder.ledger(folder.path, ROUND);
  const ledger: Ledger | undefined = await readJson(ledgerPath, readLedger);
  if (ledger === undefined) {
    const problem = removeOwn(folder.path);
    if (problem !== null) terminal.note(problem);
    return exitCode;
  }
  const { compression, rate } = options;
  const facts = { topic: production.topic, ...topic, compression, rate, exitCode, ledgerPath };
  const result = computeResult(ledger, facts);
  const lines = ui === "json" ? [JSON.stringify(result)] : formatResult(result);
  for (const line of lines) await terminal.write(line);
  return exitCode;
}

/** As a host starts it, without a Redis and a JobManager. */
function createCommand(
  production: Production,
  topic: ProducedTopic,
  folder: ProducedFolder,
  files: KafkaFiles | null,
): ChildCommand {
  const { options, entry } = production;
  const { partitions } = topic;
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const mark = createRunMark(folder.path, { runId: folder.id, token });
  const run = { runDir: folder.path, mark, clock: startRunClock(), token, options };
  const stickyIds = chooseStickyIds({ ...options, partitions });
  const config = { ...createRunConfig({ options, runId: folder.id }), partitions, stickyIds };
  const { messages, rate } = options;
  const task: ProducerTask = { round: ROUND, firstId: FIRST_ID, messages, rate };
  const { env, ...command } = createProgramCommand(PRODUCER, ENTRY.producer, { run, config, connections: null }, task);
  const security = files === null ? {} : { [ENV.kafkaSecurity]: files.security };
  return { ...command, env: { ...env, ...kafkaVariables(entry.access.bootstrap, files), ...security } };
}

/** A line each two seconds, for a person. */
function createProgress(messages: number, terminal: Terminal): (acknowledged: number) => void {
  let before = { atMs: performance.now(), acknowledged: 0 };
  return (acknowledged) => {
    const atMs = performance.now();
    if (atMs - before.atMs < TELL_INTERVAL_MS) return;
    const perSecond = ((acknowledged - before.acknowledged) * 1_000) / (atMs - before.atMs);
    const share = Math.floor((acknowledged * 100) / messages);
    terminal.note(
      `produced ${formatCount(acknowledged)} of ${formatCount(messages)} (${share}%), ${formatRate(perSecond)}`,
    );
    before = { atMs, acknowledged };
  };
}
