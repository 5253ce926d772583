/** Servers that are not ours: given by address, used, and left as they are. */
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { formatKafkaAddresses, type RedisAddress, redisPlace } from "../../simulator/common/foundation/address.ts";
import { writeJson } from "../../simulator/common/foundation/json-file.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import type { DriverContext, InfrastructureDriver, ServerAddress, ServerPlan } from "./driver.ts";

export type ExternalServer =
  | { readonly kind: "redis"; readonly redis: RedisAddress }
  /** `configFile`: the full path of the user's client properties; null where none were given. */
  | { readonly kind: "kafka"; readonly access: KafkaAccess; readonly configFile: string | null };

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

/** A copy of what the properties came to: the user's files may change or go while the run goes on, and at its purge. */
async function placeKafka(
  { access, configFile }: Extract<ExternalServer, { kind: "kafka" }>,
  { runDir }: DriverContext,
): Promise<ServerAddress> {
  const { bootstrap: brokers, security } = access;
  if (configFile === null) return { kind: "kafka", brokers };
  const path = runFolder.kafkaSecurity(runDir);
  await writeJson(path, security, { durable: false });
  return { kind: "kafka", brokers, secured: { security, files: { config: configFile, security: path } } };
}
