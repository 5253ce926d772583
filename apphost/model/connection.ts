/**
 * Where the servers are, and the variables by which dependents learn it. Pure. Several families of names are given,
 * because programs of different origin look for different ones; the host itself reads none of them.
 */
import { ENV } from "../../simulator/common/contract/child/environment.ts";

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
  return {
    ...kafkaVariables(connections.kafka),
    ...redisVariables(connections.redis),
    ...jobManagerVariables(connections.jobManager),
  };
}

export function kafkaVariables(address: Connections["kafka"]): Record<string, string> {
  const [host, port] = splitAddress(address.split(",")[0] ?? "");
  return {
    ConnectionStrings__kafka: address,
    KAFKA_HOST: host,
    KAFKA_PORT: port,
    [ENV.kafka]: address,
    DOTNET_KAFKA_BOOTSTRAP_SERVERS: address,
  };
}

export function redisVariables({ url }: RedisConnection): Record<string, string> {
  const redis = new URL(url);
  const host = redis.hostname;
  const port = redis.port === "" ? "6379" : redis.port;
  const password = decodeURIComponent(redis.password);
  const passwordPart = password === "" ? "" : `,password=${password}`;
  const connectionString = `${host}:${port}${passwordPart}${redis.protocol === "rediss:" ? ",ssl=True" : ""}`;
  return {
    ConnectionStrings__redis: connectionString,
    REDIS_HOST: host,
    REDIS_PORT: port,
    REDIS_PASSWORD: password,
    REDIS_URI: url,
    [ENV.redis]: url,
    DOTNET_REDIS_URL: connectionString,
  };
}

export function jobManagerVariables({ httpPort, rpcPort }: Connections["jobManager"]): Record<string, string> {
  const http = `http://${LOOPBACK}:${httpPort}`;
  return {
    [ENV.jobManagerHttp]: http,
    [ENV.jobManagerRpc]: `${LOOPBACK}:${rpcPort}`,
    services__jobmanager__http__0: http,
  };
}

/** Of a user's program: `services__api__http__0` for each of its replicas, and `API_HTTP` for the first. */
export function endpointVariables(name: string, endpoint: string, ports: readonly number[]): Record<string, string> {
  const urls = ports.map((port) => `http://${LOOPBACK}:${port}`);
  const variables = urls.map((url, replica) => [`services__${name}__${endpoint}__${replica}`, url]);
  const short = `${name}_${endpoint}`.replaceAll("-", "_").toUpperCase();
  return { ...Object.fromEntries(variables), ...(urls[0] === undefined ? {} : { [short]: urls[0] }) };
}

/** `host:port` of a Redis address, without secrets: for display, events and reports. */
export function redisEndpoint(url: string): string {
  const parsed = new URL(url);
  return `${parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}`;
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
