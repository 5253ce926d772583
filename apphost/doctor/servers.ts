/** Servers at given addresses: whether they answer now. Nothing is written to them. */
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { maskAddress } from "../../simulator/common/foundation/mask.ts";
import type { HostOptions } from "../options.ts";
import { type CheckPlan, failed, ok } from "./check.ts";

export function planServerChecks({ kafka, redis }: Pick<HostOptions, "kafka" | "redis">): CheckPlan[] {
  const plans: CheckPlan[] = [];
  if (kafka !== null) {
    plans.push({
      id: "kafka-address",
      title: "Kafka",
      neededFor: "--kafka",
      isAskedInfrastructure: true,
      // The clients take a while to load, and most runs have no server of others.
      examine: () =>
        examineServer(kafka, async () => {
          const { probeKafka } = await import("../resources/kafka.ts");
          await probeKafka(kafka);
          return `${kafka} answers`;
        }),
    });
  }
  if (redis !== null) {
    const shown = maskAddress(redis);
    plans.push({
      id: "redis-address",
      title: "Redis",
      neededFor: "--redis",
      isAskedInfrastructure: true,
      examine: () =>
        examineServer(shown, async () => {
          const { readRedisVersion } = await import("../resources/redis.ts");
          return `${shown} answers, version ${await readRedisVersion(redis)}`;
        }),
    });
  }
  return plans;
}

async function examineServer(shown: string, ask: () => Promise<string>) {
  try {
    return ok(await ask());
  } catch (error) {
    return failed(shown, describeError(error), "correct that, or give another address");
  }
}
