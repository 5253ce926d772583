/**
 * Where the servers are, and the variables by which dependents learn it. Pure. Several families of names are given,
 * because programs of different origin look for different ones; the host itself reads none of them.
 */
import { ENV } from "../../simulator/common/contract/environment.ts";

export interface Connections {
  /** `host:port[,host:port…]`. */
  readonly kafka: string;
  readonly redis: RedisConnection;
  readonly jobManager: { readonly httpPort: number; readonly rpcPort: number };
}

export interface RedisConnection {
  /** `redis[s]://[user[:password]@]host:port[/db]`, as clients take it. It may hold the password. */
  readonly url: string;
}

const LOOPBACK = "127.0.0.1";

/** The variables for a dependent. This is the one place that holds the Redis password in the clear. */
export function connectionVariables(connections: Connections): Record<string, string> {
  const [kafkaHost, kafkaPort] = splitAddress(connections.kafka.split(",")[0] ?? "");
  const redis = new URL(connections.redis.url);
  const redisHost = redis.hostname;
  const redisPort = redis.port === "" ? "6379" : redis.port;
  const password = decodeURIComponent(redis.password);
  const passwordPart = password === "" ? "" : `,password=${password}`;
  const redisString = `${redisHost}:${redisPort}${passwordPart}${redis.protocol === "rediss:" ? ",ssl=True" : ""}`;
  const http = `http://${LOOPBACK}:${connections.jobManager.httpPort}`;
  return {
    ConnectionStrings__kafka: connections.kafka,
    ConnectionStrings__redis: redisString,
    KAFKA_HOST: kafkaHost,
    KAFKA_PORT: kafkaPort,
    [ENV.kafka]: connections.kafka,
    REDIS_HOST: redisHost,
    REDIS_PORT: redisPort,
    REDIS_PASSWORD: password,
    REDIS_URI: connections.redis.url,
    [ENV.redis]: connections.redis.url,
    [ENV.jobManagerHttp]: http,
    [ENV.jobManagerRpc]: `${LOOPBACK}:${connections.jobManager.rpcPort}`,
    services__jobmanager__http__0: http,
    DOTNET_KAFKA_BOOTSTRAP_SERVERS: connections.kafka,
    DOTNET_REDIS_URL: redisString,
  };
}

/** `host:port` of a Redis address, without secrets: for display, events and reports. */
export function redisEndpoint(url: string): string {
  const parsed = new URL(url);
  return `${parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`;
}

/** The address with its password replaced: for parameters in reports. */
export function maskRedisUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password !== "") parsed.password = "***";
  return parsed.toString();
}

/** Splits at the last colon, so that `[::1]:9092` works too. */
export function splitAddress(address: string): [host: string, port: string] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at).replace(/^\[|\]$/g, ""), address.slice(at + 1)];
}

/** Whether an address can only mean this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}
