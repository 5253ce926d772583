/**
 * Kafka and Redis of a run: which mode each gets, and the resources that bring them up. Each is resolved by itself.
 *
 * I-1 An address that was given is used, and nothing else. A mode that was named and cannot work is an error with its
 *     reason. Only `auto` goes on to the next mode.
 */
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { type AppError, createError, describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { type ContainerDriver, createDockerDriver } from "../drivers/docker/driver.ts";
import { describeAttempts, type EngineLookup, findEngine, hasEngineSign } from "../drivers/docker/engine.ts";
import { removeOfDeadOwners } from "../drivers/docker/leftovers.ts";
import type { DriverContext, InfrastructureDriver, ServerKind, ServerPlan } from "../drivers/driver.ts";
import { embeddedDriver } from "../drivers/embedded.ts";
import { createExternalDriver } from "../drivers/external.ts";
import { createNativeDriver } from "../drivers/native.ts";
import type { ResourceDeclaration } from "../model/resource.ts";
import { checkEmbeddedMemory, type HostOptions } from "../options.ts";
import { type ChildExit, type ChildHooks, describeExit, type RunningServer } from "../processes/child-process.ts";
import { isPortClash } from "../processes/ports.ts";
import {
  describeEnd,
  type Judgement,
  type Launch,
  type ProcessEnd,
  type ResourcePlan,
} from "../processes/resource-plan.ts";
import type { RunContext } from "../run/run-context.ts";
import { waitForKafka } from "./kafka.ts";
import { exitError } from "./own-program.ts";
import { waitForRedis } from "./redis.ts";

export interface ChosenDrivers {
  readonly kafka: InfrastructureDriver;
  readonly redis: InfrastructureDriver;
  /** Of the web page over Kafka; null where there is none. */
  readonly kafkaUi: InfrastructureDriver | null;
}

/** What is said before there is a run: notices are recorded in it later, progress is for whoever waits. */
export interface EarlyWords {
  notice(level: "info" | "warn", resource: string, text: string): void;
  progress(text: string): void;
}

/** Decides the modes, and refuses what cannot work, before anything is started. */
export async function chooseDrivers(options: HostOptions, words: EarlyWords): Promise<ChosenDrivers> {
  const docker = await lookForDocker(options, words);
  const choose = (kind: ServerKind) => chooseDriver(kind, options, docker, words);
  const [kafka, redis] = await Promise.all([choose("kafka"), choose("redis")]);
  if (kafka.mode === "embedded") checkEmbeddedMemory(options, options.messages);
  const kafkaUi = options.withKafkaUi ? await chooseKafkaUi(kafka, docker, words) : null;
  return { kafka, redis, kafkaUi };
}

/** Nobody needs it, so what is in its way is a notice. */
async function chooseKafkaUi(
  kafka: InfrastructureDriver,
  docker: DockerLookup,
  words: EarlyWords,
): Promise<InfrastructureDriver | null> {
  const driver = docker.kind === "found" && kafka === docker.driver ? docker.driver : null;
  const obstacle = driver === null ? "it needs a Kafka in a container" : await driver.findKafkaUiObstacle();
  if (obstacle === undefined) return driver;
  words.notice("warn", "kafka-ui", `is not there: ${obstacle}`);
  return null;
}

type DockerLookup =
  | { readonly kind: "found"; readonly driver: ContainerDriver }
  | Exclude<EngineLookup, { kind: "found" }>;

/** Asked once for both servers, and only where the answer can matter. */
async function lookForDocker(options: HostOptions, words: EarlyWords): Promise<DockerLookup> {
  const isWanted = options.infra === "docker" || options.infra === "auto";
  if (!isWanted || (options.kafka !== null && options.redis !== null)) return { kind: "none", attempts: [] };
  const lookup = await findUsableEngine(words);
  if (lookup.kind === "none") {
    if (options.infra === "auto" && hasEngineSign(lookup.attempts)) {
      words.notice("warn", "host", `containers are not used: ${describeAttempts(lookup.attempts)}`);
    }
    return lookup;
  }
  const { engine } = lookup;
  const { kafkaImage, redisImage, kafkaUiImage, dockerNetwork } = options;
  const tell = (text: string) => words.progress(text);
  return {
    kind: "found",
    driver: createDockerDriver(engine, { kafkaImage, redisImage, kafkaUiImage, network: dockerNetwork, tell }),
  };
}

/** Removes what dead hosts left in it. An engine that cannot say what it has is none: our own would stay in it, too. */
async function findUsableEngine(words: EarlyWords): Promise<EngineLookup> {
  const lookup = await findEngine(process.env);
  if (lookup.kind === "none") return lookup;
  const { docker, source, address: target } = lookup.engine;
  try {
    const { removed, remaining } = await removeOfDeadOwners(docker);
    const names = removed.map(({ kind, name }) => `${kind} ${name}`).join(", ");
    if (names !== "") words.notice("info", "host", `removed what a dead host left: ${names}`);
    if (remaining.length > 0) words.notice("warn", "host", `a dead host left what stays: ${remaining.join("; ")}`);
    return lookup;
  } catch (error) {
    return { kind: "none", attempts: [{ source, target, reason: describeError(error), isAbsent: false }] };
  }
}

async function chooseDriver(
  kind: ServerKind,
  options: HostOptions,
  docker: DockerLookup,
  words: EarlyWords,
): Promise<InfrastructureDriver> {
  const address = externalAddress(kind, options);
  if (address !== null) return createExternalDriver(address);
  const native = createNativeDriver(process.env);
  switch (options.infra) {
    case "docker": {
      if (docker.kind === "none") throw unavailable(kind, "docker", describeAttempts(docker.attempts));
      return requireDriver(kind, docker.driver);
    }
    case "embedded":
      return embeddedDriver;
    case "native":
      return requireDriver(kind, native);
    case "auto": {
      if (docker.kind === "found") {
        const obstacle = await docker.driver.findObstacle(kind);
        if (obstacle === undefined) return docker.driver;
        words.notice("warn", kind, `no container is used: ${obstacle}`);
      }
      return (await native.findObstacle(kind)) === undefined ? native : embeddedDriver;
    }
    default:
      return unreachable(options.infra);
  }
}

function externalAddress(kind: ServerKind, { kafka, redis }: HostOptions) {
  if (kind === "kafka") return kafka === null ? null : { kind, brokers: kafka };
  return redis === null ? null : { kind, redis };
}

async function requireDriver(kind: ServerKind, driver: InfrastructureDriver): Promise<InfrastructureDriver> {
  const obstacle = await driver.findObstacle(kind);
  if (obstacle !== undefined) throw unavailable(kind, driver.mode, obstacle);
  return driver;
}

const unavailable = (resource: string, mode: string, reason: string): AppError =>
  createError("INFRASTRUCTURE_UNAVAILABLE", { resource, mode, reason });

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
  const launch = async (launch: Launch) => {
    // Only a first start may move to another port: dependents know the address after that.
    if (server === null || launch.formerLastLines !== null) server = await driver.plan(kind, context);
    const running = server.launch === null ? createExternalServer() : await server.launch(createHooks(), launch.signal);
    launched.resolve();
    return running;
  };
  const waitReady = async (launch: Launch) => {
    facts =
      kind === "kafka" ? await waitForKafka(current(), launch.signal) : await waitForRedis(current(), launch.signal);
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

/** Nothing of ours runs: stopping it ends our interest in it, and nothing else. */
function createExternalServer(): RunningServer {
  const exited = Promise.withResolvers<ChildExit>();
  const leave = () => exited.resolve({ kind: "exit", code: 0 });
  return {
    pid: null,
    isOurs: false,
    exited: exited.promise,
    newestLines: () => "",
    stop: async () => leave(),
    kill: leave,
  };
}

function judgeServer(kind: ServerKind, server: ServerPlan | null, end: ProcessEnd): Judgement {
  const { exit, lastLines } = end;
  if (exit.kind === "notStarted") return exitError(kind, end);
  if (exit.kind === "lost") return createError("CONTAINER_LOST", { resource: kind, reason: exit.reason, lastLines });
  if (!end.everReady && isAppError(end.killReason)) return end.killReason;
  if (!end.everReady) return isPortClash(lastLines) ? "restart" : exitError(kind, end);
  if (server?.survivesRestart === true) return "restart";
  return createError("SERVER_LOST", {
    resource: `the embedded ${kind}`,
    how: end.killReason === null ? `with ${describeExit(exit)}` : `by our kill (${describeEnd(end)})`,
    advice: "its records were in memory and are gone; use --infra native or --kafka for a Kafka that keeps them",
    lastLines,
  });
}
