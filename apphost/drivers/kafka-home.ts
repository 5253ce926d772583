/** What KAFKA_HOME is. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** From the name of the broker's jar, `kafka_2.13-4.3.0.jar`. */
export function readKafkaVersion(home: string): string | undefined {
  try {
    const names = readdirSync(join(home, "libs")).map((name) => /^kafka_[\d.]+-(\d[\w.-]*?)\.jar$/.exec(name)?.[1]);
    return names.find((version) => version !== undefined);
  } catch {
    // No such folder: not a Kafka.
    return undefined;
  }
}
