/**
 * Our own programs as resources: JobManager, TaskManagers, FlinkJobSimulator, producer, validator, report, and the
 * embedded servers. Each runs from its entry point with the run's environment, and says "ready" on its channel.
 */
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { type Connections, connectionVariables } from "../model/connection.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import { findCompileCacheFolder } from "../package-version.ts";
import { type ChildCommand, describeExit, type RunningChild, startChildProcess } from "../processes/child-process.ts";
import { entryPoint } from "../processes/entry-point.ts";
import { markVariables, type RunMark } from "../processes/process-identity.ts";
import type { Judgement, Launch, ProcessEnd, ResourcePlan } from "../processes/resource-plan.ts";
import type { RunContext } from "../run/run-context.ts";

/** Generous: twenty processes start at once, perhaps on two busy cores. */
const READY_MS_MAX = 120_000;

/**
 * Twenty processes on few cores only get in each other's way with helper threads of the garbage collector. Type feedback
 * from the first call on lets a hot loop be compiled once, and well. A young generation of 1 MB suffices for programs
 * that make no object per record. What each of them saves stands in scripts/bench/README.md.
 */
const NODE_FLAGS = ["--single-threaded-gc", "--no-lazy-feedback-allocation", "--max-semi-space-size=1"];

/**
 * At full speed the compiler's helper threads are in the way, too. With a rate there is time enough, and a compilation of
 * 50 ms on the main thread would be what the slowest messages waited for.
 */
export const chooseNodeFlags = ({ options }: { options: Pick<RunFacts["options"], "rate"> }): readonly string[] =>
  options.rate === 0 ? [...NODE_FLAGS, "--no-concurrent-recompilation"] : NODE_FLAGS;

export interface ProgramEnvironment {
  readonly run: Pick<RunContext, "runDir" | "mark" | "clock" | "token" | "options">;
  readonly config: RunConfig;
  /** null for the servers themselves, which connect to nobody. */
  readonly connections: Connections | null;
}

export function createProgramCommand(
  resource: string,
  entry: string,
  environment: ProgramEnvironment,
  task: object | null,
): ChildCommand {
  const { env, ...command } = createEarlyCommand(resource, entry, environment.run);
  return { ...command, env: { ...env, ...createLateVariables({ ...environment, task }) } };
}

type RunFacts = ProgramEnvironment["run"];

/** All but the late variables. */
function createEarlyCommand(resource: string, entry: string, run: RunFacts): ChildCommand {
  return {
    command: process.execPath,
    args: [...chooseNodeFlags(run), entryPoint(entry)],
    env: {
      NODE_COMPILE_CACHE: findCompileCacheFolder(),
      ...inheritedVariables(),
      ...(usesTls(run) ? {} : { NODE_EXTRA_CA_CERTS: "" }),
      ...createRunVariables(resource, run),
    },
    input: null,
    hasChannel: true,
  };
}

const createRunVariables = (resource: string, run: RunFacts): Record<string, string> => ({
  ...markVariables(run.mark),
  [ENV.runDir]: run.runDir,
  [ENV.resource]: resource,
  [ENV.clock]: run.clock.pair,
  [ENV.token]: run.token,
});

/** What one of our programs gets from us, beside the user's own variables and its task. */
export const describeProgramVariables = (
  resource: string,
  environment: ProgramEnvironment,
): Record<string, string> => ({
  ...createRunVariables(resource, environment.run),
  ...createLateVariables({ ...environment, task: null }),
});

/** Each process would read and parse the user's certificates, a fifth of the time to load a TaskManager, for nothing. */
const usesTls = ({ options }: RunFacts): boolean => options.redis?.tls === true || options.kafkaConfig !== null;

/** What is certain only when all that a program waits for is reached. */
function createLateVariables({ config, connections, task }: LateEnvironment): Record<string, string> {
  return {
    ...(connections === null ? {} : connectionVariables(connections)),
    ...(connections?.kafkaFiles == null ? {} : { [ENV.kafkaSecurity]: connections.kafkaFiles.security }),
    [ENV.config]: JSON.stringify(config),
    ...(task === null ? {} : { [ENV.task]: JSON.stringify(task) }),
  };
}

/** For programs that are not ours. The run's mark lets the sweep find them. */
export const createForeignEnvironment = (mark: RunMark, inherited = inheritedVariables()): Record<string, string> => ({
  ...inherited,
  ...markVariables(mark),
});

