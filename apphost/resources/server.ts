/** Kafka and Redis of a run as resources: what starts them, when they serve, and what their end means. */
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { type AppError, createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import type { DriverContext, InfrastructureDriver, ServerKind, ServerPlan } from "../drivers/driver.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import { type ChildHooks, describeExit } from "../processes/child-process.ts";
import { createExternalServer } from "../processes/external-server.ts";
import { isPortClash } from "../processes/ports.ts";
import {
  describeEnd,
  type Judgement,
  type Launch,
  type ProcessEnd,
  type ResourcePlan,
} from "../processes/resource-plan.ts";
import type { RunContext } from "../run/run-context.ts";
import { readyMsMax as kafkaReadyMsMax, waitForKafka } from "./kafka.ts";
import { exitError } from "./own-program.ts";
import { readyMsMax as redisReadyMsMax, waitForRedis } from "./redis.ts";

/** A server of the run: planned when it is first launched, and from then on at one address. */
export interface ServerResource {
  readonly plan: ResourcePlan;
  /** Throws before the server was launched. */
  readonly server: () => ServerPlan;
  /** Settles when its first process was started, or its address taken. */
  readonly launched: Promise<void>;
  /** What answered; null before it did. */
  readonly facts: () => Infrastructure | null;
}

export function createServerResource(
  run: RunContext,
  declaration: ResourceDeclaration,
  driver: InfrastructureDriver,
  context: DriverContext,
  onReady: () => void,
): ServerResource {
  const kind: ServerKind = declaration.kind === "kafka" ? "kafka" : "redis";
  let server: ServerPlan | null = null;
  let facts: Infrastructure | null = null;
  const current = (): ServerPlan => {
    if (server === null) throw createError("ASSERTION_FAILED", { what: `${kind} is not planned yet` });
    return server;
  };
  const launched = Promise.withResolvers<void>();
  const createHooks = (): ChildHooks => ({
    log: run.logOf(kind),
    onSpawn: (identity) => run.recordChild(kind, identity),
    onVisible: (pid) => run.sampler.watch(kind, pid),
    onMessage(message) {
      run.seen.take(kind, message);
      if (message.type === "notice") run.notice(message.level, kind, message.text);
    },
  });
  const start = async (launch: Launch) => {
    // Only a first start may move to another port: dependents know the address after that.
    if (server === null || launch.formerLastLines !== null) server = await driver.plan(kind, context);
    if (server.launch === null) return createExternalServer();
    return server.launch(createHooks(), launch.signal);
  };
  const launch = async (launch: Launch) => {
    // A container engine has deadlines of its own for each call.
    const running = await run.tellWait({ what: `${kind} to be started`, deadlineMs: null }, start(launch));
    launched.resolve();
    return running;
  };
  const waitReady = async ({ signal }: Launch) => {
    const plan = current();
    const isKafka = kind === "kafka";
    const deadlineMs = isKafka ? kafkaReadyMsMax(plan) : redisReadyMsMax(plan);
    const ready = isKafka ? waitForKafka(plan, signal) : waitForRedis(plan, signal);
    facts = await run.tellWait({ what: `an answer of ${kind} at ${plan.endpoint}`, deadlineMs }, ready);
    onReady();
  };
  return {
    server: current,
    launched: launched.promise,
    facts: () => facts,
    plan: {
      declaration,
      isServer: true,
      endpoint: () => server?.endpoint ?? null,
      launch,
      waitReady,
      judge: (end) => judgeServer(kind, server, end),
    },
  };
}

/** Why it was not ready in time stands in its own last lines, if anywhere. One that is not ours has none. */
function explainUnready(kind: ServerKind, reason: AppError, lastLines: string): AppError {
  if (lastLines === "" || reason.category !== "infrastructure") return reason;
  return createError("SERVER_NOT_READY", { resource: kind, reason: reason.message, lastLines }, reason);
}

function judgeServer(kind: ServerKind, server: ServerPlan | null, end: ProcessEnd): Judgement {
  const { exit, lastLines } = end;
  if (exit.kind === "notStarted") return exitError(kind, end);
  if (exit.kind === "lost") return createError("CONTAINER_LOST", { resource: kind, reason: exit.reason, lastLines });
  if (!end.everReady && isAppError(end.killReason)) return explainUnready(kind, end.killReason, lastLines);
  if (!end.everReady) return isPortClash(lastLines) ? "restart" : exitError(kind, end);
  if (server?.survivesRestart === true) return "restart";
  return createError("SERVER_LOST", {
    resource: `the embedded ${kind}`,
    how: end.killReason === null ? `with ${describeExit(exit)}` : `by our kill (${describeEnd(end)})`,
    advice: "its records were in memory and are gone; use --infra native or --kafka for a Kafka that keeps them",
    lastLines,
  });
}
