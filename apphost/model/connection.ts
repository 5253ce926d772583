/**
 * Where the servers are, and the variables by which dependents learn it. Pure. Several families of names are given,
 * because programs of different origin look for different ones; the host itself reads none of them.
 */
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import {
  formatHostPort,
  formatHttpAddress,
  formatKafkaAddresses,
  formatRedisAddress,
  type HostPort,
  type RedisAddress,
} from "../../simulator/common/foundation/address.ts";
import { formatStackExchangeRedis } from "../../simulator/common/foundation/foreign-syntax.ts";

export interface Connections {
  readonly kafka: readonly HostPort[];
  /** Of a secured Kafka; null for one that lets everybody in. */
  readonly kafkaFiles: KafkaFiles | null;
  /** It may hold the password. */
  readonly redis: RedisAddress;
  readonly jobManager: JobManagerAddress;
}

export interface JobManagerAddress {
  readonly host: string;
  readonly httpPort: number;
  /** Null: nobody of this run calls it. */
  readonly rpcPort: number | null;
}

/** Paths. What is in them is for this user alone. */
export interface KafkaFiles {
  /** The client properties that the user gave. */
  readonly config: string;
  /** What they come to, for our own programs. */
  readonly security: string;
}

const LOOPBACK = "127.0.0.1";

/** The variables for a dependent. This is the one place that holds the Redis password in the clear. */
export function connectionVariables(connections: Connections): Record<string, string> {
  return {
    ...kafkaVariables(connections.kafka, connections.kafkaFiles),
    ...redisVariables(connections.redis),
    ...jobManagerVariables(connections.jobManager),
  };
}

export function kafkaVariables(
  addresses: Connections["kafka"],
  files: Connections["kafkaFiles"] = null,
): Record<string, string> {
  const text = formatKafkaAddresses(addresses);
  const { host = "", port = "" } = addresses[0] ?? {};
  return {
    ConnectionStrings__kafka: text,
    KAFKA_HOST: host,
    KAFKA_PORT: String(port),
    [ENV.kafka]: text,
    DOTNET_KAFKA_BOOTSTRAP_SERVERS: text,
    ...(files === null ? {} : { KAFKA_CONFIG_FILE: files.config }),
  };
}

export const NO_CONNECTION_STRING =
  "has no connection string: its user or password has a comma, or a blank at an end, which that form cannot hold; use its URI";

export const hasConnectionString = (redis: RedisAddress): boolean => formatStackExchangeRedis(redis) !== undefined;

/** Without connection strings where these cannot hold what must be in them: a part of it would be another address. */
export function redisVariables(redis: RedisAddress): Record<string, string> {
  const url = formatRedisAddress(redis);
  const connectionString = formatStackExchangeRedis(redis);
  return {
    ...(connectionString === undefined
      ? {}
      : { ConnectionStrings__redis: connectionString, DOTNET_REDIS_URL: connectionString }),
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
    REDIS_USERNAME: redis.username,
    REDIS_PASSWORD: redis.password,
    REDIS_DATABASE: String(redis.database),
    REDIS_URI: url,
    [ENV.redis]: url,
  };
}

export function jobManagerVariables({ host, httpPort, rpcPort }: JobManagerAddress): Record<string, string> {
  const http = formatHttpAddress({ host, port: httpPort });
  return {
    [ENV.jobManagerHttp]: http,
    ...(rpcPort === null ? {} : { [ENV.jobManagerRpc]: formatHostPort({ host, port: rpcPort }) }),
    services__jobmanager__http__0: http,
  };
}

/** What Flink's own clients, as the `flink` command, add to each call: one `Name:Value` a line. Calls that change need it. */
export const flinkClientVariables = (token: string): Record<string, string> => ({
  FLINK_REST_CLIENT_HEADERS: `Authorization:Bearer ${token}`,
});

/** Of a user's program: `services__api__http__0` for each of its replicas, and `API_HTTP` for the first. */
export function endpointVariables(name: string, endpoint: string, ports: readonly number[]): Record<string, string> {
  const urls = ports.map((port) => `http://${LOOPBACK}:${port}`);
  const variables = urls.map((url, replica) => [`services__${name}__${endpoint}__${replica}`, url]);
  const short = `${name}_${endpoint}`.replaceAll("-", "_").toUpperCase();
  return { ...Object.fromEntries(variables), ...(urls[0] === undefined ? {} : { [short]: urls[0] }) };
}
