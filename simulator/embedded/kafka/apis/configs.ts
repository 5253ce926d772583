/** DescribeConfigs: the settings of topics, and those of the broker that a client could want to know. */
import {
  CONFIG_SOURCE,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
  type DescribedConfig,
  type DescribedResource,
  RESOURCE_TYPE,
} from "../../../clients/kafka/wire/apis/describe-configs.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";
import { REQUEST_BYTES_MAX } from "../frame-buffer.ts";
import { MESSAGE_BYTES_MAX_DEFAULT } from "../topic-config.ts";

const brokerSettings: readonly (readonly [string, string])[] = [
  ["auto.create.topics.enable", "false"],
  ["default.replication.factor", "1"],
  ["message.max.bytes", String(MESSAGE_BYTES_MAX_DEFAULT)],
  ["num.partitions", "1"],
  ["socket.request.max.bytes", String(REQUEST_BYTES_MAX)],
];

type Resource = DescribeConfigsRequest["resources"][number];

export function answerDescribeConfigs(state: BrokerState, request: DescribeConfigsRequest): DescribeConfigsResponse {
  return { throttleTimeMs: 0, results: request.resources.map((resource) => describe(state, resource)) };
}

function describe(state: BrokerState, resource: Resource): DescribedResource {
  if (resource.type === RESOURCE_TYPE.topic) return describeTopic(state, resource);
  if (resource.type === RESOURCE_TYPE.broker) return describeBroker(resource);
  return fail(resource, ErrorCode.INVALID_REQUEST, `resources of type ${resource.type} have no settings here`);
}

function describeTopic(state: BrokerState, resource: Resource): DescribedResource {
  const topic = state.topics.find(resource.name);
  if (topic === undefined) {
    return fail(resource, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${resource.name}`);
  }
  const configs = topic.config.entries(namesOf(resource)).map(({ name, value, source }) => {
    return describeConfig(name, value, source === "topic" ? CONFIG_SOURCE.topic : CONFIG_SOURCE.default);
  });
  return succeed(resource, configs);
}

function describeBroker(resource: Resource): DescribedResource {
  if (resource.name !== String(NODE_ID)) {
    return fail(resource, ErrorCode.INVALID_REQUEST, `broker ${resource.name} is not this one, which is ${NODE_ID}`);
  }
  const wanted = brokerSettings.filter(([name]) => namesOf(resource)?.includes(name) ?? true);
  return succeed(
    resource,
    wanted.map(([name, value]) => describeConfig(name, value, CONFIG_SOURCE.staticBroker)),
  );
}

/** Java's newer clients say "all" with an empty list. */
function namesOf({ configNames }: Resource): readonly string[] | null {
  return configNames?.length === 0 ? null : configNames;
}

function describeConfig(name: string, value: string, source: number): DescribedConfig {
  const readOnly = source === CONFIG_SOURCE.staticBroker;
  return { name, value, readOnly, source, isSensitive: false, synonyms: [], type: 0, documentation: null };
}

function succeed({ type, name }: Resource, configs: readonly DescribedConfig[]): DescribedResource {
  return { errorCode: ErrorCode.NONE, errorMessage: null, type, name, configs };
}

function fail({ type, name }: Resource, errorCode: number, errorMessage: string): DescribedResource {
  return { errorCode, errorMessage, type, name, configs: [] };
}
