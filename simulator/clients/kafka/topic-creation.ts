/**
 * Creates a topic. First a topic without settings is only asked for (validateOnly): the answer tells which settings this
 * version of Kafka knows, and what the broker would make of each.
 *
 * N1 A setting is given only where the broker knows its name: names come and go with versions, and an unknown one is
 *    refused. Where the broker tells none, those are given that every version knows.
 * N2 A setting that the broker does not allow is left out where what it has instead is fit, too. Otherwise nothing is
 *    created, and the error names the setting, the value there and the broker's own words.
 * N3 The replication factor is the broker's default; where there are fewer brokers than that, as many as there are. The
 *    topic never asks for more replicas in sync than it has.
 * N4 A request whose answer was lost may have created the topic: then it exists, to be checked like one of somebody else.
 */
import { type AppError, createError } from "../../common/foundation/errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import { brokerError } from "./retry.ts";
import { type CreatedTopic, createTopicsApi } from "./wire/apis/create-topics.ts";
import { metadataApi } from "./wire/apis/metadata.ts";
import { describeBrokerError, ErrorCode } from "./wire/error-codes.ts";

export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  /** Default -1: the cluster's own default. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Settings that some versions of Kafka know; given to those. */
  readonly versionedConfigs?: Readonly<Record<string, string>>;
  /** Why these settings, as they would be in force, are not fit; undefined when they are. Default: `configs` are needed. */
  readonly findUnfit?: (settings: ReadonlyMap<string, string>) => string | undefined;
}

export interface CreationOptions {
  /** Of each request with all its attempts. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

type Settings = Readonly<Record<string, string>>;

/** Where the broker's default is more than there are brokers, or no default at all (before Kafka 2.4). */
const REPLICAS_MAX = 3;
const MIN_INSYNC_REPLICAS = "min.insync.replicas";

/** "exists": it was there before (or N4). Its leaders may not be elected yet. */
export async function createTopicOn(
  cluster: KafkaCluster,
  spec: TopicToCreate,
  options: CreationOptions,
): Promise<"created" | "exists"> {
  return new TopicCreation(cluster, spec, options).run();
}

class TopicCreation {
  readonly #cluster: KafkaCluster;
  readonly #spec: TopicToCreate;
  readonly #options: CreationOptions;
  #replicationFactor: number;

  constructor(cluster: KafkaCluster, spec: TopicToCreate, options: CreationOptions) {
    this.#cluster = cluster;
    this.#spec = spec;
    this.#options = options;
    this.#replicationFactor = spec.replicationFactor ?? -1;
  }

  async run(): Promise<"created" | "exists"> {
    const bare = await this.#requestBare();
    if (bare.errorCode !== ErrorCode.NONE && !isSettingRefusal(bare)) return this.#conclude(bare);
    const there = settingsOf(bare);
    const settings = this.#chooseSettings(there, bare.replicationFactor);
    const answer = await this.#request(settings, false);
    if (!isSettingRefusal(answer)) return this.#conclude(answer);
    return this.#conclude(await this.#request(await this.#leaveOutRefused(settings, there, answer), false));
  }

  /** N3. A refusal for its settings tells nothing of those that will be given. */
  async #requestBare(): Promise<CreatedTopic> {
    const bare = await this.#request({}, true);
    if (bare.errorCode !== ErrorCode.INVALID_REPLICATION_FACTOR || this.#replicationFactor >= 0) return bare;
    this.#replicationFactor = Math.min(REPLICAS_MAX, this.#cluster.brokers.length);
    return this.#request({}, true);
  }

  /** N1, N3. */
  #chooseSettings(there: ReadonlyMap<string, string>, replicas: number): Settings {
    const { configs = {}, versionedConfigs = {} } = this.#spec;
    const versioned = Object.entries(versionedConfigs).filter(([name]) => there.has(name));
    const chosen: Record<string, string> = { ...configs, ...Object.fromEntries(versioned) };
    const inSync = there.get(MIN_INSYNC_REPLICAS);
    if (inSync !== undefined && replicas > 0 && Number(inSync) > replicas) {
      chosen[MIN_INSYNC_REPLICAS] = String(replicas);
    }
    return chosen;
  }

