/** Carries out one planned fault: waits for its moment, does the harm, and says what came of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { runCli } from "../run-cli.ts";
import type { ChaosServers } from "./chaos-servers.ts";
import type { RunFollower } from "./run-follower.ts";
import type { Fault, Moment, PlannedFault } from "./schedule.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const VERB_DEADLINE_MS = 90_000;
/** Longer than any run. */
const PAUSE_MS_MAX = 600_000;

/** What a fault acts on. */
export interface Scene {
  readonly servers: ChaosServers;
  readonly run: RunFollower;
  /** Where the run was started: verbs find their host from there. */
  readonly cwd: string;
  readonly topic: () => Promise<string>;
  /** Messages of the run, of which moments name a share. */
  readonly messages: number;
  /** Aborts when the run has ended: what has not begun by then does not begin, and what is paused goes on. */
  readonly ended: AbortSignal;
}

export interface Outcome {
  /** Whether harm was done: a run may end before the moment of a fault comes, and a server may be away already. */
  readonly isDone: boolean;
  readonly text: string;
}

const done = (text: string): Outcome => ({ isDone: true, text });
const notDone = (text: string): Outcome => ({ isDone: false, text });

/** Resolves when the harm is over; `begun` is called when it has begun, or will not. */
export async function carryOut({ moment, fault }: PlannedFault, scene: Scene, begun: () => void): Promise<Outcome> {
  try {
    if (!(await waitForMoment(moment, scene))) return notDone("the run ended before");
    return await doHarm(fault, scene, begun);
  } catch (error) {
    // To find or move a leader takes a Kafka that answers, which other faults may prevent.
    return notDone(describeError(error));
  } finally {
    begun();
  }
}

async function waitForMoment({ at, thenMs }: Moment, { run, messages, ended }: Scene): Promise<boolean> {
  const isThere = await run.until(() => {
    switch (at.kind) {
      case "phase":
        return run.hasReached(at.phase);
      case "hold":
        return run.holds;
      case "acknowledged":
      case "processed":
        return (run.progress?.[at.kind] ?? 0) >= (messages * at.percent) / 100;
    }
  }, ended);
  if (!isThere) return false;
  await sleep(thenMs, undefined, { signal: ended }).catch(() => undefined);
  return !ended.aborted;
}

async function doHarm(fault: Fault, scene: Scene, begun: () => void): Promise<Outcome> {
  const { servers, ended } = scene;
  switch (fault.kind) {
    case "kill":
      return tellSignalled("SIGKILL", fault.targets, await signalAll(fault.targets, "SIGKILL", scene));
    case "pause":
      return pauseProcesses(fault.targets, fault.forMs, scene, begun);
    case "killBroker":
    case "pauseBroker":
    case "pauseUntilValidation": {
      const broker = await servers.findBroker(await scene.topic(), fault.broker);
      if (broker === undefined) return notDone("there was no leader");
      if (fault.kind === "killBroker") return killServer(broker, fault.forMs, ended);
      return fault.kind === "pauseBroker"
        ? pauseServer(broker, fault.forMs, ended)
        : pauseUntilValidation(broker, fault.thenMs, scene);
    }
    case "killRedis":
      return killServer(servers.redis, fault.forMs, ended);
    case "pauseRedis":
      return pauseServer(servers.redis, fault.forMs, ended);
    case "cut":
      servers.cut(fault.server);
      return done("cut");
    case "verbs":
      return typeVerbs(fault.commands, scene);
    case "moveLeaders":
      await servers.moveLeaders(await scene.topic(), fault.partitions);
      return done("moved");
  }
}

async function killServer(server: ServerUnderTest, forMs: number, ended: AbortSignal): Promise<Outcome> {
  return (await server.killFor(forMs, ended)) ? done(`killed ${server.name}`) : tellAway(server);
}

function pauseServer(server: ServerUnderTest, forMs: number, ended: AbortSignal): Outcome {
  return server.pauseFor(forMs, ended) ? done(`paused ${server.name}`) : tellAway(server);
}

async function pauseUntilValidation(broker: ServerUnderTest, thenMs: number, { run, ended }: Scene): Promise<Outcome> {
  const awake = new AbortController();
  const outcome = pauseServer(broker, PAUSE_MS_MAX, awake.signal);
  await run.until(() => run.holds, ended);
  await sleep(thenMs, undefined, { signal: ended }).catch(() => undefined);
  awake.abort();
  return outcome;
}

const tellAway = ({ name }: ServerUnderTest): Outcome => notDone(`${name} was away already`);

async function pauseProcesses(
  targets: readonly string[],
  forMs: number,
  scene: Scene,
  begun: () => void,
): Promise<Outcome> {
  const pids = await signalAll(targets, "SIGSTOP", scene);
  begun();
  await sleep(forMs, undefined, { signal: scene.ended }).catch(() => undefined);
  for (const pid of pids) sendSignal(pid, "SIGCONT");
  return tellSignalled("SIGSTOP", targets, pids);
}

/** A process that is starting is waited for; one that the run is done with has none any more. */
async function signalAll(
  targets: readonly string[],
  signal: NodeJS.Signals,
  { run, ended }: Scene,
): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const target of targets) {
    await run.until(() => run.pidOf(target) !== null, ended);
    const pid = run.pidOf(target);
    if (pid !== null && sendSignal(pid, signal)) pids.push(pid);
  }
  return pids;
}

const tellSignalled = (signal: string, targets: readonly string[], pids: readonly number[]): Outcome =>
  (pids.length > 0 ? done : notDone)(`${signal} to ${pids.length} of ${targets.length}`);

/** False when the process had ended by itself. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

/** A verb may be refused, by a host that is ending for example: that is an answer, and is told. */
async function typeVerbs(commands: readonly (readonly string[])[], { cwd, ended }: Scene): Promise<Outcome> {
  const answers: string[] = [];
  for (const command of commands) {
    if (ended.aborted) break;
    const { exitCode, stderr } = await runCli(command, { cwd, deadlineMs: VERB_DEADLINE_MS });
    answers.push(`${command[0]} ended with ${exitCode}${exitCode === 0 ? "" : ` (${stderr.trim()})`}`);
  }
  return (answers.length > 0 ? done : notDone)(answers.join(", "));
}
