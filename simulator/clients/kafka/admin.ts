/**
 * Administration of a cluster: topics, groups, the readiness probe. The only importer of kafkajs, which it loads when
 * first needed and closes after each use: an open kafkajs connection costs 5 % of a core while idle.
 */
import type { Admin, ISocketFactory, KafkaConfig, LogEntry, SASLOptions } from "kafkajs";
import { formatKafkaAddresses, type HostPort } from "../../common/foundation/address.ts";
import { unreachable } from "../../common/foundation/assert.ts";
import { waitUntil, withDeadline } from "../../common/foundation/deadline.ts";
import { createError, describeError, isAppError } from "../../common/foundation/errors.ts";
import { type KafkaSecurity, PLAINTEXT, type SaslSettings } from "../../common/foundation/kafka-security.ts";
import type { Log } from "../../common/foundation/log.ts";
import { KafkaCluster } from "./cluster.ts";
import type { Broker } from "./connection-pool.ts";
import { openBrokerSocket } from "./security/broker-socket.ts";
import { createTopicOn, type TopicToCreate } from "./topic-creation.ts";
import type { TopicDescription } from "./topic-leaders.ts";
import { ErrorCode } from "./wire/error-codes.ts";

export interface AdminOptions {
  readonly bootstrap: readonly HostPort[];
  /** Default PLAINTEXT. */
  readonly security?: KafkaSecurity;
  readonly log: Log;
  readonly clientId?: string;
  /** For the whole call. Default 30 s. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface KafkaProbe {
  /** The brokers with the addresses that they advertise; at least one of them can be reached from here. */
  readonly brokers: readonly Broker[];
}

const DEADLINE_MS = 30_000;
/** It waits for the answers that a hanging broker owes. */
const CLOSE_MS_MAX = 2_000;
const CLIENT_ID = "flink-apphost-admin";
/** As kafkajs has it where it opens the sockets itself. */
const KEEP_ALIVE_MS = 60_000;

/** Ready means: metadata is answered, and an advertised address can be reached. Waits for it until the deadline. */
export async function probeKafka(options: AdminOptions): Promise<KafkaProbe> {
  const cluster = await openCluster(options);
  try {
    return { brokers: cluster.brokers };
  } finally {
    cluster.close();
  }
}

/** Creates the topic and waits until each partition has a leader. "exists": it was there before. */
export async function createTopic(options: AdminOptions, spec: TopicToCreate): Promise<"created" | "exists"> {
  const { signal, deadlineMs = DEADLINE_MS } = options;
  const cluster = await openCluster(options);
  try {
    const created = await createTopicOn(cluster, spec, { deadlineMs, signal });
    await cluster.topic(spec.topic, deadlineMs);
    return created;
  } finally {
    cluster.close();
  }
}

/** By name, as they are in force: the topic's own, or else the broker's. */
export function readTopicSettings(options: AdminOptions, topic: string): Promise<ReadonlyMap<string, string>> {
  return withAdmin(options, `reading the settings of topic ${topic}`, async (admin) => {
    const { ConfigResourceTypes } = (await import("kafkajs")).default;
    const answer = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = answer.resources[0]?.configEntries ?? [];
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  });
}

/** Deletes the topics and waits until metadata no longer names them. One that does not exist counts as deleted. */
export async function deleteTopics(options: AdminOptions, topics: readonly string[]): Promise<void> {
  const existing = new Set(await listTopics(options));
  const doomed = topics.filter((topic) => existing.has(topic));
  if (doomed.length === 0) return;
  const what = `deleting topics ${doomed.join(", ")}`;
  await withAdmin(options, what, (admin) => admin.deleteTopics({ topics: doomed }));
  const cluster = await openCluster(options);
  try {
    await waitUntil(
      async () => {
        const lookups = await Promise.all(doomed.map((topic) => cluster.refreshTopic(topic)));
        return lookups.every((lookup) => lookup.kind === "missing") ? true : undefined;
      },
      { what, deadlineMs: options.deadlineMs ?? DEADLINE_MS },
    );
  } finally {
    cluster.close();
  }
}

export function listTopics(options: AdminOptions): Promise<string[]> {
  return withAdmin(options, "listing topics", (admin) => admin.listTopics());
}

/** Null when there is no such topic. */
export async function describeTopic(options: AdminOptions, topic: string): Promise<TopicDescription | null> {
  const cluster = await openCluster(options);
  try {
    const lookup = await cluster.refreshTopic(topic);
    return lookup.kind === "found" ? lookup.topic : null;
  } finally {
    cluster.close();
  }
}

/** A group that does not exist counts as deleted. */
export function deleteGroups(options: AdminOptions, groups: readonly string[]): Promise<void> {
  return withAdmin(options, `deleting groups ${groups.join(", ")}`, async (admin) => {
    try {
      await admin.deleteGroups([...groups]);
    } catch (error) {
      const { groups: failures } = error as { groups?: readonly { groupId: string; errorCode: number }[] };
      const left = failures?.filter((failure) => failure.errorCode !== ErrorCode.GROUP_ID_NOT_FOUND);
      if (left === undefined || left.length > 0) throw error;
    }
  });
}

