/// <reference lib="esnext.disposable" preserve="true" />
/**
 * An app host inside a program of the user's own, a test above all. It does what `up` does, and leaves the process that it
 * lives in alone: it prints nothing, ends nothing, and installs no handlers.
 *
 *   startAppHost → (starting) → idle ⇄ a round → stop → ended
 *
 * L1 `startAppHost` settles when the job is RUNNING; when that fails, everything is taken down before it rejects.
 * L2 Whoever waits for something learns at once when the run has ended instead.
 * L3 After `stop` nothing of the run is left but its folder; if this process dies before, the watchdog sees to that.
 */
import type { HostEvent, ResourceHealth, ResourceState, VerdictEvent } from "../simulator/common/contract/events.ts";
import { waitUntil } from "../simulator/common/foundation/deadline.ts";
import { type AppError, createError } from "../simulator/common/foundation/errors.ts";
import { declareApplication } from "./model/builder.ts";
import { type AppHostDefinition, isAppHostDefinition } from "./model/definition.ts";
import { hasStatus, type WaitStatus } from "./model/resource.ts";
import { camelCase, type GivenOptions, type HostOptions, OPTION_TABLE } from "./options.ts";
import type { Host } from "./orchestrator/host.ts";
import { type HostGround, openHost, prepareGround, serveHost } from "./orchestrator/hosting.ts";
import { type PreparedRun, prepareDeclared } from "./preparation.ts";

const WAIT_MS_MAX = 120_000;

/** What has no meaning inside a program: there is no terminal, it stays until it is stopped, and it is in this process. */
const NOT_INSIDE = ["ui", "once", "detach", "apphost", "testOperator", "testHold", "testHungAfterMs"] as const;
/** As on the command line. */
type GivenAsText = "kafka" | "redis" | "warmUp";

/**
 * The options of `up`, by name; they beat the environment and the definition. Without `messages` no round is produced. As
 * with `up`, a folder has one host at a time: several at once, in this process or in others, are each `isolated`.
 */
export type StartOptions = {
  readonly [K in Exclude<keyof HostOptions, (typeof NOT_INSIDE)[number] | GivenAsText>]?: NonNullable<HostOptions[K]>;
} & { readonly [K in GivenAsText]?: string } & {
  /** Where scripts are looked for. @default the current folder */
  readonly folder?: string;
};

/** A run inside this program. Leaving the block of an `await using` stops it. */
export interface RunningAppHost extends AsyncDisposable {
  /** Eight hex digits, as in the name of the run's folder. */
  readonly runId: string;
  /** The run's folder, with all evidence. */
  readonly runDir: string;
  /** Settles when the resource, or each of the group, has the status. Rejects after `deadlineMs` (default 120_000). */
  waitFor(resource: string, status: WaitStatus, options?: { readonly deadlineMs?: number }): Promise<void>;
  /** What `flink-apphost env` prints, the Redis password included. */
  variables(): Readonly<Record<string, string>>;
  /** What `ConnectionStrings__<resource>` holds. */
  connectionString(resource: "kafka" | "redis"): string;
  /** The URL of an endpoint of one of your programs; without a name of its endpoint "http". */
  endpoint(resource: string, name?: string): string;
  /** Produces one more round, and gives the verdict on all rounds so far. `rate`: of this round; default: as configured. */
  produce(messages: number, options?: { readonly rate?: number }): Promise<VerdictEvent>;
  /** Takes everything down, and gives the exit code that `up` would have had. */
  stop(): Promise<number>;
}

/** Starts an application, and settles when its job is RUNNING. When that fails, everything is taken down before it rejects. */
export async function startAppHost(definition: AppHostDefinition, options: StartOptions = {}): Promise<RunningAppHost> {
  const startedAtMs = performance.now();
  const { folder = process.cwd(), ...given } = options;
  // What a program without types gives may be anything: the module itself, above all, instead of its default export.
  if (!isAppHostDefinition(definition)) {
    const reason = 'it is not what "defineAppHost((app) => { … })" returns';
    throw createError("APPHOST_NOT_LOADED", { file: "the definition given to startAppHost", reason });
  }
  const declared = declareApplication(definition, folder);
  const prepared = await prepareDeclared(declared, "the application", {
    verb: "up",
    options: { ...toTexts({ messages: 0, ...given }), ui: "quiet" },
    env: process.env,
  });
  // Nothing is printed; a pull that takes long is over, or an error, when this settles.
  const ground = await prepareGround(prepared.options, () => undefined);
  const host = openHost({ verb: "up", ...prepared, startedAtMs, textFolder: null }, ground);
  const running = new HostInProcess(host, ground, prepared);
  await running.started();
  return running;
}

