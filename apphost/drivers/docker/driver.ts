/**
 * Kafka and Redis, and Flink, in containers of the engine that `engine.ts` finds.
 *
 * Where the engine shares this machine's kernel and network, a container uses the machine's own network: it listens on
 * 127.0.0.1 like any program here, and no byte is copied once more by the engine's forwarder. Elsewhere, as in the
 * virtual machines of Docker Desktop, ports of 127.0.0.1 are published.
 */
import { existsSync } from "node:fs";
import { hostname, release } from "node:os";
import { formatHostPort } from "../../../simulator/common/foundation/address.ts";
import { createError, describeError } from "../../../simulator/common/foundation/errors.ts";
import type { NetworkChoice } from "../../options.ts";
import { choosePort, LOOPBACK } from "../../processes/ports.ts";
import type { DriverContext, InfrastructureDriver, ServerKind, ServerPlan } from "../driver.ts";
import type { FlinkCluster, FlinkJob } from "../flink/native-flink.ts";
import { createPassword, ownRedis } from "../password.ts";
import { callEngine } from "./calls.ts";
import { type ContainerServer, createContainerServer } from "./container.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { Engine } from "./engine.ts";
import { mapUser } from "./flink.ts";
import { planFlinkContainers } from "./flink-cluster.ts";
import { examineFlinkImage, type FlinkImage } from "./flink-image.ts";
import { findImage, type ImageFacts, provideImage } from "./image.ts";
import { createKafkaSpec } from "./kafka.ts";
import { createKafkaUiSpec } from "./kafka-ui.ts";
import { createLabels, NETWORK_RESOURCE, nameInEngine } from "./labels.ts";
import { removeRun } from "./leftovers.ts";
import { createRedisSpec } from "./redis.ts";

export interface DockerSettings {
  readonly kafkaImage: string;
  readonly redisImage: string;
  readonly kafkaUiImage: string;
  readonly flinkImage: string;
  /** Path of Flink's SQL connector for Kafka on this machine; null: only an image that has it will do. */
  readonly kafkaConnectorJar: string | null;
  readonly network: NetworkChoice;
  /** Shows how a pull goes, before there is a run. */
  readonly tell: (progress: string) => void;
}

export class DockerDriver implements InfrastructureDriver {
  readonly mode = "docker";
  readonly #engine: Engine;
  readonly #settings: DockerSettings;
  readonly #servers = new Map<ServerKind | "kafka-ui", ContainerServer>();
  #kafkaPort = 0;
  #network: Promise<string> | null = null;
  #info: Promise<EngineInfo> | null = null;
  #flinkImage: FlinkImage | null = null;

