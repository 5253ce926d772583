/** The application as services of a compose file: typed objects, of which `published-files.ts` makes the text. Pure. */

import { formatHostPort } from "../../simulator/common/foundation/address.ts";
import { neededMemory } from "../doctor/memory.ts";
import { createBrokerVariables, KAFKA_DATA_FOLDER } from "../drivers/docker/kafka.ts";
import { REDIS_DATA_FOLDER } from "../drivers/docker/redis.ts";
import { formatRedisConfiguration } from "../drivers/native-configuration.ts";
import { memoryForIdsBytes } from "../message-ids.ts";
import type { HostOptions } from "../options.ts";
import { LOOPBACK } from "../processes/ports.ts";
import { WORK_FOLDER } from "./dockerfile.ts";
import { formatRunCommand, PUBLISHED_KAFKA, PUBLISHED_REDIS } from "./publication.ts";

/** What of the compose specification is used here. Compose 1.29 knows all of it, too. */
export interface ComposeFile {
  readonly services: Readonly<Record<"kafka" | "redis" | "app" | "report", ComposeService>>;
  readonly volumes: Readonly<Record<string, Readonly<Record<never, never>>>>;
}

export interface ComposeService {
  readonly image: string;
  /** The folder that the image is built of where it is missing. */
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly user?: string;
  readonly init?: boolean;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: "service_healthy" }>>;
  readonly healthcheck?: HealthCheck;
  readonly volumes: readonly string[];
  readonly network_mode?: "none";
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop: readonly ["ALL"];
  readonly security_opt: readonly ["no-new-privileges:true"];
  readonly mem_limit: string;
  readonly pids_limit: number;
  readonly stop_grace_period?: string;
}

export interface HealthCheck {
  readonly test: readonly ["CMD", ...string[]];
  readonly interval: string;
  readonly timeout: string;
  readonly retries: number;
}

const CONTROLLER_PORT = 9_093;
/** As whom the image runs Redis, by name: the numbers differ among its variants. */
const REDIS_USER = "redis";
/** Everybody in the container may write there, and it is gone with it. */
const TEMPORARY = "/tmp:mode=1777,size=64m";
const MEBIBYTE = 1_048_576;
/** What a JVM has beside its heap, and pages of the newest segments. */
const BROKER_EXTRA_MIB = 1_024;
/** The state is small; a rewrite of its log forks the server. */
const REDIS_MIB = 512;
/** The validator and the report, which follow the job, and pages of the files that are written meanwhile. */
const APP_EXTRA_MIB = 768;
const REPORT_MIB = 512;
/** A process of Node has about a dozen threads, and each of them counts. */
const TASKS_OF_A_PROCESS = 32;
/** Host, watchdog, JobManager, client, producer, validator and report beside the TaskManagers. */
const OTHER_PROCESSES = 8;
const SERVER_TASKS = 1_024;
/** Longer than everything takes that ends in order. */
const STOP_GRACE = "90s";

/** Of the file `.env` beside it. Without it nothing is started, and these words say why. */
const PASSWORD = `\${REDIS_PASSWORD:?it is in the file .env that was written beside docker-compose.yaml}`;

/** It asks a question of the protocol: an open port says only that somebody will listen. No JVM is started for it. */
const API_VERSIONS_REQUEST = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255];

/** A broker that is slow to start is not yet a broken one: two minutes. */
const createHealthCheck = (test: HealthCheck["test"]): HealthCheck => ({
  test,
  interval: "2s",
  timeout: "5s",
  retries: 60,
});

const COMMON = { cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] } as const;

/** `image`: of the application. */
export const createComposeFile = (options: HostOptions, image: string): ComposeFile => ({
  services: {
    kafka: createKafka(options),
    redis: createRedis(options),
    app: createApp(options, image),
    report: createReport(image),
  },
  volumes: { "kafka-data": {}, "redis-data": {}, work: {} },
});

