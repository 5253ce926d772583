/** Servers that are not ours: given by address, used, and left as they are. */
import { formatKafkaAddresses, type RedisAddress, redisPlace } from "../../simulator/common/foundation/address.ts";
import { type KafkaEntry, placeKafkaFiles } from "../kafka-config/kafka-entry.ts";
import type { DriverContext, InfrastructureDriver, ServerAddress, ServerPlan } from "./driver.ts";

export type ExternalServer =
  | { readonly kind: "redis"; readonly redis: RedisAddress }
  | ({ readonly kind: "kafka" } & KafkaEntry);

export function createExternalDriver(server: ExternalServer): InfrastructureDriver {
  return {
    mode: "external",
    findObstacle: async () => undefined,
    async plan(_, context) {
      const plan = { mode: "external", launch: null, survivesRestart: true, version: null } as const;
      if (server.kind === "redis") {
        return { ...plan, address: server, endpoint: redisPlace(server.redis) } satisfies ServerPlan;
      }
      const endpoint = formatKafkaAddresses(server.access.bootstrap);
      return { ...plan, address: await placeKafka(server, context), endpoint };
    },
  };
}

async function placeKafka(entry: KafkaEntry, { runDir }: DriverContext): Promise<ServerAddress> {
  const { bootstrap: brokers, security } = entry.access;
  const files = await placeKafkaFiles(entry, runDir);
  return files === null ? { kind: "kafka", brokers } : { kind: "kafka", brokers, secured: { security, files } };
}
