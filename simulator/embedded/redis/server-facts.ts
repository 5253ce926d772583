/** What the embedded Redis says of itself. It names itself in INFO, so that no report takes it for a real Redis. */

/** The dialect it speaks: the commands it has behave as in this version. */
const REDIS_VERSION = "7.0.15";

export interface ServerFacts {
  /** 40 hex digits, new with each process: whoever sees another one knows that all data is gone. */
  readonly runId: string;
  readonly port: number;
  readonly startedAtMs: number;
  readonly memoryBytesMax: number;
  connections: number;
  connectionsReceived: number;
  commandsProcessed: number;
}

/** The text of INFO, whole or of the named sections. */
export function formatInfo(
  facts: ServerFacts,
  state: { nowMs: number; keys: number; usedBytes: number },
  names: readonly string[],
): string {
  const upSeconds = Math.floor((state.nowMs - facts.startedAtMs) / 1_000);
  const sections: Record<string, readonly string[]> = {
    server: [
      `redis_version:${REDIS_VERSION}`,
      "flink_apphost_embedded:1",
      "redis_mode:standalone",
      `os:${process.platform} ${process.arch}`,
      `process_id:${process.pid}`,
      `run_id:${facts.runId}`,
      `tcp_port:${facts.port}`,
      `uptime_in_seconds:${upSeconds}`,
      `uptime_in_days:${Math.floor(upSeconds / 86_400)}`,
    ],
    clients: [`connected_clients:${facts.connections}`, "blocked_clients:0"],
    memory: [
      `used_memory:${state.usedBytes}`,
      `used_memory_rss:${process.memoryUsage.rss()}`,
      `maxmemory:${facts.memoryBytesMax}`,
      "maxmemory_policy:noeviction",
    ],
    persistence: ["loading:0", "rdb_bgsave_in_progress:0", "aof_enabled:0", "aof_rewrite_in_progress:0"],
    stats: [
      `total_connections_received:${facts.connectionsReceived}`,
      `total_commands_processed:${facts.commandsProcessed}`,
    ],
    replication: ["role:master", "connected_slaves:0"],
    cluster: ["cluster_enabled:0"],
    keyspace: state.keys === 0 ? [] : [`db0:keys=${state.keys},expires=0,avg_ttl=0`],
  };
  const wanted = names.map((name) => name.toLowerCase());
  const all = wanted.length === 0 || wanted.some((name) => ["all", "default", "everything"].includes(name));
  return Object.entries(sections)
    .filter(([name]) => all || wanted.includes(name))
    .map(([name, lines]) => [`# ${(name[0] ?? "").toUpperCase()}${name.slice(1)}`, ...lines, ""].join("\r\n"))
    .join("\r\n");
}
