/**
 * Programs of this machine: `redis-server` on PATH, and Apache Kafka from KAFKA_HOME (a folder with `libs/`) on Java 17
 * or newer. Data lies in the run's folder and is deleted at the end.
 *
 * N1 The Redis password reaches the server on standard input, and stands in no argument list, file or log.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { findProgram } from "../../simulator/common/foundation/program.ts";
import { LOOPBACK } from "../processes/ports.ts";
import type { DriverContext, InfrastructureDriver, ServerPlan } from "./driver.ts";
import { findJavaObstacle } from "./java.ts";
import { readKafkaVersion } from "./kafka-home.ts";
import { formatRedisConfiguration } from "./native-configuration.ts";
import { planKafka } from "./native-kafka.ts";
import { createPassword, ownRedis } from "./password.ts";

export function createNativeDriver(env: Variables): InfrastructureDriver {
  return {
    mode: "native",
    findObstacle: (kind) => (kind === "redis" ? findRedisObstacle(env) : findKafkaObstacle(env)),
    plan: (kind, context) => (kind === "redis" ? planRedis(context, env) : planKafka(context, env)),
  };
}

type Variables = Readonly<Record<string, string | undefined>>;

async function findRedisObstacle(env: Variables): Promise<string | undefined> {
  return findProgram("redis-server", env) === undefined ? "there is no redis-server on PATH" : undefined;
}

async function findKafkaObstacle(env: Variables): Promise<string | undefined> {
  const home = env["KAFKA_HOME"] ?? "";
  if (home === "") return "KAFKA_HOME is not set";
  if (readKafkaVersion(home) === undefined) return `KAFKA_HOME is ${home}, and ${join(home, "libs")} has no Kafka jar`;
  return findJavaObstacle("Kafka", env);
}

async function planRedis(context: DriverContext, env: Variables): Promise<ServerPlan> {
  const port = await context.choosePort("redis");
  const password = createPassword();
  const folder = runFolder.data(context.runDir, "redis");
  return {
    mode: "native",
    address: { kind: "redis", redis: ownRedis(password, { host: LOOPBACK, port }) },
    endpoint: `${LOOPBACK}:${port}`,
    survivesRestart: true,
    version: null,
    async launch(hooks) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const command = {
        command: findProgram("redis-server", env) ?? "redis-server",
        args: ["-"],
        env: context.foreignEnvironment(),
        input: formatRedisConfiguration({ address: LOOPBACK, port, password, folder }),
        hasChannel: false,
      };
      return context.startProcess(command, hooks);
    },
  };
}
