/**
 * A user's own program as a resource: run by Node, which strips types by itself, in the folder of the file that declares
 * it. It knows nothing of us; what it is told, it is told in its environment.
 *
 * U1 It keeps its ports over restarts. Only one that has a health check and was never healthy may get others after a
 *    port clash: nobody who waits for its health was told of the first ones.
 * U2 It is ready when it runs. Its health is another matter: it must be healthy once within its deadline in each life,
 *    and is unhealthy when three checks in a row fail.
 * U3 One that was never healthy ends the run: its deadline is its promise. Later, it is started again like the dead.
 */
import { once } from "node:events";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import { sleepUntilAborted, waitUntil } from "../../simulator/common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { callHttp, isOk } from "../../simulator/common/foundation/http-call.ts";
import { resolveText } from "../model/reference.ts";
import type { HealthCheckDeclaration, NodeProcessDeclaration, ResourceDeclaration } from "../model/resource.ts";
import { type ChildCommand, type RunningServer, startChildProcess } from "../processes/child-process.ts";
import { choosePort, isPortClash, LOOPBACK } from "../processes/ports.ts";
import type { Judgement, ProcessEnd, ReportHealth, ResourcePlan } from "../processes/resource-plan.ts";
import type { RunContext } from "../run/run-context.ts";
import { traceVariables } from "../run/telemetry-settings.ts";
import { createForeignEnvironment, exitError } from "./own-program.ts";

const FIRST_INTERVAL_MS = 100;
const ANSWER_MS_MAX = 2_000;
const FAILURES_UNTIL_ILL = 3;

export interface NodeProcess {
  readonly plan: ResourcePlan;
  /** By endpoint. Null before its first start. */
  readonly ports: () => ReadonlyMap<string, number> | null;
}

export interface NodeProcessOptions {
  readonly declaration: ResourceDeclaration;
  readonly process: NodeProcessDeclaration;
  readonly run: RunContext;
  /** The connection variables of a resource that has been started. */
  readonly variablesOf: (resource: string) => Readonly<Record<string, string>>;
}

export function planNodeProcess({ declaration, process: declared, run, variablesOf }: NodeProcessOptions): NodeProcess {
  const { name } = declaration;
  const { healthCheck, restart } = declared;
  let ports: ReadonlyMap<string, number> | null = null;
  let wasHealthy = false;
  let running: RunningServer | null = null;
  const launch = async (): Promise<RunningServer> => {
    ports ??= await choosePorts(declared);
    running = startChildProcess(createCommand(declared, { run, name, ports, variablesOf }), {
      log: run.logOf(name),
      onSpawn: (identity) => run.recordChild(name, identity),
      // It has no channel.
      onMessage: () => undefined,
    });
    return running;
  };
  const watchHealth = async (check: HealthCheckDeclaration, signal: AbortSignal, report: ReportHealth) => {
    const url = `http://${LOOPBACK}:${ports?.get(check.endpoint)}${check.path}`;
    const lastLines = () => running?.newestLines(20) ?? "";
    const { deadlineMs } = check;
    const healthy = waitForHealth({ name, url, check, signal, lastLines });
    await run.tellWait({ what: `the health of ${name} at ${url}`, deadlineMs }, healthy);
    wasHealthy = true;
    report("healthy", "");
    await keepChecking({ url, intervalMs: check.intervalMs, signal, report });
  };
  const judge = (end: ProcessEnd): Judgement => {
    if (end.exit.kind === "notStarted") return exitError(name, end);
    if (isAppError(end.killReason) && !wasHealthy) return end.killReason;
    if (end.exit.kind === "exit" && end.exit.code === 0 && restart.policy === "onFailure") return "finished";
    const mayMove = healthCheck !== null && !wasHealthy && isPortClash(end.lastLines);
    if (mayMove) ports = null;
    return "restart";
  };
  return {
    ports: () => ports,
    plan: {
      declaration,
      isServer: false,
      restartsMax: restart.max,
      endpoint: () => describeEndpoint(ports),
      launch,
      async waitReady(launched) {
        // One that could not be started says so by its exit.
        if (running?.pid === null) await once(launched.signal, "abort");
      },
      ...(healthCheck === null ? {} : { watchHealth: (signal, report) => watchHealth(healthCheck, signal, report) }),
      judge,
    },
  };
}

