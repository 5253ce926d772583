/** DescribeConfigs, AlterConfigs, IncrementalAlterConfigs: the settings of topics, and the fixed ones of the broker. */
import {
  type AlterConfigsRequest,
  type AlterConfigsResponse,
  type AlteredResource,
  CONFIG_OPERATION,
  type ConfigChange,
  type IncrementalAlterConfigsRequest,
} from "../../../clients/kafka/wire/apis/alter-configs.ts";
import {
  CONFIG_SOURCE,
  CONFIG_TYPE,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
  type DescribedResource,
  RESOURCE_TYPE,
} from "../../../clients/kafka/wire/apis/describe-configs.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";
import { REQUEST_BYTES_MAX } from "../frame-buffer.ts";
import {
  type ConfigEntry,
  defaultOf,
  inheritedEntries,
  isListSetting,
  refuseSetting,
  TopicConfig,
} from "../topic-config.ts";
import type { Topic } from "../topics.ts";
import { PARTITIONS_DEFAULT } from "./topics.ts";

type Asked = DescribeConfigsRequest["resources"][number];

export function answerDescribeConfigs(state: BrokerState, request: DescribeConfigsRequest): DescribeConfigsResponse {
  return { throttleTimeMs: 0, results: request.resources.map((asked) => describe(state, asked, request)) };
}

function describe(state: BrokerState, asked: Asked, request: DescribeConfigsRequest): DescribedResource {
  const { type, name } = asked;
  const found = findEntries(state, asked);
  if ("errorMessage" in found) return { ...found, type, name, configs: [] };
  const configs = found.entries.map((entry) => ({
    name: entry.name,
    value: entry.value,
    readOnly: type === RESOURCE_TYPE.broker,
    source: entry.source,
    isSensitive: false,
    synonyms: request.includeSynonyms ? entry.synonyms : [],
    type: entry.type,
    documentation: request.includeDocumentation ? entry.documentation : null,
  }));
  return { errorCode: ErrorCode.NONE, errorMessage: null, type, name, configs };
}

interface Failure {
  readonly errorCode: number;
  readonly errorMessage: string;
}

function findEntries(state: BrokerState, { type, name, configNames }: Asked): { entries: ConfigEntry[] } | Failure {
  // Java's newer clients say "all" with an empty list.
  const names = configNames?.length === 0 ? null : configNames;
  if (type === RESOURCE_TYPE.topic) {
    const topic = state.topics.find(name);
    return topic === undefined ? unknownTopic(name) : { entries: topic.config.entries(names) };
  }
  if (type !== RESOURCE_TYPE.broker) return unknownType(type);
  // Without a name it asks for what was set for all brokers of the cluster: nothing is.
  if (name === "") return { entries: [] };
  if (name !== String(NODE_ID)) return unknownBroker(name);
  return { entries: brokerEntries(state).filter((entry) => names?.includes(entry.name) ?? true) };
}

function brokerEntries(state: BrokerState): ConfigEntry[] {
  const { autoCreateTopics, idleMsMax } = state.settings;
  const { boolean, int, long } = CONFIG_TYPE;
  const given: ConfigEntry[] = [
    brokerEntry("auto.create.topics.enable", String(autoCreateTopics), boolean, "--embedded-auto-create-topics."),
    brokerEntry("broker.id", String(NODE_ID), int, "There is one broker."),
    brokerEntry("connections.max.idle.ms", String(idleMsMax), long, "After it a silent connection is closed."),
    brokerEntry("default.replication.factor", "1", int, "There is one broker."),
    brokerEntry("num.partitions", String(PARTITIONS_DEFAULT), int, "Of a topic that is created without a number."),
    brokerEntry("socket.request.max.bytes", String(REQUEST_BYTES_MAX), int, "The largest request, in bytes."),
  ];
  return [...given, ...inheritedEntries()];
}

function brokerEntry(name: string, value: string, type: number, documentation: string): ConfigEntry {
  const source = CONFIG_SOURCE.staticBroker;
  return { name, value, source, type, documentation, synonyms: [{ name, value, source }] };
}

function unknownTopic(name: string): Failure {
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `there is no topic ${name}` };
}

