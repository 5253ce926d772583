/**
 * The host of one run, from its options to its exit code.
 *
 *   starting → round 1 → [idle ⇄ further rounds] → (concluding) → taking down → ended
 *
 * H1 Exactly one verdict per round, and one for a run that ended otherwise; its exit code is the host's, and no other: what
 *    goes wrong behind it is a notice. Without a verdict a host that was to end with one has not passed.
 * H2 An interrupt while starting or in a round ends the run: what is there is validated, and the report says interrupted.
 *    While idle it is an orderly leave, with the last verdict's code. A second one kills everything at once.
 * H3 Whatever happened, what was started is taken down, dependents first, before the host ends: the producer, the job
 *    with its final checkpoint, then the processes, each step waiting for whole process groups.
 */
import type { ProgressEvent, RunPhase, VerdictEvent } from "../../simulator/common/contract/events.ts";
import type { RunEnding } from "../../simulator/common/contract/files/host-facts.ts";
import type { WarmUpFacts } from "../../simulator/common/contract/files/report.ts";
import { present } from "../../simulator/common/foundation/assert.ts";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { formatAmount } from "../../simulator/common/foundation/figures.ts";
import { followItems } from "../control/follow.ts";
import { CAPABILITIES, type CheckpointAnswer, type ControlRequest, type ResourceAnswer } from "../control/protocol.ts";
import type { ItemSink } from "../control/server.ts";
import { SnapshotStream } from "../control/snapshot-stream.ts";
import { EXIT } from "../exit-code.ts";
import { checkMessageIds } from "../message-ids.ts";
import type { Application } from "../model/application.ts";
import type { HostDescription } from "../model/description.ts";
import type { HostOptions, Verb } from "../options.ts";
import { readPackageVersion } from "../package-version.ts";
import type { ChosenDrivers } from "../resources/driver-choice.ts";
import { describeIdle, describeOutsideEnd, isStoppable, type JobView } from "../run/job-view.ts";
import type { Load } from "../run/progress.ts";
import { type ProgressTicker, startProgressTicker } from "../run/progress-ticker.ts";
import { openRun, type RunContext } from "../run/run-context.ts";
import { checkEmbeddedMemory } from "../topic-size.ts";
import { describeResources } from "./description.ts";
import { createResourceControl, type ResourceControl } from "./resource-control.ts";
import { countTopic, type Round, runRound, stopJob, waitForMetrics } from "./rounds.ts";
import { stopInReverse, stopTogether } from "./stop.ts";
import { System } from "./system.ts";
import { areServersAnswering, createBareVerdict, reachVerdict } from "./verdict.ts";
import { warmUpKafka } from "./warm-up.ts";

const PRODUCER_STOP_MS = 5_000;
const EARLY_STOP_MS = 15_000;
/** Why there is no further round. */
const IS_STARTING = { kind: "failed", reason: "it is still starting" } satisfies ResourceAnswer & CheckpointAnswer;
const describeEnded = (job: JobView): string =>
  `its job was ${describeOutsideEnd(job)}; end it with down, and start a new one with up`;

interface ProduceRequest {
  readonly messages: number;
  /** Of its round. */
  readonly rate: number;
  readonly answer: PromiseWithResolvers<VerdictEvent>;
}

export interface HostParts {
  readonly options: HostOptions;
  readonly application: Application;
  readonly drivers: ChosenDrivers;
  /** When a user began to wait for it, by `performance.now()`: 0 is the start of this process. */
  readonly startedAtMs: number;
  /** Gets a copy of the report's text; null: none. */
  readonly textFolder: string | null;
}