function createKafka({ kafkaImage, kafkaHeapBytes }: HostOptions): ComposeService {
  const { host, port } = PUBLISHED_KAFKA;
  const controller = `${LOOPBACK}:${CONTROLLER_PORT}`;
  const listeners = {
    "controller.quorum.voters": `1@${controller}`,
    listeners: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://${controller}`,
    "advertised.listeners": `PLAINTEXT://${host}:${port}`,
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
  };
  const request = API_VERSIONS_REQUEST.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const ask = `exec 3<>/dev/tcp/${LOOPBACK}/${port} && printf '${request}' >&3 && read -r -t 4 -N 1 -u 3`;
  return {
    image: kafkaImage,
    environment: createBrokerVariables(listeners, { heapBytes: kafkaHeapBytes, session: "usual" }),
    healthcheck: createHealthCheck(["CMD", "bash", "-c", ask]),
    volumes: [`kafka-data:${KAFKA_DATA_FOLDER}`],
    ...COMMON,
    mem_limit: formatMebibytes(kafkaHeapBytes / MEBIBYTE + BROKER_EXTRA_MIB),
    pids_limit: SERVER_TASKS,
  };
}

/**
 * The server reads its configuration, with the password in it, from its standard input: so it stands in no argument. The
 * shell puts the variable in, and `$$` is how a compose file writes a `$` that is not its own.
 */
function createRedis({ redisImage }: HostOptions): ComposeService {
  const { port } = PUBLISHED_REDIS;
  const password = "$$REDIS_PASSWORD";
  const configuration = formatRedisConfiguration({ address: "0.0.0.0", port, password, folder: REDIS_DATA_FOLDER });
  return {
    image: redisImage,
    user: REDIS_USER,
    command: ["sh", "-c", `exec redis-server - <<END\n${configuration}END\n`],
    environment: { REDIS_PASSWORD: PASSWORD },
    healthcheck: createHealthCheck([
      "CMD",
      "sh",
      "-c",
      `REDISCLI_AUTH="$$REDIS_PASSWORD" redis-cli -p ${port} ping | grep -q PONG`,
    ]),
    volumes: [`redis-data:${REDIS_DATA_FOLDER}`],
    read_only: true,
    ...COMMON,
    mem_limit: formatMebibytes(REDIS_MIB),
    pids_limit: SERVER_TASKS,
  };
}

function createApp(options: HostOptions, image: string): ComposeService {
  const { residentBytes } = neededMemory({ options, modes: { kafka: "external", redis: "external" } });
  const processesMib = residentBytes / MEBIBYTE + APP_EXTRA_MIB;
  return {
    image,
    build: ".",
    // Process 1 of a container gets orphans and must bury them, which is not the host's work.
    init: true,
    command: formatRunCommand(options).map(escapeForCompose),
    environment: {
      FLINK_APPHOST_REDIS: `redis://:${PASSWORD}@${formatHostPort(PUBLISHED_REDIS)}`,
      // The image is read-only: what was compiled is kept for the next run in the volume.
      NODE_COMPILE_CACHE: `${WORK_FOLDER}/.cache/compiled`,
    },
    depends_on: { kafka: { condition: "service_healthy" }, redis: { condition: "service_healthy" } },
    ...createProgramTraits(),
    mem_limit: formatMebibytes(Math.max(processesMib, memoryForIdsBytes(options.messages) / MEBIBYTE)),
    pids_limit: TASKS_OF_A_PROCESS * (options.taskManagers + OTHER_PROCESSES),
    stop_grace_period: STOP_GRACE,
  };
}

/** Started by name alone, when there is a run to tell of. */
const createReport = (image: string): ComposeService => ({
  image,
  profiles: ["report"],
  command: ["report", "--html", "report.html"],
  network_mode: "none",
  ...createProgramTraits(),
  mem_limit: formatMebibytes(REPORT_MIB),
  pids_limit: TASKS_OF_A_PROCESS * OTHER_PROCESSES,
});

const createProgramTraits = () => ({
  volumes: [`work:${WORK_FOLDER}`],
  read_only: true,
  tmpfs: [TEMPORARY],
  ...COMMON,
});

/** In a compose file `$` begins a variable. */
const escapeForCompose = (text: string): string => text.replaceAll("$", "$$$$");

const formatMebibytes = (mebibytes: number): string => `${Math.ceil(mebibytes / 64) * 64}m`;