  constructor(engine: Engine, settings: DockerSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  findObstacle(kind: ServerKind): Promise<string | undefined> {
    return this.#provide(this.#imageOf(kind));
  }

  /** Why there can be no web page over Kafka; undefined when there can. */
  findKafkaUiObstacle(): Promise<string | undefined> {
    return this.#provide(this.#settings.kafkaUiImage);
  }

  /** Why Flink cannot run in containers here; undefined when it can. `base`: the folder that keeps the runs. */
  async findFlinkObstacle(base: string): Promise<string | undefined> {
    const { flinkImage, kafkaConnectorJar } = this.#settings;
    if (kafkaConnectorJar !== null && !existsSync(kafkaConnectorJar)) {
      return `--kafka-connector is ${kafkaConnectorJar}, and there is no such file`;
    }
    const obstacle = await this.#provide(flinkImage);
    if (obstacle !== undefined) return obstacle;
    this.#flinkImage = await examineFlinkImage(this.#engine.docker, flinkImage, base);
    if (this.#flinkImage.kind === "unusable") return this.#flinkImage.reason;
    const { home, hasKafkaConnector } = this.#flinkImage;
    if (hasKafkaConnector || kafkaConnectorJar !== null) return undefined;
    return describeMissingConnector(flinkImage, home);
  }

  async planFlink(context: DriverContext, job: FlinkJob): Promise<FlinkCluster> {
    const { docker, address } = this.#engine;
    const image = this.#flinkImage;
    if (image?.kind !== "usable") throw createError("ASSERTION_FAILED", { what: "no image of Flink was looked for" });
    context.recordEngine(address);
    const { kafkaConnectorJar } = this.#settings;
    const containers = {
      docker,
      image,
      kafkaConnectorJar,
      user: mapUser((await this.#readInfo()).SecurityOptions ?? []),
      network: (await this.#sharesHost()) ? null : await this.#provideNetwork(context),
    };
    return planFlinkContainers(containers, context, job);
  }

  async #provide(image: string): Promise<string | undefined> {
    try {
      return await provideImage(this.#engine.docker, image, this.#settings.tell);
    } catch (error) {
      return describeError(error);
    }
  }

  async plan(kind: ServerKind, context: DriverContext): Promise<ServerPlan> {
    const { docker, address } = this.#engine;
    context.recordEngine(address);
    // A second plan means that the first one found its port taken.
    await this.#servers.get(kind)?.discard();
    const port = await context.choosePort(kind);
    const password = createPassword();
    const spec = await this.#createSpec(kind, context, { port, password, isOnHost: await this.#sharesHost() });
    const server = createContainerServer(docker, spec);
    this.#servers.set(kind, server);
    const place = { host: LOOPBACK, port };
    return {
      mode: "docker",
      address:
        kind === "kafka" ? { kind: "kafka", brokers: [place] } : { kind: "redis", redis: ownRedis(password, place) },
      endpoint: formatHostPort(place),
      launch: (hooks) => server.launch(hooks),
      survivesRestart: true,
      version: versionOf(spec.image, await findImage(docker, spec.image)),
    };
  }

  async planKafkaUi(context: DriverContext): Promise<ServerPlan> {
    await this.#servers.get("kafka-ui")?.discard();
    const { base, runId } = context;
    const port = await choosePort();
    const spec = createKafkaUiSpec({
      name: nameInEngine(runId, "kafka-ui"),
      image: this.#settings.kafkaUiImage,
      labels: createLabels({ base, runId, resource: "kafka-ui" }),
      port,
      kafka: `${LOOPBACK}:${this.#kafkaPort}`,
      network: (await this.#sharesHost()) ? null : await this.#provideNetwork(context),
    });
    const server = createContainerServer(this.#engine.docker, spec);
    this.#servers.set("kafka-ui", server);
    const endpoint = `http://${LOOPBACK}:${port}`;
    return {
      mode: "docker",
      address: { kind: "page", url: endpoint },
      endpoint,
      survivesRestart: true,
      version: null,
      launch: (hooks) => server.launch(hooks),
    };
  }

  async release(runId: string): Promise<readonly string[]> {
    if (this.#servers.size === 0) return [];
    try {
      return (await removeRun(this.#engine.docker, runId)).remaining;
    } catch (error) {
      return [`${describeError(error)}; when it is back, "flink-apphost down" removes what run ${runId} left in it`];
    }
  }

  #imageOf(kind: ServerKind): string {
    return kind === "kafka" ? this.#settings.kafkaImage : this.#settings.redisImage;
  }

  async #createSpec(
    kind: ServerKind,
    context: DriverContext,
    where: { port: number; password: string; isOnHost: boolean },
  ): Promise<ContainerSpec> {
    const { base, runId, kafkaHeapBytes, brokerSession: session } = context;
    const { port, password, isOnHost } = where;
    const common = {
      name: nameInEngine(runId, kind),
      image: this.#imageOf(kind),
      labels: createLabels({ base, runId, resource: kind }),
      port,
      isOnHost,
    };
    if (kind === "redis") return createRedisSpec({ ...common, password });
    const controllerPort = await choosePort();
    const network = context.isKafkaForContainers && !isOnHost ? await this.#provideNetwork(context) : null;
    this.#kafkaPort = port;
    return createKafkaSpec({ ...common, controllerPort, heapBytes: kafkaHeapBytes, session, network });
  }

  /** Once a run, and only where containers have to reach each other. */
  #provideNetwork({ base, runId }: DriverContext): Promise<string> {
    const name = nameInEngine(runId);
    const labels = createLabels({ base, runId, resource: NETWORK_RESOURCE });
    this.#network ??= callEngine(`create network ${name}`, async () => {
      await this.#engine.docker.createNetwork({ Name: name, Labels: { ...labels } });
      return name;
    });
    return this.#network;
  }

  async #sharesHost(): Promise<boolean> {
    const { network } = this.#settings;
    return network === "auto" ? sharesNetwork(await this.#readInfo()) : network === "host";
  }

  #readInfo(): Promise<EngineInfo> {
    this.#info ??= callEngine("describe itself", () => this.#engine.docker.info() as Promise<EngineInfo>);
    return this.#info;
  }
}

export interface EngineInfo {
  readonly Name?: string;
  readonly KernelVersion?: string;
  readonly OSType?: string;
  readonly SecurityOptions?: readonly string[] | null;
}

/** Rootless engines live in a network of their own; with remapped users the machine's network is refused to containers. */
export function sharesNetwork(
  info: EngineInfo,
  here = { platform: process.platform, name: hostname(), kernel: release() },
) {
  const isSeparate = (info.SecurityOptions ?? []).some((option) => /name=(rootless|userns)/.test(option));
  const isThisMachine = info.Name === here.name && info.KernelVersion === here.kernel;
  return here.platform === "linux" && info.OSType === "linux" && isThisMachine && !isSeparate;
}

const describeMissingConnector = (image: string, home: string): string =>
  `image ${image} has no Kafka connector (flink-sql-connector-kafka-VERSION.jar) in ${home}/lib, and the official one has ` +
  "none: give that jar with --kafka-connector FILE (Maven has it as org.apache.flink:flink-sql-connector-kafka), set " +
  "FLINK_HOME to a Flink whose lib has it, or name an image that has it with --flink-image";

/** What the image says of itself, or else its tag: of a broker the protocol does not tell it. */
export function versionOf(image: string, facts: ImageFacts | undefined): string | null {
  const label = facts?.labels["org.opencontainers.image.version"];
  if (label !== undefined && label !== "") return label;
  return /:([^:/@]+)(?:@|$)/.exec(image)?.[1] ?? null;
}
