/**
 * Kafka as a resource. Ready is a metadata answer whose advertised address can be reached; the topic is ready when every
 * partition has a leader.
 *
 * T1 Our own topic is empty when the run begins, so offset = index holds for every record of it, and its settings keep
 *    each record until the run is judged.
 * T2 Somebody else's topic (--topic with --messages 0) is only read; its end offsets now are what "drained" will mean.
 */
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { findRecordEnds } from "../../simulator/clients/kafka/record-ends.ts";
import { createTopicOn } from "../../simulator/clients/kafka/topic-creation.ts";
import type { Infrastructure } from "../../simulator/common/contract/files/report.ts";
import type { StoredSavepoint } from "../../simulator/common/contract/files/savepoint.ts";
import { requireSource } from "../../simulator/common/contract/files/savepoint-reader.ts";
import { PARTITIONS_MAX, taskManagersMax } from "../../simulator/common/contract/state/redis-state.ts";
import { formatKafkaAddresses } from "../../simulator/common/foundation/address.ts";
import { withDeadline } from "../../simulator/common/foundation/deadline.ts";
import { createError, isAppError } from "../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import type { Log } from "../../simulator/common/foundation/log.ts";
import { kafkaAccessOf, type ServerPlan } from "../drivers/driver.ts";
import { attemptRepeatedly, longestAttemptsMs } from "./attempts.ts";
import { findUnfitSetting, OWN_TOPIC_SETTINGS, type TopicLoad, VERSIONED_TOPIC_SETTINGS } from "./topic-settings.ts";

const CLIENT_ID = "flink-apphost";
const READY_MS_MAX = 120_000;
/** Over by the first failure, so each opening is one attempt; a hanging broker has the client's deadlines for answers. */
const ONE_ATTEMPT_MS = 0;
/** As the client has it: opening a connection, and its first questions. */
const ATTEMPT_MS_MAX = 10_000;
const PROBE_MS_MAX = 3_000;
/** An attempt that began in time may be answered a little later; one that hangs may not. */
const ANSWER_MS_MAX = 10_000;
/** Of each request for a topic that is to be created. */
const CREATION_MS_MAX = 30_000;
const LEADERS_MS_MAX = 60_000;
/** Of `prepareTopic`: until the broker answers, the topic is created, and its leaders are there. */
export const TOPIC_MS_MAX = READY_MS_MAX + CREATION_MS_MAX + LEADERS_MS_MAX;
/** A topic that is to be counted: a broker that has just started needs a moment to know it. */
const FOREIGN_MISSING_MS = 2_000;