export class Host {
  readonly run: RunContext;
  readonly #system: System;
  readonly #resourceControl: ResourceControl;
  readonly #drivers: ChosenDrivers;
  readonly #options: HostOptions;
  readonly #textFolder: string | null;
  readonly #progress: ProgressTicker;
  readonly #stream: SnapshotStream;
  readonly #rounds: Round[] = [];
  readonly #queue: ProduceRequest[] = [];
  /** Of the round that is open, if somebody asked for it. */
  #asker: ProduceRequest["answer"] | null = null;
  #isStopping = false;
  #isWorkEnded = false;
  #stopRequests = 0;
  #verdict: VerdictEvent | null = null;
  /** The reason that the newest verdict takes into account. */
  #settledReason: RunEnding | null = null;
  #startupMs: number | null = null;
  #warmUp: WarmUpFacts | null = null;
  #phase: RunPhase = "starting";
  #figures: ProgressEvent | null = null;
  /** Wakes the idle host. */
  #wake: () => void = () => undefined;

  constructor(verb: Verb, { options, application, drivers, startedAtMs, textFolder }: HostParts) {
    this.#options = options;
    this.#drivers = drivers;
    this.#textFolder = textFolder;
    this.run = openRun(verb, options, startedAtMs);
    this.#system = new System(this.run, application, drivers);
    this.#stream = new SnapshotStream(this.run.feed, () => this.run.clock.nowUs());
    this.run.feed.subscribe((event) => {
      if (event.type === "phase") this.#phase = event.phase;
      if (event.type === "progress") this.#figures = event;
    });
    this.#progress = startProgressTicker(this.run, () => this.#load());
    this.#resourceControl = createResourceControl(this.run, this.#system);
    this.run.ending.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** Runs to the end, and returns the exit code. */
  async execute(): Promise<number> {
    const { run } = this;
    let failure: unknown;
    let usageError: unknown;
    try {
      await this.#start();
      await this.#runFirstRound();
      if (!this.#options.once) await this.#serveRounds();
    } catch (error) {
      failure = error;
      if (isAppError(error) && error.category === "usage" && run.ending.reason === null) usageError = error;
      else if (run.ending.endWithError(error)) run.notice("error", "host", describeError(error));
    }
    if (usageError !== undefined) this.#settle(EXIT.usage, describeError(usageError));
    else if (this.#needsConclusion()) await this.#conclude();
    // Nothing was produced, and nothing can be any more.
    else if (this.#verdict === null && run.seen.isJobCancelled)
      this.#settle(EXIT.job, `the job was ${describeOutsideEnd(run.seen.job)}`, "interrupted");
    this.#progress.stop();
    // Without effect when the conclusion has answered.
    if (failure !== undefined) this.#asker?.reject(failure);
    const problems = await this.#takeDown();
    return this.#verdict?.exitCode ?? this.#exitCodeWithoutVerdict(problems);
  }

  /** Only a host that stays may be left before there is anything to judge: what it left behind is then all that counts. */
  #exitCodeWithoutVerdict(problems: readonly string[]): number {
    return this.#options.once || problems.length > 0 ? EXIT.unexpected : EXIT.passed;
  }

  /** Ctrl+C, SIGTERM, `q` or `down`. */
  requestStop(signal: "SIGINT" | "SIGTERM"): void {
    this.#stopRequests += 1;
    if (this.#stopRequests > 1 && signal === "SIGINT") {
      this.killAll();
      return;
    }
    if (this.#stopRequests === 1) this.run.feed.emit({ type: "stopRequested", signal });
    this.#isStopping = true;
    if (this.run.seen.isRoundOpen) this.run.ending.end({ kind: "interrupted", signal });
    this.#wake();
  }

  /** The watchdog does the rest once this process is gone. */
  killAll(): void {
    for (const supervisor of this.#system.supervisors.values()) supervisor.kill();
    this.run.leave();
    process.exit(EXIT.interrupted);
  }

  /** By which programs reach the servers, and the user's own programs. */
  variables(): Readonly<Record<string, string>> {
    if (this.#startupMs === null) refuseRequest("env", "it is still starting");
    return this.#system.variables();
  }

  /** Queues a round; settles with its verdict. Throws CONTROL_REFUSED where none can be. */
  async produce(
    { messages, rate }: { readonly messages: number; readonly rate: number },
    accept: (detail: string) => void,
  ): Promise<VerdictEvent> {
    const refuse = (reason: string) => refuseRequest("produce", reason);
    if (this.run.seen.isJobCancelled) refuse(describeEnded(this.run.seen.job));
    if (this.#isStopping || this.run.ending.reason !== null) refuse("it is ending");
    if (this.#options.once) refuse("it ends with its verdict; start one with plain `up`");
    if (!this.#system.config.ownTopic) refuse("it counts somebody else's topic, and never writes to it");
    if (!Number.isSafeInteger(rate) || rate < 0) refuse("its rate is not a whole number from 0");
    const total = this.#requested() + messages;
    checkMessageIds(total);
    if (this.#drivers.kafka.mode === "embedded") checkEmbeddedMemory(this.#options, total);
    const answer = Promise.withResolvers<VerdictEvent>();
    this.#queue.push({ messages, rate: rate === 0 ? this.#options.rate : rate, answer });
    const turn = describeTurn(this.#queue.length - 1, this.run.seen.isRoundOpen);
    accept(`${turn}; ${describeCoverage([...this.#rounds, ...this.#queue])}`);
    this.#wake();
    return answer.promise;
  }

  async handleRequest(request: ControlRequest, accept: (detail: string) => void, sink: ItemSink): Promise<unknown> {
    switch (request.request) {
      case "start":
      case "stop":
      case "restart":
      case "kill":
      case "pause":
      case "resume":
      case "scale":
        return this.#startupMs === null ? IS_STARTING : this.#resourceControl.handle(request, accept);
      case "checkpoint":
        return this.#startupMs === null ? IS_STARTING : this.#resourceControl.takeCheckpoint(accept);
      case "env":
        return this.variables();
      case "describe":
        return this.#describe(request.showSecrets);
      case "follow":
        await followItems({ feed: this.run.feed, read: () => this.#describeResources(request.showSecrets), sink });
        return {};
      case "watch":
        await this.#stream.serve(sink);
        return {};
      case "down":
        accept("stopping");
        this.requestStop("SIGTERM");
        return {};
      case "ping":
        return {};
      case "produce":
        return this.produce(request, accept);
    }
  }

  async #start(): Promise<void> {
    const { run } = this;
    this.#emitPhase("infrastructure", "");
    await this.#system.start();
    this.#startupMs = Math.round((run.clock.nowUs() - run.startedAtUs) / 1_000);
    // Flink does not tell who has which partition.
    const idle = this.#system.flink === null ? describeIdle(run.seen.job) : "";
    this.#emitPhase("job", `RUNNING after ${this.#startupMs} ms${idle}`);
  }

  async #runFirstRound(): Promise<void> {
    const endOffsets = this.#system.topic?.endOffsets ?? null;
    if (endOffsets !== null) await this.#finishRound(() => countTopic(this.run, this.#system, endOffsets));
    else if (this.#options.messages > 0) {
      await this.#warmUpKafka();
      await this.#runRound(this.#options);
    }
  }

  async #warmUpKafka(): Promise<void> {
    const { warmUp } = this.#options;
    if (warmUp === null) return;
    this.#warmUp = await warmUpKafka(this.run, this.#system, warmUp);
    this.run.ending.signal.throwIfAborted();
  }

  async #runRound({ messages, rate }: Pick<Round, "messages" | "rate">): Promise<VerdictEvent> {
    const firstId = this.#rounds.reduce((next, round) => next + round.messages, 1);
    const round: Round = { round: this.#rounds.length + 1, firstId, messages, rate };
    this.#rounds.push(round);
    return this.#finishRound(() => runRound(this.run, this.#system, round));
  }

  async #finishRound(work: () => Promise<{ readonly checkpointId: number }>): Promise<VerdictEvent> {
    this.run.seen.isRoundOpen = true;
    this.run.seen.isRoundDrained = false;
    let { checkpointId } = await work();
    const { signal } = this.run.ending;
    if (this.#options.once) {
      await this.#resourceControl.endPauses();
      ({ checkpointId } = await stopJob(this.run, this.#system, { signal }));
    }
    await waitForMetrics(this.run, this.#system, checkpointId);
    return this.#reachVerdict({ kind: "drained" });
  }

  async #reachVerdict(ending: RunEnding): Promise<VerdictEvent> {
    this.#progress.tell();
    const verdict = await reachVerdict({
      run: this.run,
      system: this.#system,
      rounds: this.#rounds,
      startupMs: this.#startupMs,
      warmUp: this.#warmUp,
      textFolder: this.#textFolder,
      ending,
      onSettled: () => {
        this.run.seen.isRoundOpen = false;
        this.#settledReason = this.run.ending.reason;
      },
    });
    this.#verdict = verdict;
    return verdict;
  }

  /** Idle, and one queued round after the other, until somebody asks to stop or the run ends. */
  async #serveRounds(): Promise<void> {
    const { ending } = this.run;
    this.run.seen.isRoundOpen = false;
    while (!this.#isStopping && ending.reason === null) {
      const request = this.#queue.shift();
      if (request === undefined) {
        this.#emitPhase("idle", "");
        this.run.sampler.setPace("idle");
        await this.#sleepUntilWoken();
        this.run.sampler.setPace("busy");
      } else if (this.run.seen.isJobCancelled) {
        const reason = describeEnded(this.run.seen.job);
        request.answer.reject(createError("CONTROL_REFUSED", { request: "produce", reason }));
      } else {
        this.#asker = request.answer;
        request.answer.resolve(await this.#runRound(request));
        this.#asker = null;
      }
    }
  }

  #sleepUntilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#isStopping || this.#queue.length > 0 || this.run.ending.reason !== null) resolve();
    });
  }

  /** Messages of all rounds, the queued ones included. */
  #requested(): number {
    return sumMessages([...this.#rounds, ...this.#queue]);
  }

  #load(): Load {
    const { topic } = this.#system;
    if (topic == null || topic.endOffsets === null) return { kind: "produced", requested: this.#requested() };
    return { kind: "counted", startOffsets: topic.startOffsets, endOffsets: topic.endOffsets };
  }

  /** False when a verdict says it already: that of the round in which it happened, or of a run that ends with it. */
  #needsConclusion(): boolean {
    const { reason } = this.run.ending;
    const isDecided = this.#options.once && this.#verdict !== null;
    return reason !== null && reason !== this.#settledReason && !isDecided;
  }

  /** The run ends for a reason: no more messages, the job stopped as far as it goes, and the verdict on what is there. */
  async #conclude(): Promise<void> {
    const { run } = this;
    const reason = present(run.ending.reason, "the reason of the end");
    this.#isStopping = true;
    this.#emitPhase("stopping", reason.kind);
    await this.#endWork();
    const verdict = await this.#reachVerdict(reason);
    // A round that was cut short has this verdict, and whoever asked for it gets its code.
    this.#asker?.resolve(verdict);
  }

  /** Once: no more commands and messages, and the job's final checkpoint, as far as it can still be had. */
  async #endWork(): Promise<void> {
    const { run } = this;
    await this.#resourceControl.close();
    if (this.#isWorkEnded) return;
    this.#isWorkEnded = true;
    const producer = this.#system.supervisors.get("producer");
    if (producer !== undefined) await stopTogether([producer], PRODUCER_STOP_MS, (event) => run.feed.emit(event));
    const jobManager = this.#system.supervisors.get("jobmanager");
    const canStop = isStoppable(run.seen.job) && jobManager?.isHalted === false && jobManager.failure === null;
    if (!canStop || !(await areServersAnswering(this.#system))) return;
    try {
      const { checkpointId } = await stopJob(run, this.#system, { deadlineMs: EARLY_STOP_MS });
      await waitForMetrics(run, this.#system, checkpointId);
    } catch (error) {
      // The validator then reads a job that may still move; its prefix is below the offsets it reads.
      run.notice("warn", "host", describeError(error));
    }
  }

  /** Without a report: nothing was counted. */
  #settle(exitCode: number, reason: string, word: VerdictEvent["verdict"] = "failed"): void {
    const verdict = createBareVerdict(this.run, { verdict: word, exitCode, reason });
    this.#verdict = verdict;
    this.run.feed.emit(verdict);
  }

  async #takeDown(): Promise<string[]> {
    const { run } = this;
    this.#isStopping = true;
    this.run.seen.isRoundOpen = false;
    this.#emitPhase("stopping", "taking down");
    const reason = run.seen.isJobCancelled ? describeEnded(run.seen.job) : "it is ending";
    for (const { answer } of this.#queue.splice(0)) {
      answer.reject(createError("CONTROL_REFUSED", { request: "produce", reason }));
    }
    await this.#endWork();
    await this.#system.flink?.close();
    const { application, supervisors } = this.#system;
    const problems = await stopInReverse(application, supervisors, (event) => run.feed.emit(event));
    problems.push(...(await this.#releaseServers()));
    for (const problem of problems) run.notice("error", "host", problem);
    this.#emitPhase("ended", "");
    return problems;
  }

  /** Containers go when their processes have ended. Nothing is left to look for then, which the watchdog is told. */
  async #releaseServers(): Promise<readonly string[]> {
    const { kafka, redis } = this.#drivers;
    const { runId } = this.run;
    const left = await Promise.all([...new Set([kafka, redis])].map((driver) => driver.release?.(runId) ?? []));
    if (left.flat().length === 0) this.run.recordEngine(null);
    return left.flat();
  }

  #describe(showSecrets: boolean): HostDescription {
    const { run } = this;
    const { config, infrastructure, topic } = this.#system;
    return {
      runId: run.runId,
      runDir: run.runDir,
      command: run.verb,
      version: readPackageVersion(),
      hostPid: process.pid,
      startedAt: run.state.startedAt,
      phase: this.#phase,
      capabilities: CAPABILITIES,
      infrastructure,
      job: { id: config.jobId, name: config.jobName, state: run.seen.job.state, metrics: run.seen.flink?.job ?? null },
      topic: { name: config.topic, partitions: topic?.partitions ?? null, own: config.ownTopic },
      rounds: this.#rounds,
      progress: this.#figures,
      verdict: this.#verdict,
      resources: this.#describeResources(showSecrets),
    };
  }

  readonly #describeResources = (showSecrets: boolean) => describeResources(this.run, this.#system, showSecrets);

  #emitPhase(phase: RunPhase, detail: string): void {
    this.run.feed.emit({ type: "phase", phase, detail });
  }
}

/** For the terminal that asked, which then waits. */
function describeTurn(requestsAhead: number, isRoundOpen: boolean): string {
  const ahead = [
    ...(isRoundOpen ? ["the open round"] : []),
    ...(requestsAhead === 0 ? [] : [`${requestsAhead} more ${requestsAhead === 1 ? "request" : "requests"}`]),
  ];
  return ahead.length === 0 ? "the round begins" : `the round begins after ${ahead.join(" and ")}`;
}

/** A verdict covers all rounds, so whoever asks for a second one is told what it will count. */
function describeCoverage(rounds: readonly { readonly messages: number }[]): string {
  if (rounds.length === 1) return "its verdict comes at its end";
  return `its verdict covers all ${rounds.length} rounds, ${formatAmount(sumMessages(rounds), "message")}`;
}

const sumMessages = (rounds: readonly { readonly messages: number }[]): number =>
  rounds.reduce((sum, { messages }) => sum + messages, 0);

function refuseRequest(request: string, reason: string): never {
  throw createError("CONTROL_REFUSED", { request, reason });
}