  /** N2. Each setting is tried alone, without creating anything. */
  async #leaveOutRefused(
    settings: Settings,
    there: ReadonlyMap<string, string>,
    refusal: CreatedTopic,
  ): Promise<Settings> {
    const { topic, findUnfit } = this.#spec;
    const refused: string[] = [];
    const allowed: Record<string, string> = {};
    for (const [name, value] of Object.entries(settings)) {
      const alone = await this.#request({ [name]: value }, true);
      if (isSettingRefusal(alone)) refused.push(name);
      else allowed[name] = value;
    }
    // The broker minds something else than a single setting: the name, or how many partitions it has.
    if (refused.length === 0) throw this.#refusalOf(refusal);
    const without = await this.#request(allowed, true);
    if (without.errorCode !== ErrorCode.NONE) throw this.#refusalOf(without);
    const inForce = settingsOf(without);
    const reason = findUnfit === undefined ? "it is needed as it is" : findUnfit(inForce);
    if (reason === undefined) return allowed;
    const named = refused.map((name) => describeSetting(name, settings[name], inForce.get(name) ?? there.get(name)));
    const said = refusal.errorMessage ?? describeBrokerError(refusal.errorCode).name;
    throw createError("KAFKA_SETTING_REFUSED", { topic, settings: named, said, reason });
  }

  #conclude(answer: CreatedTopic): "created" | "exists" {
    if (answer.errorCode === ErrorCode.NONE) return "created";
    if (answer.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) return "exists";
    throw this.#refusalOf(answer);
  }

  /** The controller's answer, whatever it is; what passes by itself is waited for. */
  #request(settings: Settings, validateOnly: boolean): Promise<CreatedTopic> {
    let attempts = 0;
    return this.#cluster.retry(async () => {
      attempts += 1;
      // Who is known as a broker may be out of date.
      if (attempts > 1) await this.#cluster.refreshTopic(this.#spec.topic);
      const { controllerId } = await this.#cluster.askAny(metadataApi, { topics: [], allowAutoTopicCreation: false });
      if (controllerId < 0) return { kind: "again", error: this.#errorOf(NO_CONTROLLER) };
      const value = await this.#askController(controllerId, settings, validateOnly);
      const { action } = describeBrokerError(value.errorCode);
      if (action === "none" || action === "fatal") return { kind: "done", value };
      return { kind: "again", error: this.#errorOf(value) };
    }, this.#options.deadlineMs);
  }

  /** On a connection of its own: the controller may take its time, and small requests do not wait behind it. */
  async #askController(nodeId: number, settings: Settings, validateOnly: boolean): Promise<CreatedTopic> {
    const { deadlineMs, signal } = this.#options;
    const { topic: name, partitions } = this.#spec;
    const configs = Object.entries(settings).map(([setting, value]) => ({ name: setting, value }));
    const topic = { name, partitions, replicationFactor: this.#replicationFactor, assignments: [], configs };
    const connection = await this.#cluster.openConnection(nodeId, {});
    const stop = () => connection.close();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const request = { topics: [topic], timeoutMs: deadlineMs, validateOnly };
      const [answer] = (await connection.send(createTopicsApi, request, deadlineMs)).topics;
      if (answer === undefined) {
        throw createError("KAFKA_MALFORMED", { what: "a CreateTopics answer without the topic", position: 0 });
      }
      return answer;
    } finally {
      signal?.removeEventListener("abort", stop);
      connection.close();
    }
  }

  #refusalOf({ errorCode, errorMessage }: CreatedTopic): AppError {
    const { name, advice } = describeBrokerError(errorCode);
    const said = (errorMessage ?? advice).replace(/\.$/, "");
    return createError("KAFKA_TOPIC_REFUSED", { topic: this.#spec.topic, name, code: errorCode, said });
  }

  /** For what passes by itself. */
  #errorOf({ errorCode, errorMessage }: Pick<CreatedTopic, "errorCode" | "errorMessage">): AppError {
    return brokerError(`creating topic ${this.#spec.topic}`, errorCode, errorMessage ?? "");
  }
}

const NO_CONTROLLER = { errorCode: ErrorCode.NOT_CONTROLLER, errorMessage: "the cluster has no controller" };

const isSettingRefusal = ({ errorCode }: CreatedTopic): boolean =>
  errorCode === ErrorCode.INVALID_CONFIG || errorCode === ErrorCode.POLICY_VIOLATION;

/** By name. Empty where the broker does not tell them: before Kafka 2.4, and to who may not read them. */
function settingsOf({ configs }: CreatedTopic): ReadonlyMap<string, string> {
  const told = (configs ?? []).flatMap(({ name, value }): [string, string][] =>
    value === null ? [] : [[name, value]],
  );
  return new Map(told);
}

function describeSetting(name: string, value: string | undefined, there: string | undefined): string {
  return `${name}=${value}${there === undefined ? "" : ` (there it is ${there})`}`;
}