function toTexts(options: Partial<Record<keyof HostOptions, unknown>>): GivenOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => {
      const option = OPTION_TABLE[name as keyof HostOptions];
      if (option === undefined || NOT_INSIDE.some((other) => other === name)) {
        throw createError("USAGE_CONFLICT", { what: `startAppHost has no option "${name}"`, advice: "leave it out" });
      }
      return [camelCase(option.flag), String(value)];
    }),
  );
}

class HostInProcess implements RunningAppHost {
  readonly runId: string;
  readonly runDir: string;
  readonly #host: Host;
  readonly #prepared: PreparedRun;
  readonly #resources = new Map<string, { state: ResourceState; health: ResourceHealth }>();
  readonly #ended: Promise<number>;
  #reasons: readonly string[] = [];
  #isIdle = false;
  #isStopping = false;
  /** Null while it lives. */
  #exitCode: number | null = null;

  constructor(host: Host, ground: HostGround, prepared: PreparedRun) {
    this.#host = host;
    this.#prepared = prepared;
    this.runId = host.run.runId;
    this.runDir = host.run.runDir;
    host.run.feed.subscribe((event) => this.#take(event));
    this.#ended = this.#execute(ground);
    // Whoever waits looks whether it ended; `stop` hands on what went wrong.
    this.#ended.catch(() => undefined);
  }

  /** L1. */
  async started(): Promise<void> {
    const what = "it was ready";
    // Each step of a start has a deadline of its own, and ends the run.
    await this.#waitUntil(what, Number.POSITIVE_INFINITY, () => this.#isIdle).catch(async (error: unknown) => {
      // L1. What went wrong in taking it down is worse, and is told instead.
      await this.#ended;
      throw error;
    });
  }

  async waitFor(resource: string, status: WaitStatus, options: { deadlineMs?: number } = {}): Promise<void> {
    const members = this.#prepared.application.members(resource).map(({ name }) => name);
    if (members.length === 0) {
      const names = this.#prepared.application.order.map(({ name }) => name).join(", ");
      throw createError("USAGE_OPTION_INVALID", { option: "resource", value: resource, expected: `one of ${names}` });
    }
    await this.#waitUntil(`${resource} was ${status}`, options.deadlineMs ?? WAIT_MS_MAX, () =>
      members.every((name) => {
        const { state, health } = this.#resources.get(name) ?? { state: "notStarted", health: "unknown" };
        return hasStatus(state, health, status);
      }),
    );
  }

  variables(): Readonly<Record<string, string>> {
    this.#expectAlive("it was asked for its variables");
    return this.#host.variables();
  }

  connectionString(resource: "kafka" | "redis"): string {
    return this.#readVariable(`ConnectionStrings__${resource}`, `${resource}'s connection string`);
  }

  endpoint(resource: string, name = "http"): string {
    return this.#readVariable(`services__${resource}__${name}__0`, `endpoint ${name} of ${resource}`);
  }

  async produce(messages: number, { rate = 0 }: { readonly rate?: number } = {}): Promise<VerdictEvent> {
    this.#expectAlive("it was asked to produce");
    return this.#host.produce({ messages, rate }, () => undefined);
  }

  async stop(): Promise<number> {
    // A second request would mean impatience, and kill.
    if (this.#exitCode === null && !this.#isStopping) this.#host.requestStop("SIGTERM");
    this.#isStopping = true;
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #expectAlive(what: string): void {
    if (this.#exitCode !== null) throw this.#describeEnd(what);
  }

  #readVariable(name: string, what: string): string {
    const value = this.variables()[name];
    if (value !== undefined) return value;
    throw createError("USAGE_CONFLICT", { what: `there is no ${what}`, advice: "declare it in the application" });
  }

  async #execute(ground: HostGround): Promise<number> {
    try {
      this.#exitCode = await serveHost(this.#host, ground);
      return this.#exitCode;
    } finally {
      this.#exitCode ??= 1;
    }
  }

  #take(event: HostEvent): void {
    if (event.type === "resource") this.#resources.set(event.name, { state: event.state, health: event.health });
    else if (event.type === "phase") this.#isIdle = event.phase === "idle";
    else if (event.type === "verdict") this.#reasons = event.reasons;
  }

  /** L2. */
  async #waitUntil(what: string, deadlineMs: number, isThere: () => boolean): Promise<void> {
    const look = () => (this.#exitCode !== null || isThere() ? true : undefined);
    await waitUntil(look, { what: `the wait until ${what}`, deadlineMs });
    this.#expectAlive(what);
  }

  #describeEnd(what: string): AppError {
    return createError("RUN_ENDED", { what, exitCode: this.#exitCode ?? 1, reasons: this.#reasons });
  }
}
