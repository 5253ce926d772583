/** Servers at given addresses: whether they answer now. Nothing is written to them. */
import { formatKafkaAddresses, formatRedisAddress } from "../../simulator/common/foundation/address.ts";
import { describeError } from "../../simulator/common/foundation/errors.ts";
import { maskAddress } from "../../simulator/common/foundation/mask.ts";
import { readKafkaEntry } from "../kafka-config/kafka-entry.ts";
import type { HostOptions } from "../options.ts";
import { type CheckPlan, failed, ok } from "./check.ts";

type Servers = Pick<HostOptions, "kafka" | "kafkaConfig" | "redis">;

export function planServerChecks({ kafka, kafkaConfig, redis }: Servers): CheckPlan[] {
  const plans: CheckPlan[] = [];
  if (kafka !== null) {
    const shown = formatKafkaAddresses(kafka);
    plans.push({
      id: "kafka-address",
      title: "Kafka",
      neededFor: "--kafka",
      isAskedInfrastructure: true,
      // The clients take a while to load, and most runs have no server of others.
      examine: () =>
        examineServer(shown, async () => {
          const { probeKafka } = await import("../resources/kafka.ts");
          await probeKafka(readKafkaEntry(kafka, kafkaConfig).access);
          return `${shown} answers`;
        }),
    });
  }
  if (redis !== null) {
    const shown = maskAddress(formatRedisAddress(redis));
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