async function choosePorts({ endpoints }: NodeProcessDeclaration): Promise<ReadonlyMap<string, number>> {
  const chosen = endpoints.map(async ({ name, port }) => [name, port ?? (await choosePort())] as const);
  return new Map(await Promise.all(chosen));
}

function createCommand(
  { script, args, folder, endpoints, references, environment }: NodeProcessDeclaration,
  facts: { name: string; ports: ReadonlyMap<string, number> } & Pick<NodeProcessOptions, "run" | "variablesOf">,
): ChildCommand {
  const given = Object.entries(environment).map(([name, text]) => [name, resolveText(text, facts.variablesOf)]);
  return {
    command: process.execPath,
    args: [script, ...args],
    env: {
      ...createForeignEnvironment(facts.run.mark),
      ...exemptLoopback(process.env),
      ...traceVariables(facts.run.telemetry, facts.name),
      [ENV.resource]: facts.name,
      ...Object.assign({}, ...references.map(facts.variablesOf)),
      ...Object.fromEntries(endpoints.map(({ name, env }) => [env, String(facts.ports.get(name))])),
      ...Object.fromEntries(given),
    },
    folder,
    input: null,
    hasChannel: false,
    isOfUser: true,
  };
}

const PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const EXEMPT = [LOOPBACK, "localhost", "::1"];

/** The addresses that it gets are of this machine, and none of a proxy's business; the proxy itself is the user's. */
export function exemptLoopback(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  if (PROXIES.every((name) => (env[name] ?? "") === "")) return {};
  // Where both are given, programs look at the lower one first.
  const given = env["no_proxy"] ?? env["NO_PROXY"] ?? "";
  const hosts = given.split(",").map((host) => host.trim());
  if (hosts.includes("*")) return {};
  const all = [...hosts.filter((host) => host !== ""), ...EXEMPT.filter((host) => !hosts.includes(host))].join(",");
  return { NO_PROXY: all, no_proxy: all };
}

const describeEndpoint = (ports: ReadonlyMap<string, number> | null): string | null =>
  ports === null || ports.size === 0 ? null : [...ports.values()].map((port) => `${LOOPBACK}:${port}`).join(",");

interface FirstCheck {
  readonly name: string;
  readonly url: string;
  readonly check: HealthCheckDeclaration;
  readonly signal: AbortSignal;
  readonly lastLines: () => string;
}

/** U2, the first half. Rejects with PROCESS_UNHEALTHY, or with the signal's reason. */
async function waitForHealth({ name, url, check, signal, lastLines }: FirstCheck): Promise<void> {
  const { deadlineMs } = check;
  const intervalMs = Math.min(FIRST_INTERVAL_MS, check.intervalMs);
  let last = "it was not asked";
  const look = async () => {
    const failure = await findFailure(url, signal);
    if (failure === null) return true;
    last = failure;
    return undefined;
  };
  try {
    await waitUntil(look, { what: `the health of ${name}`, deadlineMs, intervalMs, signal });
  } catch {
    // Its last answer says more than that the time is over.
    signal.throwIfAborted();
    throw createError("PROCESS_UNHEALTHY", { resource: name, url, deadlineMs, last, lastLines: lastLines() });
  }
}

/** U2, the second half. Ends with the process. */
async function keepChecking(options: {
  readonly url: string;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly report: ReportHealth;
}): Promise<void> {
  const { url, intervalMs, signal, report } = options;
  let failures = 0;
  for (;;) {
    await sleepUntilAborted(intervalMs, signal);
    const failure = signal.aborted ? null : await findFailure(url, signal);
    if (signal.aborted) return;
    if (failure === null && failures >= FAILURES_UNTIL_ILL) report("healthy", "");
    failures = failure === null ? 0 : failures + 1;
    if (failures === FAILURES_UNTIL_ILL) report("unhealthy", `${failures} health checks failed: ${failure}`);
  }
}

/** Null when the answer is good. */
async function findFailure(url: string, signal: AbortSignal): Promise<string | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
  try {
    const answer = await callHttp({ method: "GET", url, token: null, body: null, signal: limited });
    return isOk(answer) ? null : `HTTP ${answer.status}`;
  } catch (error) {
    return describeError(error);
  }
}