/** The user's variables without our options, which may hold a password, and without names that we set ourselves. */
function inheritedVariables(): Record<string, string> {
  const own = /^(FLINK_APPHOST_|SIMULATOR_|ConnectionStrings__|KAFKA_(?!HOME$)|REDIS_|JOBMANAGER_|DOTNET_)/;
  const entries = Object.entries(process.env).filter(([name, value]) => value !== undefined && !own.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

export interface LateEnvironment extends Pick<ProgramEnvironment, "config" | "connections"> {
  readonly task: object | null;
}

export interface ProgramOptions {
  readonly declaration: ResourceDeclaration;
  readonly run: RunContext;
  readonly entry: string;
  /** Settles when it may begin; null: it may at once. Asked for at each launch. */
  readonly reached: () => Promise<unknown> | null;
  /** Only called when it may begin, and anew for each life: the task may differ, as a TaskManager's incarnation does. */
  readonly late: (launch: Launch) => Promise<LateEnvironment>;
  readonly endpoint?: () => string | null;
  readonly judge: (end: ProcessEnd) => Judgement;
  readonly onMessage: (message: ChildMessage) => void;
}

/** A resource that is one of our programs. One that may not begin yet is started all the same, and loads its code. */
export function planProgram(options: ProgramOptions): ResourcePlan {
  const { declaration, run } = options;
  const { name } = declaration;
  let ready = Promise.withResolvers<void>();
  const gate = createGate(options.reached);
  let waiting: RunningChild | null = null;
  return {
    declaration,
    isServer: false,
    endpoint: options.endpoint ?? (() => null),
    judge: options.judge,
    async launch(launch) {
      ready = Promise.withResolvers<void>();
      ready.promise.catch(() => undefined);
      launch.signal.addEventListener("abort", () => ready.reject(launch.signal.reason), { once: true });
      run.seen.forgetFailure(name);
      const { resolve } = ready;
      const command = createEarlyCommand(name, options.entry, run);
      const isEarly = !gate.isOpen();
      const env = isEarly ? { [ENV.begin]: "channel" } : createLateVariables(await options.late(launch));
      const child = startChildProcess(
        { ...command, env: { ...command.env, ...env } },
        {
          log: run.logOf(name),
          onSpawn: (identity) => run.recordChild(name, identity),
          onMessage(message) {
            if (message.type === "ready") resolve();
            options.onMessage(message);
          },
        },
      );
      waiting = isEarly ? child : null;
      return child;
    },
    async waitReady(launch) {
      const child = waiting;
      if (child !== null) {
        await Promise.race([gate.opened(), ready.promise]);
        child.send({ type: "begin", variables: createLateVariables(await options.late(launch)) });
      }
      const started = withDeadline(ready.promise, { what: `the start of ${name}`, deadlineMs: READY_MS_MAX });
      // Of the members of a group nobody waits for each: the registration of all is a wait of its own.
      if (declaration.group !== null) return started;
      await run.tellWait({ what: `the start of ${name}`, deadlineMs: READY_MS_MAX }, started);
    },
  };
}

/** Opens when all is reached. When that fails it stays closed: whoever walks the model hears of the failure. */
function createGate(reached: () => Promise<unknown> | null): { isOpen(): boolean; opened(): Promise<void> } {
  const opened = Promise.withResolvers<void>();
  let state: "unasked" | "closed" | "open" = "unasked";
  const open = () => {
    state = "open";
    opened.resolve();
  };
  return {
    isOpen() {
      if (state === "unasked") {
        state = "closed";
        const promise = reached();
        if (promise === null) open();
        else promise.then(open, () => undefined);
      }
      return state === "open";
    },
    opened: () => opened.promise,
  };
}

/** A process that must live as long as the run: whatever its end, it is started again. */
export const alwaysRestart = (): Judgement => "restart";

/**
 * A process with work to do: success is its end, a reason of its own is final, and a crash is repeated. One that had said
 * that its work is done is finished however it ended: what it did is on disk.
 */
export function judgeTask(run: RunContext, name: string, isDone: () => boolean): (end: ProcessEnd) => Judgement {
  return (end) => {
    if (isDone() || (end.exit.kind === "exit" && end.exit.code === 0)) return "finished";
    if (end.exit.kind === "notStarted") return exitError(name, end);
    return run.seen.failureOf(name) ?? "restart";
  };
}

export const exitError = (name: string, end: ProcessEnd) =>
  createError("CHILD_EXITED", { resource: name, how: `with ${describeExit(end.exit)}`, lastLines: end.lastLines });