function openCluster(access: KafkaAccess, openDeadlineMs: number, signal?: AbortSignal): Promise<KafkaCluster> {
  return KafkaCluster.open({
    ...access,
    clientId: CLIENT_ID,
    openDeadlineMs,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** One attempt. */
async function openAtOnce(access: KafkaAccess, signal?: AbortSignal): Promise<KafkaCluster> {
  try {
    return await openCluster(access, ONE_ATTEMPT_MS, signal);
  } catch (error) {
    if (!isNameUnknown(error)) throw error;
    throw createError("KAFKA_HOST_UNKNOWN", { endpoint: formatKafkaAddresses(access.bootstrap) }, error);
  }
}

/** A name server that has no such name will have none in a few seconds; one that is silent is another matter. */
function isNameUnknown(error: unknown): boolean {
  if (!isAppError(error) || error.code !== "KAFKA_UNREACHABLE") return false;
  const { cause: root } = (error.cause ?? {}) as { readonly cause?: { readonly code?: unknown } };
  return root?.code === "ENOTFOUND";
}

/** When `waitForKafka` gives up. */
export const readyMsMax = ({ launch }: ServerPlan): number =>
  launch === null ? longestAttemptsMs(ATTEMPT_MS_MAX) : READY_MS_MAX;

export async function waitForKafka(plan: ServerPlan, signal: AbortSignal): Promise<Infrastructure> {
  const isOurs = plan.launch !== null;
  const cluster = isOurs
    ? await openCluster(kafkaAccessOf(plan), READY_MS_MAX, signal)
    : await contactKafka(kafkaAccessOf(plan), signal);
  cluster.close();
  // The protocol does not tell a broker's version; where we did not start it, it is honestly unknown.
  return { mode: plan.mode, endpoint: plan.endpoint, version: plan.version ?? "unknown" };
}

/** One that is not ours. */
export function contactKafka(access: KafkaAccess, signal: AbortSignal): Promise<KafkaCluster> {
  const endpoint = formatKafkaAddresses(access.bootstrap);
  return attemptRepeatedly({
    attempt: () => openAtOnce(access, signal),
    isWorthRepeating: (error) => error.code === "KAFKA_UNREACHABLE",
    conclude: (last, waitedMs) => createError("KAFKA_UNREACHABLE", { endpoint, waitedMs }, last.cause ?? last),
    signal,
  });
}

/** One attempt. Throws why it does not answer. */
export const probeKafka = async (access: KafkaAccess): Promise<void> => (await openAtOnce(access)).close();

/** Whether it answers now. */
export async function isKafkaAnswering(access: KafkaAccess): Promise<boolean> {
  const opening = openCluster(access, PROBE_MS_MAX);
  try {
    await withDeadline(opening, { what: "the answer of Kafka", deadlineMs: ANSWER_MS_MAX });
    return true;
  } catch {
    // Whatever the reason, a validator could not read from it either.
    return false;
  } finally {
    // Also one that is open too late.
    opening.then(
      (cluster) => cluster.close(),
      () => undefined,
    );
  }
}

/** After a restart of the broker: every partition of the topic has a leader again. */
export async function waitForLeaders(access: KafkaAccess, topic: string, signal: AbortSignal): Promise<void> {
  const cluster = await openCluster(access, READY_MS_MAX, signal);
  try {
    await cluster.topic(topic, LEADERS_MS_MAX);
  } finally {
    cluster.close();
  }
}

export interface TopicRequest {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  /** null: as many as it has, where it is only read. */
  readonly partitions: number | null;
  readonly partitionsDefault: number;
  readonly taskManagers: number;
  /** False: nothing is produced, and what is in it is counted. */
  readonly willProduce: boolean;
  /** True when the user named it, so it may exist. */
  readonly isNamed: boolean;
  /** From which its records are counted; null: from the first that is there. */
  readonly savepoint: StoredSavepoint | null;
  /** What will be produced, over this many partitions. */
  readonly loadOf: (partitions: number) => TopicLoad;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface PreparedTopic {
  readonly partitions: number;
  readonly ownTopic: boolean;
  /** T2: by partition; null on our own topic. */
  readonly endOffsets: readonly number[] | null;
  /** By partition: the offset of the first record that is still there. */
  readonly startOffsets: readonly number[];
}

export async function prepareTopic(request: TopicRequest): Promise<PreparedTopic> {
  const cluster = await openCluster(request.kafka, READY_MS_MAX, request.signal);
  try {
    const isForeign = request.isNamed && !request.willProduce;
    if (isForeign) await expectTopic(cluster, request.topic, TO_COUNT);
    const lookup = await cluster.refreshTopic(request.topic);
    // One that is not seen may exist all the same, where a broker has not loaded its topics yet.
    const existed = lookup.kind === "found" || (await createOwnTopic(cluster, request)) === "exists";
    const partitions = (await cluster.topic(request.topic, LEADERS_MS_MAX)).partitions.length;
    if (request.savepoint !== null) requireSource(request.savepoint, { topic: request.topic, partitions });
    if (existed) refuseTooMany(request, partitions);
    const endOffsets = await readEndOffsets(cluster, request.topic, partitions);
    const startOffsets = await cluster.listOffsets(request.topic, listPartitions(partitions), "earliest");
    if (existed) {
      checkExisting(request, partitions, endOffsets, isForeign);
      if (request.savepoint !== null) refuseUnfitSavepoint(request.savepoint, startOffsets, endOffsets);
      if (isForeign) refuseEmpty(request, startOffsets, endOffsets);
      else await checkSettings(request, partitions);
    }
    return { partitions, ownTopic: !isForeign, endOffsets: isForeign ? endOffsets : null, startOffsets };
  } finally {
    cluster.close();
  }
}

/** The partitions of an existing topic were not known when the options were checked. */
function refuseTooMany({ topic, taskManagers }: TopicRequest, partitions: number): void {
  if (partitions > PARTITIONS_MAX) {
    const reason = `it has ${partitions} partitions, and one atomic Redis write holds the state of ${PARTITIONS_MAX}`;
    throw createError("TOPIC_REFUSED", { topic, reason, advice: "give a topic with fewer partitions" });
  }
  const max = taskManagersMax(partitions);
  if (taskManagers <= max) return;
  const reason = `it has ${partitions} partitions, and one atomic Redis write holds ${max} TaskManagers beside them, not ${taskManagers}`;
  throw createError("TOPIC_REFUSED", { topic, reason, advice: `give --task-managers ${max} or fewer` });
}

const TO_COUNT: WhyExpected = {
  reason: "with --messages 0 it is to be counted, and it does not exist",
  advice: "name an existing topic, or give --messages N",
};

interface WhyExpected {
  readonly reason: string;
  readonly advice: string;
}

/** Throws TOPIC_REFUSED when it does not exist. */
export async function expectTopic(cluster: KafkaCluster, topic: string, why: WhyExpected): Promise<void> {
  try {
    await cluster.topic(topic, FOREIGN_MISSING_MS);
  } catch (error) {
    if (!isAppError(error) || error.code !== "KAFKA_TOPIC_MISSING") throw error;
    throw createError("TOPIC_REFUSED", { topic, ...why }, error);
  }
}

type TopicToCreate = Pick<TopicRequest, "topic" | "partitions" | "partitionsDefault" | "loadOf" | "signal">;

export function createOwnTopic(cluster: KafkaCluster, request: TopicToCreate): Promise<"created" | "exists"> {
  const partitions = request.partitions ?? request.partitionsDefault;
  const { topic, signal } = request;
  const spec = {
    topic,
    partitions,
    configs: OWN_TOPIC_SETTINGS,
    versionedConfigs: VERSIONED_TOPIC_SETTINGS,
    findUnfit: (settings: ReadonlyMap<string, string>) => findUnfitSetting(settings, request.loadOf(partitions)),
  };
  return createTopicOn(cluster, spec, { deadlineMs: CREATION_MS_MAX, signal });
}

/** A topic that others created for us to produce into. */
async function checkSettings({ kafka, topic, log, signal, loadOf }: TopicRequest, partitions: number): Promise<void> {
  const { readTopicSettings } = await import("../../simulator/clients/kafka/admin.ts");
  let settings: ReadonlyMap<string, string>;
  try {
    settings = await readTopicSettings({ ...kafka, log, signal }, topic);
  } catch (error) {
    if (!isAppError(error) || error.code !== "KAFKA_BROKER_ERROR") throw error;
    // To produce into a topic, nobody needs to be allowed to read its settings.
    log.warn(`the settings of topic ${topic} cannot be read, and are trusted`, error);
    return;
  }
  const reason = findUnfitSetting(settings, loadOf(partitions));
  if (reason === undefined) return;
  const advice = "change it, or omit --topic, and the run creates a topic that can hold it";
  throw createError("TOPIC_REFUSED", { topic, reason, advice });
}

export function readEndOffsets(cluster: KafkaCluster, topic: string, partitions: number): Promise<number[]> {
  return cluster.listOffsets(topic, listPartitions(partitions), "latest", "committed");
}

const listPartitions = (count: number): number[] => Array.from({ length: count }, (_, p) => p);

function checkExisting(
  request: TopicRequest,
  partitions: number,
  endOffsets: readonly number[],
  isForeign: boolean,
): void {
  const { topic } = request;
  const wanted = isForeign ? request.partitions : (request.partitions ?? request.partitionsDefault);
  if (wanted !== null && wanted !== partitions) {
    const reason = `it has ${partitions} partitions, and ${wanted} were asked for`;
    throw createError("TOPIC_REFUSED", { topic, reason, advice: `give --partitions ${partitions}, or another topic` });
  }
  const used = endOffsets.reduce((sum, offset) => sum + offset, 0);
  if (isForeign || used === 0) return;
  throw createError("TOPIC_REFUSED", {
    topic,
    reason: `${used} offsets of it are used, and counts would mix with what is there`,
    advice: "give --messages 0 to count what is in it, or another topic",
  });
}

/** Records would be missing, or be others than those that were counted. */
function refuseUnfitSavepoint(
  { path, file, state }: StoredSavepoint,
  startOffsets: readonly number[],
  endOffsets: readonly number[],
): void {
  for (const { p, offset } of state.partitions) {
    const [start = 0, end = 0] = [startOffsets[p], endOffsets[p]];
    if (offset >= start && offset <= end) continue;
    const stands = `partition ${p} of topic ${file.source.topic} goes on at offset ${offset}`;
    const reason =
      offset < start
        ? `${stands}, and Kafka has deleted what is below ${start}`
        : `${stands}, and ends at ${end}: it is not the topic that was counted`;
    throw createError("SAVEPOINT_REFUSED", { path, reason, advice: "give a savepoint of the topic as it is now" });
  }
}

/** Otherwise every check would have examined nothing. */
function refuseEmpty({ topic }: TopicRequest, startOffsets: readonly number[], endOffsets: readonly number[]): void {
  if (endOffsets.some((end, p) => end > (startOffsets[p] ?? 0))) return;
  const reason = `none of its ${endOffsets.length} partitions holds a committed record, so there is nothing to count`;
  const advice = "fill it first (records of a transaction are there when it is committed), or give another topic";
  throw createError("TOPIC_REFUSED", { topic, reason, advice });
}

export interface GroupQuestion {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
}

/** The offsets that a group has committed, by partition; 0 where it has none. */
export async function readCommittedOffsets(
  kafka: KafkaAccess,
  { group, topic, partitions }: GroupQuestion,
  signal: AbortSignal,
): Promise<number[]> {
  const cluster = await openAtOnce(kafka, signal);
  try {
    const all = Array.from({ length: partitions }, (_, p) => p);
    const asked = cluster.fetchCommittedOffsets(group, topic, all);
    const what = `the committed offsets of group ${group}`;
    return (await withDeadline(asked, { what, deadlineMs: ANSWER_MS_MAX, signal })).map((offset) =>
      Math.max(0, offset),
    );
  } finally {
    cluster.close();
  }
}

/** Somebody else's topic as it was when the run began, by partition. */
export interface TopicSpan {
  readonly topic: string;
  readonly startOffsets: readonly number[];
  readonly endOffsets: readonly number[];
}

/** By partition: the offset after the last record, which whoever reads records alone commits in the end. */
export async function readRecordEnds(
  kafka: KafkaAccess,
  { topic, startOffsets, endOffsets }: TopicSpan,
  signal: AbortSignal,
): Promise<number[]> {
  const cluster = await openAtOnce(kafka, signal);
  try {
    // Retention may have taken some since.
    const earliest = await cluster.listOffsets(topic, listPartitions(endOffsets.length), "earliest");
    const ranges = endOffsets.map((to, p) => ({ p, from: Math.max(earliest[p] ?? 0, startOffsets[p] ?? 0), to }));
    return await findRecordEnds(cluster, topic, ranges, signal);
  } finally {
    cluster.close();
  }
}

/** A topic of the run that none of its records stays in: each partition has a leader when this settles. */
export async function createScratchTopic(kafka: KafkaAccess, topic: TopicToCreate): Promise<void> {
  const cluster = await openCluster(kafka, READY_MS_MAX, topic.signal);
  try {
    await createOwnTopic(cluster, topic);
    await cluster.topic(topic.topic, LEADERS_MS_MAX);
  } finally {
    cluster.close();
  }
}

/** A topic that is not there counts as removed. Settles within `deadlineMs`. */
export async function removeScratchTopic(options: {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  readonly deadlineMs: number;
  readonly log: Log;
}): Promise<void> {
  const { kafka, topic, deadlineMs, log } = options;
  const { deleteTopics } = await import("../../simulator/clients/kafka/admin.ts");
  // One that is not there is known at once, and not only after all the time that a deletion may take.
  const removed = probeKafka(kafka).then(() => deleteTopics({ ...kafka, log, deadlineMs }, [topic]));
  await withDeadline(removed, { what: `the removal of topic ${topic}`, deadlineMs });
}

/** For `down --purge`. */
export async function removeTopicsAndGroup(options: {
  readonly kafka: KafkaAccess;
  readonly topics: readonly string[];
  readonly group: string;
  readonly log: Log;
}): Promise<void> {
  const admin = { ...options.kafka, log: options.log };
  const { deleteGroups, deleteTopics } = await import("../../simulator/clients/kafka/admin.ts");
  // One that is not there is known at once, and not only after all the time that a deletion may take.
  await probeKafka(options.kafka);
  await deleteGroups(admin, [options.group]);
  if (options.topics.length > 0) await deleteTopics(admin, options.topics);
}
