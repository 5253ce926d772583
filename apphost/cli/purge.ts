/**
 * `down --purge`: removes what runs left on servers of others.
 *
 * W1 The counter and sequence keys are shared by all runs on a server: such a key is removed only with the newest run that
 *    used it, and only while it holds what that run counted.
 * W2 A run's record says where it worked, and not what is removed there. Names are made from the run's id, and so are
 *    no other run's; one that the user gave, of a topic or a key, is removed only when the user repeats it.
 * W3 A run whose host lives is not purged: it still writes what would be removed.
 * W4 A record forgets what its run left when all of that is gone, and not before: until then a purge of all finds it.
 */
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import {
  countsTopicName,
  GLOBAL_SEQUENCE_KEY,
  groupName,
  jobIdOf,
  PROCESSED_MESSAGE_COUNTER_KEY,
  publishedKeyOf,
  stateKeyOf,
  topicName,
  warmUpTopicName,
} from "../../simulator/common/contract/names.ts";
import {
  parseKafkaAddresses,
  parseRedisAddress,
  type RedisAddress,
  redisPlace,
} from "../../simulator/common/foundation/address.ts";
import { categoryOf, createError, describeError } from "../../simulator/common/foundation/errors.ts";
import { formatAmount } from "../../simulator/common/foundation/figures.ts";
import { formatShellWord } from "../../simulator/common/foundation/foreign-syntax.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { exitCodeOfError } from "../exit-code.ts";
import { removeTopicsAndGroup } from "../resources/kafka.ts";
import { removeRunKeys } from "../resources/redis.ts";
import {
  credentialsPath,
  findRun,
  hasEvidenceElsewhere,
  isHostAlive,
  listRuns,
  listRunsWithEvidence,
  mayLiveElsewhere,
  type RunState,
  type RunWithEvidence,
  readCredentials,
  readKafkaSecurity,
  readRunState,
  readState,
  removeCredentials,
  writeState,
} from "../run/run-folder.ts";
import type { Terminal } from "./terminal.ts";

export interface PurgeOptions {
  readonly base: string;
  /** Where the password of an external Redis comes from when the run's file does not have it. */
  readonly redis: RedisAddress | null;
  /** Names that the run was given, repeated (W2). */
  readonly topic: string | null;
  readonly counterKey: string | null;
  readonly sequenceKey: string | null;
}

type Write = (line: string) => Promise<void>;

/** What was left on one server. */
interface Left {
  /** In words, for each. */
  readonly reasons: readonly string[];
  /** Whether a later purge, with names repeated, could remove some of it. */
  readonly isRemovable: boolean;
}

const NOTHING_LEFT: Left = { reasons: [], isRemovable: false };

/** `name`: id or folder of the run; null: the newest. Throws what kept it from being purged. */
export async function purgeRun(name: string | null, options: PurgeOptions, terminal: Terminal): Promise<number> {
  const { write, note } = terminal;
  const { runDir, state } = requireRecord(name, options);
  if (!hasEvidenceElsewhere(state)) {
    await write(`run ${state.runId} has nothing on servers of others`);
    if (!isHostAlive(state) && !mayLiveElsewhere(state)) removeCredentials(runDir);
    return 0;
  }
  const failures = await purgeEvidence({ runDir, state }, { options, write, silent: new Map() });
  for (const failure of failures.slice(1)) note(describeError(failure));
  if (failures.length > 0) throw failures[0];
  return 0;
}

/** Newest first, so that the next is the newest one that used a shared key (W1). Ends with the exit code of the first failure. */
export async function purgeAllRuns(options: PurgeOptions, { write, note }: Terminal): Promise<number> {
  const runs = listRunsWithEvidence(options.base).reverse();
  if (runs.length === 0) await write(`no run of ${options.base} has anything on servers of others`);
  const failures: unknown[] = [];
  const silent = new Map<string, unknown>();
  for (const { runDir, state } of runs) {
    const isGivenServer = options.redis !== null && redisPlace(options.redis) === state.evidence.redis;
    const found = await purgeEvidence(
      { runDir, state },
      {
        options: { ...options, redis: isGivenServer ? options.redis : null },
        write: (line) => write(`run ${state.runId}: ${line}`),
        silent,
      },
    );
    for (const failure of found) note(`run ${state.runId} was not purged: ${describeError(failure)}`);
    failures.push(...found);
  }
  return failures.length === 0 ? 0 : exitCodeOfError(failures[0]);
}

function requireRecord(name: string | null, { base }: PurgeOptions): { runDir: string; state: RunState } {
  const runDir = findRun(base, name);
  const reading = runDir === undefined ? undefined : readRunState(runDir);
  if (runDir === undefined || reading === undefined || reading.kind === "missing") {
    const expected = `a run in ${base}/runs`;
    throw createError("USAGE_OPTION_INVALID", { option: "--purge", value: name ?? "(newest)", expected });
  }
  if (reading.kind === "refused") {
    throw createError("FILE_MALFORMED", { path: runFolder.state(runDir), reason: reading.reason });
  }
  return { runDir, state: reading.state };
}

/** `silent`: servers that did not answer, with what they failed with; they are not waited for again. */
interface Purge {
  readonly options: PurgeOptions;
  readonly write: Write;
  readonly silent: Map<string, unknown>;
}

