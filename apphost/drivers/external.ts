/** Servers that are not ours: given by address, used, and left as they are. */
import { redisEndpoint } from "../model/connection.ts";
import type { InfrastructureDriver } from "./driver.ts";

export function createExternalDriver(address: string): InfrastructureDriver {
  return {
    mode: "external",
    findObstacle: async () => undefined,
    async plan(kind) {
      return {
        mode: "external",
        address,
        endpoint: kind === "redis" ? redisEndpoint(address) : address,
        launch: null,
        survivesRestart: true,
        version: null,
      };
    },
  };
}
