/**
 * Which mode Kafka and Redis of a run get, before there is a run. Each is resolved by itself.
 *
 * I-1 An address that was given is used, and nothing else. A mode that was named and cannot work is an error with its
 *     reason. Only `auto` goes on to the next mode.
 */
import { unreachable } from "../../simulator/common/foundation/assert.ts";
import { type AppError, createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { describeLongWait, type LongWait, tellLongWait } from "../../simulator/common/foundation/long-wait.ts";
import { DockerDriver } from "../drivers/docker/driver.ts";
import {
  ANSWER_MS_MAX,
  describeAttempts,
  type EngineLookup,
  findEngine,
  hasEngineSign,
} from "../drivers/docker/engine.ts";
import { removeOfDeadOwners } from "../drivers/docker/leftovers.ts";
import type { InfrastructureDriver, ServerKind } from "../drivers/driver.ts";
import { embeddedDriver } from "../drivers/embedded.ts";
import { createExternalDriver, type ExternalServer } from "../drivers/external.ts";
import { requireExternalFlink } from "../drivers/flink/external-flink.ts";
import { createNativeDriver } from "../drivers/native.ts";
import { readKafkaEntry } from "../kafka-config/kafka-entry.ts";
import type { HostOptions } from "../options.ts";
import { checkEmbeddedMemory, warmUpMessages } from "../topic-size.ts";
import { findKafkaConnector, requireFlink, requireFlinkRoom } from "./flink-choice.ts";

export interface ChosenDrivers {
  readonly kafka: InfrastructureDriver;
  readonly redis: InfrastructureDriver;
  /** Of the web page over Kafka; null where there is none. */
  readonly kafkaUi: InfrastructureDriver | null;
  /** Of Flink's containers; null where there are none. */
  readonly flink: DockerDriver | null;
}

/** What is said before there is a run: notices are recorded in it later, progress is for whoever waits. */
export interface EarlyWords {
  notice(level: "info" | "warn", resource: string, text: string): void;
  progress(text: string): void;
}

/** Decides the modes, and refuses what cannot work, before anything is started. */
export async function chooseDrivers(options: HostOptions, words: EarlyWords): Promise<ChosenDrivers> {
  const { engine, flink, sqlGateway, taskManagers, infra } = options;
  const isFlinkOurs = engine === "flink" && flink === null;
  if (flink !== null) await requireExternalFlink({ flink, sqlGateway }, taskManagers, process.env);
  else if (isFlinkOurs && infra === "docker") requireFlinkRoom(options, "docker");
  else if (isFlinkOurs) await requireFlink(options, process.env);
  const docker = await lookForDocker(options, words);
  const choose = (kind: ServerKind) => chooseDriver(kind, options, docker, words);
  const [kafka, redis] = await Promise.all([choose("kafka"), choose("redis")]);
  if (kafka.mode === "embedded") checkEmbeddedRun(options);
  const kafkaUi = options.withKafkaUi ? await chooseKafkaUi(kafka, docker, words) : null;
  const isInContainers = isFlinkOurs && infra === "docker" && docker.kind === "found";
  return { kafka, redis, kafkaUi, flink: isInContainers ? await requireDockerFlink(docker.driver, options) : null };
}

async function requireDockerFlink(driver: DockerDriver, { runDir }: HostOptions): Promise<DockerDriver> {
  const obstacle = await driver.findFlinkObstacle(runDir);
  if (obstacle !== undefined) throw unavailable("Flink", "docker", obstacle);
  return driver;
}

/** The topic of a warm-up is gone before the round begins, so each must fit by itself. */
function checkEmbeddedRun(options: HostOptions): void {
  const { messages, warmUp } = options;
  checkEmbeddedMemory(options, Math.max(messages, warmUp === null ? 0 : warmUpMessages(options, warmUp, true)));
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
  | { readonly kind: "found"; readonly driver: DockerDriver }
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
  const { kafkaImage, redisImage, kafkaUiImage, flinkImage, dockerNetwork: network } = options;
  const kafkaConnectorJar = findKafkaConnector(options, process.env);
  const tell = (text: string) => words.progress(text);
  const images = { kafkaImage, redisImage, kafkaUiImage, flinkImage };
  return { kind: "found", driver: new DockerDriver(engine, { ...images, kafkaConnectorJar, network, tell }) };
}

/** Removes what dead hosts left in it. An engine that cannot say what it has is none: our own would stay in it, too. */
async function findUsableEngine(words: EarlyWords): Promise<EngineLookup> {
  const tell = (wait: LongWait) => words.progress(describeLongWait(wait));
  const sought = { what: "a container engine to answer", deadlineMs: ANSWER_MS_MAX };
  const lookup = await tellLongWait(findEngine(process.env), sought, tell);
  if (lookup.kind === "none") return lookup;
  const { docker, source, address: target } = lookup.engine;
  try {
    const removal = { what: `${source} to say, and remove, what dead hosts left in it`, deadlineMs: null };
    const { removed, remaining } = await tellLongWait(removeOfDeadOwners(docker), removal, tell);
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
  const server = externalServer(kind, options, words);
  if (server !== null) return createExternalDriver(server);
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

function externalServer(kind: ServerKind, options: HostOptions, words: EarlyWords): ExternalServer | null {
  const { kafka, kafkaConfig, redis } = options;
  if (kind === "redis") return redis === null ? null : { kind, redis };
  if (kafka === null) return null;
  const entry = readKafkaEntry(kafka, kafkaConfig);
  const { ignored } = entry;
  if (ignored.length > 0) words.notice("info", "kafka", `of ${kafkaConfig} are not used: ${ignored.join(", ")}`);
  return { kind, ...entry };
}

async function requireDriver(kind: ServerKind, driver: InfrastructureDriver): Promise<InfrastructureDriver> {
  const obstacle = await driver.findObstacle(kind);
  if (obstacle !== undefined) throw unavailable(kind, driver.mode, obstacle);
  return driver;
}

const unavailable = (resource: string, mode: string, reason: string): AppError =>
  createError("INFRASTRUCTURE_UNAVAILABLE", { resource, mode, reason });