/** Both servers, whatever becomes of the other. Returns what failed. */
async function purgeEvidence(run: RunWithEvidence, { options, write, silent }: Purge): Promise<unknown[]> {
  const { runDir, state } = run;
  if (mayLiveElsewhere(state)) {
    const what = `run ${state.runId} was started on another machine or in another container, and may write there still`;
    const advice = `end it there, and purge it there; if that is gone: flink-apphost down --run ${state.runId} --forget`;
    return [createError("USAGE_CONFLICT", { what, advice })];
  }
  if (isHostAlive(state)) {
    const what = `run ${state.runId} still runs, and writes what would be removed`;
    return [createError("USAGE_CONFLICT", { what, advice: `end it first: flink-apphost down --run ${state.runId}` })];
  }
  const failures: unknown[] = [];
  let isRemovable = false;
  for (const [address, purge] of [
    [state.evidence.kafka, purgeKafka],
    [state.evidence.redis, purgeRedis],
  ] as const) {
    if (address === null) continue;
    try {
      if (silent.has(address)) throw silent.get(address);
      const left = await purge(run, address, options, write);
      for (const reason of left.reasons) await write(`left ${reason}`);
      isRemovable ||= left.isRemovable;
    } catch (error) {
      if (categoryOf(error) === "infrastructure") silent.set(address, error);
      failures.push(error);
    }
  }
  if (failures.length > 0 || isRemovable) return failures;
  // W4.
  writeState(runDir, { ...state, evidence: null });
  removeCredentials(runDir);
  return [];
}

async function purgeKafka(run: RunWithEvidence, address: string, options: PurgeOptions, write: Write): Promise<Left> {
  const { evidence, runId } = run.state;
  const { ownTopic, topic, warmUpTopic, countsTopic } = evidence;
  const bootstrap = parseKafkaAddresses(address);
  if (bootstrap === undefined) {
    throw createError("FILE_MALFORMED", {
      path: runFolder.state(run.runDir),
      reason: "it holds no addresses of a Kafka",
    });
  }
  const group = groupName(runId);
  const isMeant = ownTopic && (topic === topicName(runId) || topic === options.topic);
  const kafka = { bootstrap, security: readKafkaSecurity(run.runDir) };
  // W2: that there is one is recorded, and its name is made.
  const topics = [
    ...(isMeant ? [topic] : []),
    ...(warmUpTopic === null ? [] : [warmUpTopicName(runId)]),
    ...(countsTopic === null ? [] : [countsTopicName(runId)]),
  ];
  await removeTopicsAndGroup({ kafka, topics, group, log: createLog() });
  const removed = topics.map((name) => `topic ${name} and `).join("");
  await write(`removed ${removed}group ${group} from ${address}`);
  // Somebody else's topic was only read, and is not ours to speak of.
  if (isMeant || !ownTopic) return NOTHING_LEFT;
  return { reasons: [describeUnrepeated("topic", "--topic", topic)], isRemovable: true };
}

async function purgeRedis(run: RunWithEvidence, address: string, options: PurgeOptions, write: Write): Promise<Left> {
  const given = options.redis ?? readKeptAddress(run.runDir);
  if (given === undefined) {
    const what = `the credentials of Redis at ${address} are no longer in ${run.runDir}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give its URL with --redis" });
  }
  if (redisPlace(given) !== address) {
    const what = `the run used Redis at ${address}, and --redis is ${redisPlace(given)}`;
    throw createError("USAGE_CONFLICT", { what, advice: "give the URL of the server that the run used" });
  }
  const shared = listShared(run, options);
  const unrepeated = shared.filter(({ isMeant }) => !isMeant);
  const jobId = jobIdOf(run.state.runId);
  const { count, left } = await removeRunKeys(given, {
    stateKey: stateKeyOf(jobId),
    publishedKey: publishedKeyOf(jobId),
    shared: shared.filter(({ isMeant }) => isMeant).map(({ key }) => key),
    keepOwn: unrepeated.length > 0,
  });
  await write(`removed ${formatAmount(count, "key")} from Redis at ${address}`);
  return {
    reasons: [
      ...left.map((key) => `key ${key}: it does not hold what the run counted`),
      ...unrepeated.map(({ option, key }) => describeUnrepeated("key", option, key)),
    ],
    isRemovable: unrepeated.length > 0,
  };
}

/** What the run kept of it, if that is an address of Redis. */
function readKeptAddress(runDir: string): RedisAddress | undefined {
  const url = readCredentials(runDir);
  if (url === undefined) return undefined;
  const address = parseRedisAddress(url);
  if (address !== undefined) return address;
  throw createError("FILE_MALFORMED", { path: credentialsPath(runDir), reason: "it holds no address of a Redis" });
}

/** W1: the keys that no newer run used. W2: the names that all runs use are meant, and those that the user repeats. */
function listShared({ runDir, state: { evidence } }: RunWithEvidence, options: PurgeOptions) {
  const newer = listKeysOfNewerRuns(options.base, runDir, evidence.redis);
  const isMeant = (key: string, usual: string, repeated: string | null) => key === usual || key === repeated;
  const { counterKey, sequenceKey } = evidence;
  return [
    {
      option: "--counter-key",
      key: counterKey,
      isMeant: isMeant(counterKey, PROCESSED_MESSAGE_COUNTER_KEY, options.counterKey),
    },
    {
      option: "--sequence-key",
      key: sequenceKey,
      isMeant: isMeant(sequenceKey, GLOBAL_SEQUENCE_KEY, options.sequenceKey),
    },
  ].filter(({ key }) => !newer.has(key));
}

function listKeysOfNewerRuns(base: string, runDir: string, redis: string | null): Set<string> {
  const runs = listRuns(base);
  const newer = runs.slice(runs.indexOf(runDir) + 1).map((run) => readState(run)?.evidence);
  return new Set(
    newer
      .filter((evidence) => evidence != null)
      .filter((evidence) => evidence.redis === redis)
      .flatMap(({ counterKey, sequenceKey }) => [counterKey, sequenceKey]),
  );
}

const describeUnrepeated = (kind: string, option: string, name: string): string =>
  `${kind} ${name}, which ${option} named: repeat ${option} ${formatShellWord(name)} to remove it`;
