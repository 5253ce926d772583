/**
 * One container as a server of the run: created once, started again after each death with the data that it has, removed
 * with the run.
 *
 *   (nothing) → created → running → ended → running …        removed by leftovers.ts, by label
 *
 * K1 The container is created by the first launch and never by a later one: its data, and its port, are its own (but K6).
 * K2 A file with secrets is in it before it starts; they stand in no argument, variable or label.
 * K3 Its output is attached before it starts, so no line is missing, and goes to the resource's log.
 * K4 `exited` says what the engine says: exit code, and whether the kernel ended it for want of memory. An engine that
 *    does not answer for 15 s, or knows the container no more, makes it `lost`.
 * K5 One that was paused goes on before it is stopped or killed: some engines refuse to end it otherwise.
 * K6 One without volumes has nothing of its own. Where somebody removed it, another one is created.
 */
import { readFileSync } from "node:fs";
import { PassThrough, type Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import type { ChildExit, ChildHooks, RunningServer } from "../../processes/child-process.ts";
import { createOutputLines, type OutputLines } from "../../processes/output-lines.ts";
import { isPortClash } from "../../processes/ports.ts";
import { createArchive } from "./archive.ts";
import { callEngine, callPatiently, engineMessage, statusOf } from "./calls.ts";
import { type ContainerSpec, formatSpec } from "./container-spec.ts";
import { LABEL } from "./labels.ts";

const LAST_WORDS_MS_MAX = 2_000;
const KILL_MS_MAX = 10_000;
const SETTLE_MS = 500;
const KILLED_CODE = 137;

export interface ContainerServer {
  launch(hooks: ChildHooks): Promise<RunningServer>;
  /** Another plan takes its place: it goes, with its data. */
  discard(): Promise<void>;
}

export function createContainerServer(docker: Docker, spec: ContainerSpec): ContainerServer {
  let container: Docker.Container | null = null;
  const discard = async () => {
    const gone = container;
    container = null;
    if (gone !== null) await removeContainer(gone, spec.name);
  };
  const launch = async (hooks: ChildHooks): Promise<RunningServer> => {
    const isFirst = container === null;
    container ??= await createContainer(docker, spec);
    const life = new ContainerLife(container, spec, hooks);
    try {
      await life.start();
      return life;
    } catch (error) {
      life.detach();
      const reason = engineMessage(error);
      // The port may be free again, or the plan is made anew with another one.
      if (isPortClash(reason)) return createEndedServer(reason);
      if (!isFirst && statusOf(error) === 404) {
        if (spec.volumes.length > 0) {
          const resource = spec.labels[LABEL.resource] ?? spec.name;
          throw createError("CONTAINER_LOST", { resource, reason, lastLines: "" });
        }
        // K6: the next launch is a first one.
        container = null;
        return launch(hooks);
      }
      if (!isFirst) throw error;
      await discard();
      throw createError("CONTAINER_NOT_STARTED", { resource: spec.name, image: spec.image, reason }, error);
    }
  };
  return { discard, launch };
}

const removeContainer = (container: Docker.Container, name: string): Promise<unknown> =>
  callEngine(`remove ${name}`, () => container.remove({ force: true, v: true }));

async function createContainer(docker: Docker, spec: ContainerSpec): Promise<Docker.Container> {
  const { file } = spec;
  const container = await callEngine(`create ${spec.name} of ${spec.image}`, () =>
    docker.createContainer(formatSpec(spec)),
  );
  if (file === null) return container;
  try {
    await callEngine(`put ${file.name} into ${spec.name}`, () =>
      container.putArchive(createArchive(file), { path: file.folder }),
    );
  } catch (error) {
    await removeContainer(container, spec.name);
    throw error;
  }
  return container;
}

/** From one start to the end that follows it. */
class ContainerLife implements RunningServer {
  pid: number | null = null;
  readonly isOurs = true;
  readonly exited: Promise<ChildExit>;
  readonly #container: Docker.Container;
  readonly #spec: ContainerSpec;
  readonly #hooks: ChildHooks;
  readonly #lines: OutputLines;
  readonly #exited = Promise.withResolvers<ChildExit>();
  #stream: Readable | null = null;
  #output: Promise<void> = Promise.resolve();
  #hasEnded = false;
  #isKilledByUs = false;
  #isPaused = false;

  constructor(container: Docker.Container, spec: ContainerSpec, hooks: ChildHooks) {
    this.#container = container;
    this.#spec = spec;
    this.#hooks = hooks;
    this.#lines = createOutputLines(hooks.log);
    this.exited = this.#exited.promise;
  }

  newestLines(count: number): string {
    return this.#lines.newest(count);
  }

  async start(): Promise<void> {
    const { name } = this.#spec;
    await callPatiently(`attach to ${name}`, () => this.#attach());
    await callPatiently(`start ${name}`, () => acceptRepeat(this.#container.start()));
    const { State } = await callPatiently(`look at ${name}`, () => this.#container.inspect());
    this.pid = isProcessOfContainer(State.Pid, this.#container.id) ? State.Pid : null;
    const where = this.pid === null ? "" : `, pid ${this.pid}`;
    this.#hooks.log.write(
      `${new Date().toISOString()} host  started container ${this.#container.id.slice(0, 12)}${where}\n`,
    );
    if (this.pid !== null) this.#hooks.onVisible?.(this.pid);
    void this.#observe();
  }

  /** It did not start: the output of a later life is that life's to write. */
  detach(): void {
    this.#stream?.destroy();
  }

  async stop(budgetMs: number): Promise<void> {
    if (this.#hasEnded) return;
    // What does not end within the budget, the engine kills for us.
    this.#isKilledByUs = true;
    await this.resume();
    const seconds = Math.ceil(budgetMs / 1_000);
    await callEngine(
      `stop ${this.#spec.name}`,
      () => acceptRepeat(this.#container.stop({ t: seconds })),
      budgetMs + KILL_MS_MAX,
    );
    await withDeadline(this.exited, { what: `the end of ${this.#spec.name}`, deadlineMs: KILL_MS_MAX });
  }

  kill(): void {
    if (this.#hasEnded) return;
    this.#isKilledByUs = true;
    // It may have ended by itself meanwhile. Whether it did end, `exited` says and nobody else.
    const kill = async () => {
      await this.resume();
      await this.#container.kill({ signal: "SIGKILL" });
    };
    callPatiently(`kill ${this.#spec.name}`, kill).catch(() => undefined);
  }

  async pause(): Promise<void> {
    if (this.#hasEnded) return;
    await callEngine(`pause ${this.#spec.name}`, () => this.#container.pause());
    this.#isPaused = true;
  }

  async resume(): Promise<void> {
    if (this.#hasEnded || !this.#isPaused) return;
    await callEngine(`unpause ${this.#spec.name}`, () => this.#container.unpause());
    this.#isPaused = false;
  }

  async #attach(): Promise<void> {
    const stream = (await this.#container.attach({ stream: true, stdout: true, stderr: true })) as unknown as Readable;
    this.#stream = stream;
    const [out, err] = [new PassThrough(), new PassThrough()];
    this.#lines.add(out);
    this.#lines.add(err);
    this.#container.modem.demuxStream(stream, out, err);
    // A connection that breaks says nothing that the container's end, or the engine's silence, does not say.
    this.#output = finished(stream, { writable: false }).catch(() => undefined);
    void this.#output.then(() => {
      out.end();
      err.end();
    });
  }

  /** Never throws: what cannot be found out is an end, too. */
  async #observe(): Promise<void> {
    let exit: ChildExit;
    try {
      exit = await this.#waitForEnd();
      await Promise.race([this.#output, delay(LAST_WORDS_MS_MAX, undefined, { ref: false })]);
    } catch (error) {
      exit = { kind: "lost", reason: describeError(error) };
    }
    this.#hasEnded = true;
    this.#exited.resolve(exit);
  }

  /** The client's wait never settles when its connection breaks; the output ends then, as it does with the container. */
  async #waitForEnd(): Promise<ChildExit> {
    const { name } = this.#spec;
    for (;;) {
      const waited = this.#container.wait().catch(() => undefined);
      await Promise.race([waited, this.#output]);
      // The output may end a moment before the engine says that the container did.
      await Promise.race([waited, delay(SETTLE_MS, undefined, { ref: false })]);
      const { State } = await callPatiently(`say how ${name} is`, () => this.#container.inspect());
      if (!State.Running) return this.#describeEnd(State);
      await callPatiently(`attach to ${name}`, () => this.#attach());
    }
  }

  #describeEnd({ ExitCode, OOMKilled }: { ExitCode: number; OOMKilled: boolean }): ChildExit {
    if (OOMKilled) return { kind: "exit", code: ExitCode, detail: "out of memory: the kernel ended it" };
    if (ExitCode === KILLED_CODE && !this.#isKilledByUs) {
      return { kind: "exit", code: ExitCode, detail: "killed from outside, or by the kernel for want of memory" };
    }
    return { kind: "exit", code: ExitCode };
  }
}

/** 304: it is so already. */
async function acceptRepeat(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (statusOf(error) !== 304) throw error;
  }
}

/** One that could not start because its port was taken; the supervisor then asks for another plan. */
function createEndedServer(lastLines: string): RunningServer {
  return {
    pid: null,
    isOurs: true,
    exited: Promise.resolve({ kind: "exit", code: 128 }),
    newestLines: () => lastLines,
    stop: async () => undefined,
    kill: () => undefined,
    pause: async () => undefined,
    resume: async () => undefined,
  };
}

/**
 * Whether this machine sees the container's main process under this pid: only on Linux, and only with an engine of this
 * very kernel. One in a virtual machine tells a pid of that machine, under which something else may run here.
 */
function isProcessOfContainer(pid: number, containerId: string): boolean {
  if (pid <= 0 || process.platform !== "linux") return false;
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(containerId);
  } catch {
    // No such process here.
    return false;
  }
}