function unknownBroker(name: string): Failure {
  const errorMessage = `broker ${name} is not this one, which is ${NODE_ID}`;
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

function unknownType(type: number): Failure {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `resources of type ${type} have no settings here` };
}

interface Alteration {
  readonly type: number;
  readonly name: string;
  readonly configs: readonly { readonly name: string }[];
}

/** Settings that are not named go back to their defaults. */
export function answerAlterConfigs(state: BrokerState, request: AlterConfigsRequest): AlterConfigsResponse {
  return alterAll(
    state,
    request,
    ({ configs }) => configs.map(({ name, value }) => ({ name, operation: CONFIG_OPERATION.set, value })),
    () => new Map(),
  );
}

export function answerIncrementalAlterConfigs(
  state: BrokerState,
  request: IncrementalAlterConfigsRequest,
): AlterConfigsResponse {
  return alterAll(
    state,
    request,
    ({ configs }) => configs,
    (topic) => new Map(topic.config.given),
  );
}

/** Each resource is altered as a whole or not at all; `begin` gives the settings that the changes start from. */
function alterAll<Resource extends Alteration>(
  state: BrokerState,
  request: { readonly resources: readonly Resource[]; readonly validateOnly: boolean },
  changesOf: (resource: Resource) => readonly ConfigChange[],
  begin: (topic: Topic) => Map<string, string>,
): AlterConfigsResponse {
  const { resources, validateOnly } = request;
  const responses = resources.map((resource): AlteredResource => {
    const { type, name } = resource;
    const topic = findTopic(state, resource, resources);
    if ("errorMessage" in topic) return { ...topic, type, name };
    const given = begin(topic);
    for (const change of changesOf(resource)) {
      const errorMessage = applyChange(given, change);
      if (errorMessage !== undefined) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage, type, name };
    }
    if (!validateOnly) topic.config = new TopicConfig(given);
    return { errorCode: ErrorCode.NONE, errorMessage: null, type, name };
  });
  return { throttleTimeMs: 0, responses };
}

/** The topic whose settings are to be altered, or why that cannot be. */
function findTopic(
  state: BrokerState,
  { type, name, configs }: Alteration,
  all: readonly Alteration[],
): Topic | Failure {
  const names = configs.map((config) => config.name);
  const twice =
    all.filter((other) => other.type === type && other.name === name).length > 1 || new Set(names).size < names.length;
  if (twice) {
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `${name}: it, or one of its settings, is named twice`,
    };
  }
  if (type === RESOURCE_TYPE.topic) return state.topics.find(name) ?? unknownTopic(name);
  if (type !== RESOURCE_TYPE.broker) return unknownType(type);
  if (name !== "" && name !== String(NODE_ID)) return unknownBroker(name);
  const errorMessage = `${names.join(", ")}: the settings of this broker cannot be changed while it runs`;
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
}

/** Why the change cannot be made; undefined when it is made. */
function applyChange(given: Map<string, string>, { name, operation, value }: ConfigChange): string | undefined {
  if (operation === CONFIG_OPERATION.delete) {
    if (defaultOf(name) === undefined) return refuseSetting(name, null);
    given.delete(name);
    return undefined;
  }
  const wanted =
    operation === CONFIG_OPERATION.set ? value : combine(given.get(name) ?? defaultOf(name), operation, value);
  if (wanted === undefined || (operation !== CONFIG_OPERATION.set && !isListSetting(name))) {
    return `${name}: operation ${operation} is not possible, as it is no list or there is no such operation`;
  }
  const refused = refuseSetting(name, wanted);
  if (refused === undefined && wanted !== null) given.set(name, wanted);
  return refused;
}

/** A list with more or fewer items; undefined for an unknown operation. */
function combine(current: string | undefined, operation: number, value: string | null): string | undefined {
  const items = (current ?? "").split(",").filter((item) => item !== "");
  const changed = (value ?? "").split(",").filter((item) => item !== "");
  if (operation === CONFIG_OPERATION.append) return [...new Set([...items, ...changed])].join(",");
  if (operation === CONFIG_OPERATION.subtract) return items.filter((item) => !changed.includes(item)).join(",");
  return undefined;
}
