/**
 * The warm-up of Kafka: before the clock of the first round starts, made-up messages go through a topic of their own, sent
 * by the producer's own program and read as a TaskManager reads. A JVM that has just started takes two to three times the
 * CPU per message of one that has compiled its code.
 *
 *   topic created → producer and reader ready → messages pass → both ended → topic removed
 *
 * A1 Nothing of it is the run's: topic, folder and processes are its own, and what these say reaches no count of the run.
 * A2 The topic is recorded before it is created, and until it is removed: whatever ends this host, a sweep or a purge
 *    finds it.
 * A3 One that fails is told, here and in the report, and the run goes on. One in whose middle the run ends is left at
 *    once, after its processes have ended and its topic is removed.
 * A4 Each step has a deadline. Both processes are of the run (its mark is in their environment), so what a host leaves
 *    behind of them is swept like any other.
 */
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import type { ProducerTask, WarmUpReaderTask } from "../../simulator/common/contract/child/tasks.ts";
import { readLedger } from "../../simulator/common/contract/files/ledger.ts";
import { describeWarmUp, type WarmUpFacts, type WarmUpOutcome } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { chooseStickyIds } from "../../simulator/common/contract/message.ts";
import { WARM_UP_PRODUCER, WARM_UP_READER, warmUpTopicName } from "../../simulator/common/contract/names.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { readJson } from "../../simulator/common/foundation/json-file.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { makeFolders, removeOwn } from "../files/own-files.ts";
import type { WarmUp } from "../option-values.ts";
import { describeWarmUpOption, type HostOptions } from "../options.ts";
import { type ChildCommand, describeExit, type RunningChild, startChildProcess } from "../processes/child-process.ts";
import { ENTRY } from "../processes/entry-point.ts";
import { createScratchTopic, removeScratchTopic } from "../resources/kafka.ts";
import { createProgramCommand } from "../resources/own-program.ts";
import { topicLoadOf } from "../resources/topic-settings.ts";
import type { RunContext } from "../run/run-context.ts";
import { formatAmount } from "../snapshot/format.ts";
import { warmUpMessages } from "../topic-size.ts";
import { STOP_BUDGET_MS } from "./stop.ts";
import type { System } from "./system.ts";

const ROUND = 1;
const FIRST_ID = 1;
const READY_MS_MAX = 120_000;
const REMOVAL_MS_MAX = 20_000;
const LAST_LINES = 10;

/** What one warm-up works with. */
interface Ground {
  readonly run: RunContext;
  readonly system: System;
  readonly warmUp: WarmUp;
  /** As many as are asked for, or as a time may become. */
  readonly messages: number;
  readonly topic: string;
  /** Files of the producer: it goes when the run's data go, at the latest. */
  readonly folder: string;
  /** Of the run, but for what is the warm-up's own. */
  readonly options: HostOptions;
  readonly config: RunConfig;
}

/** Filled in at the end of the processes, however they came to it. */
interface Passage {
  read: number;
  durationMs: number;
}

/** Never rejects: the caller looks at the run's end. */
export async function warmUpKafka(run: RunContext, system: System, warmUp: WarmUp): Promise<WarmUpFacts> {
  const ground = createGround(run, system, warmUp);
  if (system.infrastructure.kafka.mode === "embedded") {
    run.notice("info", "kafka", "the embedded Kafka has no JVM to warm; --warm-up is done all the same");
  }
  const passage: Passage = { read: 0, durationMs: 0 };
  let outcome: WarmUpOutcome = { kind: "finished" };
  try {
    await passMessages(ground, passage);
  } catch (error) {
    const isOver = run.ending.signal.aborted;
    outcome = isOver ? { kind: "interrupted" } : { kind: "failed", reason: describeError(error) };
  }
  const sent = await readSent(ground);
  const facts = { asked: describeWarmUpOption(warmUp), outcome, sent, ...passage };
  run.notice(outcome.kind === "finished" ? "info" : "warn", "warm-up", describeWarmUp(facts));
  return facts;
}

