/** Programs of this machine that native mode uses: redis-server, and Java with a Kafka. */
import { join } from "node:path";
import { execa } from "execa";
import { findJava, findProgram } from "../../simulator/common/foundation/program.ts";
import { JAVA_MAJOR_MIN, readJavaMajor } from "../drivers/java.ts";
import { readKafkaVersion } from "../drivers/kafka-home.ts";
import type { HostOptions, Variables } from "../options.ts";
import { type CheckPlan, type Finding, ok, warning } from "./check.ts";
import { judgeMissing, type Need, needOf } from "./need.ts";

const ANSWER_MS_MAX = 4_000;
const NEEDED_FOR = "--infra native";

export function planProgramChecks(options: HostOptions, env: Variables): CheckPlan[] {
  const redis = needOf("redis", "native", options);
  const kafka = needOf("kafka", "native", options);
  const plan = (need: Need) => ({ neededFor: NEEDED_FOR, isAskedInfrastructure: need === "asked" });
  return [
    { id: "redis-server", title: "redis-server", ...plan(redis), examine: () => examineRedisServer(redis, env) },
    { id: "java", title: "Java", ...plan(kafka), examine: () => examineJava(kafka, env) },
    { id: "kafka-home", title: "KAFKA_HOME", ...plan(kafka), examine: async () => examineKafkaHome(kafka, env) },
  ];
}

async function examineRedisServer(need: Need, env: Variables): Promise<Finding> {
  const path = findProgram("redis-server", env);
  if (path === undefined) {
    const fix = "install Redis (Debian: apt install redis-server), or use --infra embedded";
    return judgeMissing(need, { found: "there is no redis-server on PATH", reason: "", fix });
  }
  const { stdout } = await execa(path, ["--version"], { reject: false, timeout: ANSWER_MS_MAX });
  const version = /v=([\d.]+)/.exec(stdout)?.[1];
  return version === undefined ? warning(path, "redis-server --version gave no version") : ok(`${version} (${path})`);
}

async function examineJava(need: Need, env: Variables): Promise<Finding> {
  const fix = `install Java ${JAVA_MAJOR_MIN} or newer, or use --infra embedded`;
  const path = findJava(env);
  if (path === undefined) {
    return judgeMissing(need, { found: "there is no java on PATH, and none in JAVA_HOME", reason: "", fix });
  }
  return judgeJava(await readJavaMajor(path), { path, need, fix });
}

export function judgeJava(major: number | undefined, java: { path: string; need: Need; fix: string }): Finding {
  const { path, need, fix } = java;
  if (major === undefined) {
    return judgeMissing(need, { found: path, reason: "`java -version` gave no version", fix });
  }
  const found = `${major} (${path})`;
  if (major >= JAVA_MAJOR_MIN) return ok(found);
  return judgeMissing(need, { found, reason: `Kafka needs ${JAVA_MAJOR_MIN} or newer`, fix });
}

function examineKafkaHome(need: Need, env: Variables): Finding {
  const home = env["KAFKA_HOME"] ?? "";
  const fix = "set it to the folder of an unpacked Kafka (https://kafka.apache.org/downloads), whose jars are in libs/";
  if (home === "") return judgeMissing(need, { found: "it is not set", reason: "", fix });
  const version = readKafkaVersion(home);
  if (version !== undefined) return ok(`Kafka ${version} (${home})`);
  return judgeMissing(need, { found: home, reason: `${join(home, "libs")} has no Kafka jar`, fix });
}
