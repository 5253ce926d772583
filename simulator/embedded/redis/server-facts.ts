/** What the embedded Redis says of itself. It names itself in INFO, so that no report takes it for a real Redis. */
import type { Keyspace, MemoryUse } from "./keyspace.ts";

/** The dialect it speaks: the commands it has behave as in this version. */
export const REDIS_VERSION = "7.0.15";

export interface ServerFacts {
  /** 40 hex digits, new with each process: whoever sees another one knows that all data is gone. */
  readonly runId: string;
  readonly port: number;
  readonly startedAtMs: number;
  connections: number;
  /** In BLPOP and its kin. */
  clientsWaiting: number;
  connectionsReceived: number;
  commandsProcessed: number;
  /** Before that, keys are not looked at again for those that have expired. */
  sweepAfterMs: number;
}

interface InfoSource {
  readonly facts: ServerFacts;
  readonly memory: MemoryUse;
  readonly databases: readonly Keyspace[];
}

/** The text of INFO, whole or of the named sections. */
export function formatInfo(server: InfoSource, nowMs: number, names: readonly string[]): string {
  const { facts, memory } = server;
  const upSeconds = Math.floor((nowMs - facts.startedAtMs) / 1_000);
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
    clients: [`connected_clients:${facts.connections}`, `blocked_clients:${facts.clientsWaiting}`],
    memory: [
      `used_memory:${memory.bytes}`,
      `used_memory_rss:${process.memoryUsage.rss()}`,
      `maxmemory:${memory.bytesMax}`,
      "maxmemory_policy:noeviction",
    ],
    persistence: ["loading:0", "rdb_bgsave_in_progress:0", "aof_enabled:0", "aof_rewrite_in_progress:0"],
    stats: [
      `total_connections_received:${facts.connectionsReceived}`,
      `total_commands_processed:${facts.commandsProcessed}`,
    ],
    replication: ["role:master", "connected_slaves:0"],
    cluster: ["cluster_enabled:0"],
    keyspace: server.databases.flatMap((database, index) => {
      const keys = database.countKeys();
      return keys === 0 ? [] : [`db${index}:keys=${keys},expires=${database.countExpiring()},avg_ttl=0`];
    }),
  };
  const wanted = names.map((name) => name.toLowerCase());
  const all = wanted.length === 0 || wanted.some((name) => ["all", "default", "everything"].includes(name));
  return Object.entries(sections)
    .filter(([name]) => all || wanted.includes(name))
    .map(([name, lines]) => [`# ${(name[0] ?? "").toUpperCase()}${name.slice(1)}`, ...lines, ""].join("\r\n"))
    .join("\r\n");
}