function openCluster(options: AdminOptions): Promise<KafkaCluster> {
  const { bootstrap, security = PLAINTEXT, log, signal } = options;
  return KafkaCluster.open({
    bootstrap,
    security,
    clientId: options.clientId ?? CLIENT_ID,
    log,
    openDeadlineMs: options.deadlineMs ?? DEADLINE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * How long before the end of a session (`connections.max.reauth.ms`) kafkajs says again who it is. By its own 10 s it does
 * so at once where sessions are as short, and a broker refuses that within a second of the first time.
 */
const REAUTHENTICATE_BEFORE_MS = 500;

/** Runs one piece of work on a kafkajs admin client, and closes it. */
async function withAdmin<T>(options: AdminOptions, what: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { Kafka, logLevel } = (await import("kafkajs")).default;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const unsilence = silenceNegativeTimeouts();
  const kafka = new Kafka({
    ...seedsFor(options.bootstrap, options.security ?? PLAINTEXT),
    clientId: options.clientId ?? CLIENT_ID,
    connectionTimeout: 5_000,
    requestTimeout: deadlineMs,
    reauthenticationThreshold: REAUTHENTICATE_BEFORE_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: Math.ceil(deadlineMs / 1_000) },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => logKafkajs(options.log, entry),
  });
  const admin = kafka.admin();
  const { signal } = options;
  try {
    // kafkajs bounds each request and each wait between two, and so neither the whole nor a broker that only hangs.
    const worked = admin.connect().then(() => work(admin));
    return await withDeadline(worked, { what, deadlineMs, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw toAppError(error, what, options, deadlineMs);
  } finally {
    await withDeadline(admin.disconnect(), { what: "the end of kafkajs", deadlineMs: CLOSE_MS_MAX }).catch(
      (error: unknown) => options.log.warn("closing kafkajs failed", error),
    );
    unsilence();
  }
}

/**
 * kafkajs splits the addresses that it is given at their first colon, which is inside of an IPv6 address. So it is given a
 * name without colons for each host, and the sockets are opened to the host that is meant, as all of ours are.
 */
function seedsFor(
  bootstrap: readonly HostPort[],
  security: KafkaSecurity,
): Pick<KafkaConfig, "brokers" | "socketFactory" | "sasl"> {
  const nameOf = ({ host }: HostPort) => host.replaceAll(":", "-");
  const hosts = new Map(bootstrap.map((address) => [nameOf(address), address.host]));
  const settings = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = openBrokerSocket({ host: hosts.get(host) ?? host, port }, security, settings);
    return socket.once(security.tls === null ? "connect" : "secureConnect", onConnect);
  };
  const brokers = bootstrap.map((address) => `${nameOf(address)}:${address.port}`);
  return { brokers, socketFactory, ...(security.sasl === null ? {} : { sasl: saslOptions(security.sasl) }) };
}

function saslOptions({ mechanism, username, password }: SaslSettings): SASLOptions {
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain", username, password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", username, password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", username, password };
    default:
      return unreachable(mechanism);
  }
}

function logKafkajs(log: Log, entry: LogEntry): void {
  const { message, error } = entry.log;
  log.warn(`kafkajs: ${message}${typeof error === "string" && error !== message ? `: ${error}` : ""}`);
}

function toAppError(error: unknown, what: string, options: AdminOptions, waitedMs: number): Error {
  const endpoint = formatKafkaAddresses(options.bootstrap);
  if (isAppError(error) && error.code !== "DEADLINE_EXCEEDED") return error;
  if (isAppError(error)) return createError("KAFKA_UNREACHABLE", { endpoint, waitedMs }, error);
  const innermost = innermostOf(error);
  if (typeof innermost.type === "string" && typeof innermost.code === "number") {
    const { type: name, code } = innermost as { type: string; code: number };
    return createError("KAFKA_BROKER_ERROR", { what, name, code, detail: describeError(innermost) }, error);
  }
  if (innermost.name === "KafkaJSConnectionError" || innermost.name === "KafkaJSRequestTimeoutError") {
    return createError("KAFKA_UNREACHABLE", { endpoint, waitedMs }, error);
  }
  const detail = describeError(error);
  return createError("KAFKA_BROKER_ERROR", { what, name: innermost.name ?? "an error", code: -1, detail }, error);
}

/** kafkajs wraps: the refusal of a topic is inside an aggregate, a lost connection inside "retries exceeded". */
function innermostOf(error: unknown): { readonly type?: unknown; readonly code?: unknown; readonly name?: string } {
  const { errors, cause } = error as { errors?: readonly unknown[]; cause?: unknown };
  return (errors?.[0] ?? cause ?? error) as { type?: unknown; code?: unknown; name?: string };
}

/** While anyone uses kafkajs: how many do, and what `process.emitWarning` was before. */
let silencedBy = 0;
let emitWarning: typeof process.emitWarning | undefined;

/**
 * kafkajs arms timers with negative delays, and Node says so on stderr each time (TimeoutNegativeWarning). They are
 * harmless (Node waits 1 ms) and must not reach the user's terminal. While at least one user asks for it, exactly this
 * warning is dropped; all others pass. Returns what ends it, to be called once.
 */
function silenceNegativeTimeouts(): () => void {
  silencedBy += 1;
  if (silencedBy === 1) {
    const before = process.emitWarning;
    emitWarning = before;
    const filtered = (...parameters: unknown[]) => {
      if (parameters[1] !== "TimeoutNegativeWarning") Reflect.apply(before, process, parameters);
    };
    process.emitWarning = filtered as typeof process.emitWarning;
  }
  return () => {
    silencedBy -= 1;
    if (silencedBy > 0 || emitWarning === undefined) return;
    process.emitWarning = emitWarning;
    emitWarning = undefined;
  };
}