function createGround(run: RunContext, system: System, warmUp: WarmUp): Ground {
  const { config } = system;
  const { partitions } = config;
  const topic = warmUpTopicName(run.runId);
  const messages = warmUpMessages(run.options, warmUp, system.infrastructure.kafka.mode === "embedded");
  const options = { ...run.options, messages, rate: 0, topic };
  const stickyIds = chooseStickyIds({ ...options, partitions });
  return {
    run,
    system,
    warmUp,
    messages,
    topic,
    folder: runFolder.data(run.runDir, "warm-up"),
    options,
    config: { ...config, topic, rate: 0, stickyIds },
  };
}

/** A2. */
async function passMessages(ground: Ground, passage: Passage): Promise<void> {
  const { run, system, topic, options, config } = ground;
  const { partitions } = config;
  recordTopic(run, topic);
  try {
    await createScratchTopic(system.kafkaAccess(), {
      topic,
      partitions,
      partitionsDefault: partitions,
      loadOf: (count) => topicLoadOf(options, count),
      signal: run.ending.signal,
    });
    await runProcesses(ground, passage);
  } finally {
    await removeTopic(ground);
  }
}

function recordTopic({ state, updateState }: RunContext, warmUpTopic: string | null): void {
  if (state.evidence !== null) updateState({ evidence: { ...state.evidence, warmUpTopic } });
}

/** Also when the run ends: its signal does not cut this short. What could not be removed stays recorded. */
async function removeTopic({ run, system, topic }: Ground): Promise<void> {
  try {
    const log = createLog((line) => run.logOf("kafka").write(line));
    const request = { kafka: system.kafkaAccess(), topic, deadlineMs: REMOVAL_MS_MAX, log };
    const words = { what: `the removal of topic ${topic}`, deadlineMs: REMOVAL_MS_MAX };
    await run.tellWait(words, removeScratchTopic(request));
    recordTopic(run, null);
  } catch (error) {
    const isOurs = run.options.kafka === null;
    const later = isOurs ? "it goes with the broker" : `flink-apphost down --purge ${run.runId} removes it`;
    run.notice("warn", "warm-up", `topic ${topic} is still there, and ${later}: ${describeError(error)}`);
  }
}

async function runProcesses(ground: Ground, passage: Passage): Promise<void> {
  const { run, messages } = ground;
  makeFolders(ground.folder);
  const startProcess = (name: string, entry: string, task: object) =>
    new WarmUpProcess(run, name, createCommand(ground, name, entry, task));
  const readerTask: WarmUpReaderTask = { messages };
  const producerTask: ProducerTask = { round: ROUND, firstId: FIRST_ID, messages, rate: 0 };
  const reader = startProcess(WARM_UP_READER, ENTRY.warmUpReader, readerTask);
  const producer = startProcess(WARM_UP_PRODUCER, ENTRY.producer, producerTask);
  let startedMs = performance.now();
  try {
    await awaitReady(run, [reader, producer]);
    startedMs = performance.now();
    await awaitPassage(ground, Promise.all([producer.done, reader.done]));
  } finally {
    passage.durationMs = Math.round(performance.now() - startedMs);
    const words = { what: "the end of the warm-up's producer and reader", deadlineMs: STOP_BUDGET_MS };
    await run.tellWait(words, Promise.all([producer.stop(), reader.stop()]));
    passage.read = reader.read;
  }
}

function awaitReady(run: RunContext, processes: readonly WarmUpProcess[]): Promise<unknown> {
  const limit = { what: "the start of the warm-up's producer and reader", deadlineMs: READY_MS_MAX };
  run.feed.emit({ type: "waiting", for: limit.what, waitedMs: 0, deadlineMs: limit.deadlineMs });
  // One that fails is not ready, and its reason is better than a deadline.
  const ready = Promise.all(processes.map((process) => Promise.race([process.ready, process.done])));
  return run.tellWait(limit, withDeadline(ready, { ...limit, signal: run.ending.signal }));
}

