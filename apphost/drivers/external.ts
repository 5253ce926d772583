/** Servers that are not ours: given by address, used, and left as they are. */
import { formatKafkaAddresses, redisPlace } from "../../simulator/common/foundation/address.ts";
import type { InfrastructureDriver, ServerAddress } from "./driver.ts";

export function createExternalDriver(address: Exclude<ServerAddress, { kind: "page" }>): InfrastructureDriver {
  return {
    mode: "external",
    findObstacle: async () => undefined,
    async plan() {
      return {
        mode: "external",
        address,
        endpoint: address.kind === "redis" ? redisPlace(address.redis) : formatKafkaAddresses(address.brokers),
        launch: null,
        survivesRestart: true,
        version: null,
      };
    },
  };
}