/** By the last message or, with a time, by that: then what is under way is left. */
async function awaitPassage({ run, warmUp, messages, topic }: Ground, passed: Promise<unknown>): Promise<void> {
  const { signal } = run.ending;
  const isTimed = warmUp.kind === "duration";
  const deadlineMs = isTimed ? warmUp.durationMs : run.options.maxTimeMs;
  const amount = isTimed ? "made-up messages" : formatAmount(messages, "made-up message");
  const what = `the warm-up of Kafka by ${amount} through topic ${topic}`;
  run.feed.emit({ type: "waiting", for: what, waitedMs: 0, deadlineMs });
  try {
    await run.tellWait({ what, deadlineMs }, withDeadline(passed, { what, deadlineMs, signal }));
  } catch (error) {
    const isTimeOver = isAppError(error) && error.code === "DEADLINE_EXCEEDED";
    if (!isTimed || !isTimeOver) throw error;
  }
}

/** A1: the same programs and settings, on another topic and in another folder. */
function createCommand(ground: Ground, resource: string, entry: string, task: object): ChildCommand {
  const { run, system, config, options, folder } = ground;
  const { mark, clock, token } = run;
  const facts = { runDir: folder, mark, clock, token, options };
  return createProgramCommand(resource, entry, { run: facts, config, connections: system.connections() }, task);
}

/** What Kafka acknowledged, by the producer's own ledger; one that never began has none. */
async function readSent({ run, folder }: Ground): Promise<number> {
  try {
    return (await readJson(runFolder.ledger(folder, ROUND), readLedger))?.acknowledged ?? 0;
  } catch (error) {
    run.notice("warn", "warm-up", describeError(error));
    return 0;
  } finally {
    const problem = removeOwn(folder);
    if (problem !== null) run.notice("warn", "warm-up", problem);
  }
}

/** One of the two. It is not started again: a warm-up that loses one has failed. */
class WarmUpProcess {
  /** Of the reader. */
  read = 0;
  readonly ready: Promise<void>;
  /** Rejects unless its work is done. */
  readonly done: Promise<void>;
  readonly #child: RunningChild;
  readonly #name: string;
  readonly #ready = Promise.withResolvers<void>();
  /** What it says is in its way. */
  #said: string | null = null;

  constructor(run: RunContext, name: string, command: ChildCommand) {
    this.#name = name;
    this.ready = this.#ready.promise;
    this.#child = startChildProcess(command, {
      log: run.logOf(name),
      onSpawn: (identity) => run.recordChild(name, identity),
      onMessage: (message) => this.#take(run, message),
    });
    this.done = this.#awaitEnd();
    // Whoever stops it does not wait for its work.
    this.done.catch(() => undefined);
  }

  /** Its last words are here when this settles. */
  async stop(): Promise<void> {
    await this.#child.stop(STOP_BUDGET_MS);
    await this.#child.exited;
  }

  #take(run: RunContext, message: ChildMessage): void {
    if (message.type === "ready") this.#ready.resolve();
    else if (message.type === "notice") run.notice(message.level, this.#name, message.text);
    else if (message.type === "failed") this.#said = message.message;
    else if (message.type === "warmUpRead") this.read = message.messages;
  }

  async #awaitEnd(): Promise<void> {
    const exit = await this.#child.exited;
    if (exit.kind === "exit" && exit.code === 0) return;
    const how = this.#said === null ? `with ${describeExit(exit)}` : `because of this: ${this.#said}`;
    const lastLines = this.#said === null ? this.#child.newestLines(LAST_LINES) : "";
    throw createError("CHILD_EXITED", { resource: this.#name, how, lastLines });
  }
}
